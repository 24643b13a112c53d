"""The figures of experiments on latents: what they show, that nothing is cut or dropped, and that bytes repeat."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figure_files import check_figure
from latent_records import FIGURES, LOOK, METRICS, RANDOM, LatentRecords, cut, photo, words
from study.analysis import report2021
from study.core import atomic_io, paths, readers
from study.figures import tiles
from study.figures.latents import (
    channel_ablation,
    channel_grid,
    contact_sheet,
    edit_tiles,
    equivariance,
    rate_map,
    report_comparison,
    top_k_curve,
    zeros,
)
from study.figures.latents.kinds import sheet
from study.figures.latents.names import FigureChoice
from study.figures.latents.records import JobRecords
from study.jobs.latents import impulse_response
from study.latents import edits
from study.planning.cells import generation

ROOT = paths.ROOT


# What a job leaves


@pytest.mark.slow
def test_every_figure_has_its_row_and_files(pair, tmp_path):
    rows = pair.draw(tmp_path, **FIGURES)
    expected = [named.stem for named in FigureChoice(**FIGURES).files(["a", "b"])]
    assert [Path(row["file"]).stem for row in rows] == expected
    for row in rows:
        check_figure(tmp_path / row["file"], tmp_path / row["pdf"])
        assert len(row["caption"].split()) > 1, row
        assert not row["reason"], row
    left = {path.name for path in tmp_path.iterdir()}
    tables = {f"{figure}-{image}.csv" for figure in ("report", "halves") for image in "ab"}
    assert left == {row[key] for row in rows for key in ("file", "pdf")} | tables | {"figures.csv"}


@pytest.mark.slow
def test_the_same_records_give_the_same_bytes(tmp_path):
    made = LatentRecords(tmp_path / "made", channels=9)
    for name in ("one", "two"):
        made.draw(tmp_path / name, **FIGURES | {"sheet": ["x100", "turned"]})
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


@pytest.mark.slow
@pytest.mark.parametrize("channels", [3, 48, 192])
def test_nothing_is_cut(tmp_path, drawn, channels):
    LatentRecords(tmp_path, channels).draw(tmp_path / "out", **FIGURES)
    assert drawn
    for name, figure in drawn.items():
        assert not cut(figure), name


def test_a_lost_file_of_a_figure_makes_the_job_run_again(tmp_path):
    rows = LatentRecords(tmp_path, 3).draw(tmp_path / "out", sheet=["x100"])
    record = tmp_path / "out" / "figures.csv"
    assert generation(record) == 0
    copy = shutil.copytree(tmp_path / "out", tmp_path / "copy")  # names in a folder are looked at once in a process
    (copy / rows[0]["pdf"]).unlink()
    assert generation(copy / "figures.csv") == 1


@pytest.mark.slow
def test_a_codec_without_hyperprior(tmp_path, drawn):
    rows = LatentRecords(tmp_path, 9, policies=("none",)).draw(tmp_path / "out", **FIGURES)
    assert not any(row["reason"] for row in rows)
    assert "bits of z" not in words(drawn["rate_map-a"])
    assert "recompute" not in words(drawn["sheet-a"])


SKIPPED = {"status": "skipped", "reason": "no plug-in"}


def test_an_image_without_latents_is_drawn_as_its_reason(tmp_path, drawn):
    made = LatentRecords(tmp_path)
    for record in ("latents/duo/c/3/latents.csv", "edits/s/lab/duo/c/3/bitstreams/encoded.csv"):
        rows = readers.read_rows(tmp_path / record)
        if "latents" in record:
            skipped = [row | {"file": "", **SKIPPED} for row in rows]
        else:
            skipped = [{"image": name, "source": name, "edit": "none", "width": 96, "height": 64,
                      **SKIPPED} for name in "a"]  # fmt: skip
        atomic_io.write_rows(tmp_path / record, rows[0], skipped)
    atomic_io.write_rows(tmp_path / "impulses/duo/c/3/impulse.csv", impulse_response.COLUMNS, [SKIPPED])
    rows = made.draw(tmp_path / "out", **FIGURES)
    assert {row["reason"] for row in rows} == {"skipped: no plug-in"}
    assert all("skipped: no plug-in" in words(figure) for figure in drawn.values())


# The sheet


def _tiles(records):
    rows = records.edit_rows("a", "x100")
    return edit_tiles.tiles(rows, "x100", records.decoded, records.quality_metrics(), records.baseline("a"))


def test_policies_with_one_image_share_a_tile(made):
    (tile,) = _tiles(made.records())
    assert tile.lines[0].startswith("recompute ") and ", keep " in tile.lines[0]


def test_policies_with_two_images_have_two_tiles(tmp_path):
    made = LatentRecords(tmp_path, split=True)
    assert [tile.name for tile in _tiles(made.records())] == ["x100, recompute", "x100, keep"]


def test_a_refused_edit_shows_its_reason(made, drawn, tmp_path):
    made.draw(tmp_path, sheet=["elsewhere"], interpolation=["elsewhere"])
    for name in ("sheet-a", "interpolation-a-elsewhere"):
        assert "refused: image z" in words(drawn[name]), name


def test_a_long_sweep_is_thinned_and_said_so(made, drawn, tmp_path):
    made.draw(tmp_path, sheet=["channel"])
    text = words(drawn["sheet-a"])
    assert "12 of its 48 values" in text
    assert "channel 00" in text and "channel 47" in text


def test_a_turned_image_has_no_difference(made, drawn, tmp_path):
    made.draw(tmp_path, sheet=["turned"])
    assert "no difference: the edit turned the image, 96×64, to 64×96" in words(drawn["sheet-a"])


@given(st.lists(st.integers(), min_size=1, max_size=60, unique=True), st.integers(2, 12))
def test_thinned_sweeps_keep_their_ends(values, most):
    kept = sheet.spread(values, most)
    assert len(kept) == len(set(kept)) == min(len(values), most)
    assert kept[0] == values[0] and kept[-1] == values[-1]


# Atlases and maps


@pytest.mark.slow
def test_the_atlas_is_in_order_and_tells_what_is_left_out():
    y = RANDOM.standard_normal((192, 4, 6)).astype(np.float32)
    shares = np.linspace(2, 0, 192) / 192
    figure = channel_grid.latent(y, np.arange(192)[::-1], shares, "t", [])
    labels = [text.get_text() for text in figure.texts]
    assert labels[1].startswith("191: ") and labels[channel_grid.MOST].startswith(f"{192 - channel_grid.MOST}: ")
    assert f"The {channel_grid.MOST} strongest of 192 channels; the {192 - channel_grid.MOST} left out have" in words(
        figure
    )
    scales = {(box.images[0].norm.vmin, box.images[0].norm.vmax) for box in figure.axes if box.images}
    assert len(scales) == 1
    assert sum(next(iter(scales))) == 0


def test_responses_are_stretched_to_their_own_peaks():
    response = np.zeros((2, 32, 32, 3), np.float32)
    response[0, 16, 16] = 100
    response[1, 16, 16] = -20
    figure = channel_grid.impulse(response, (16.5, 16.5), [0, 1], None, "t", [])
    images = [box.images[0].get_array() for box in figure.axes]
    assert images[0].max() == 255 and images[1].min() == 0
    assert "±100" in words(figure) and "±20" in words(figure)


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 7), st.integers(0, 7))
def test_a_map_keeps_the_bits_of_what_it_covers(rows, columns, above, beside):
    bits = np.random.default_rng(rows).random((3, rows, columns))
    size = rows * 16 - above, columns * 16 - beside
    spread = rate_map.on_pixels(bits, size)
    assert spread.shape == size
    if above == beside == 0:
        assert spread.sum() == pytest.approx(bits.sum())
    assert spread[0, 0] == pytest.approx(bits.sum(0)[0, 0] / 256)


def test_a_padded_image_lies_in_the_middle_of_the_grid():
    bits = np.arange(3.0).reshape(1, 1, 3)
    spread = rate_map.on_pixels(bits, (16, 46))
    assert (spread[0, :15] == 0).all() and spread[0, 15] > 0


# The report's table


def test_the_reports_slips_are_unknown():
    reference = report2021.read(ROOT / "references/epfl2021.csv")
    assert [row["edit"] for row in reference] == [
        "none", "rows-second-half", "columns-second-half", "channels-first-half", "channels-middle-half",
        "channels-second-half", "x100",
    ]  # fmt: skip
    assert [row["figure"] for row in reference if not row["psnr"]] == ["12", "15"]
    assert all(row["ms_ssim"] and row["bpp"] for row in reference)


def _own(edit, policy, bpp, psnr, ssim):
    key = {"image_set": "s", "image": "a", "codec": "c", "quality": "3", "value": None, "reason": None}
    return {**key, "edit": edit, "side_information": policy, "bpp": bpp, "psnr_rgb": psnr, "ms_ssim": ssim}


def test_changes_are_compared_with_the_reports():
    own = [
        _own("none", "keep", 0.5, 30.0, 0.98),
        _own("columns-second-half", "keep", 0.45, 20.0, 0.7),
        _own("rows-second-half", "keep", 0.6, 20.0, 0.9),
    ]
    compared = report2021.rows(report2021.read(ROOT / "references/epfl2021.csv"), own, METRICS)
    cells = {(row["edit"], row["measure"]): row for row in compared}
    assert cells["none", "bpp"]["direction"] is None
    assert cells["columns-second-half", "psnr"]["ratio"] == pytest.approx(-10 / (12.83 - 31.42))
    assert cells["columns-second-half", "psnr"]["verdict"] == "alike"
    assert cells["columns-second-half", "bpp"]["direction"] == "agrees"
    assert cells["columns-second-half", "bpp"]["verdict"] == "smaller"
    assert cells["rows-second-half", "bpp"]["direction"] == "differs"
    assert cells["rows-second-half", "bpp"]["verdict"] == "opposite"
    assert cells["rows-second-half", "psnr"]["direction"] == "unknown"
    assert cells["rows-second-half", "psnr"]["verdict"] == "unknown"
    assert cells["rows-second-half", "psnr"]["our_change"] == -10.0
    assert cells["x100", "bpp"]["direction"] == "unknown" and "no edit" in cells["x100", "bpp"]["reason"]


def test_the_drawn_table_has_every_policy():
    own = [_own(edit, policy, 0.5 + index, 30.0, 0.9) for index, edit in enumerate(("none", "x100"))
           for policy in edits.POLICIES]  # fmt: skip
    figure = report_comparison.figure(
        report2021.rows(report2021.read(ROOT / "references/epfl2021.csv"), own, METRICS), "t", []
    )
    text = words(figure)
    assert text.count("recompute") == text.count("keep") == 2
    assert "5.231" in text and "larger" not in text.split("Ratio:")[0] and not cut(figure)
    assert "✓" not in text and "alike" in text and "Amber, smaller or larger" in text


def test_a_change_far_smaller_than_the_reports_is_not_called_alike():
    own = [_own("none", "keep", 0.5, 30.0, 0.98), _own("channels-second-half", "keep", 0.45, 29.8, 0.978)]
    compared = report2021.rows(report2021.read(ROOT / "references/epfl2021.csv"), own, METRICS)
    (psnr,) = (row for row in compared if (row["edit"], row["measure"]) == ("channels-second-half", "psnr"))
    assert psnr["direction"] == "agrees" and psnr["ratio"] == pytest.approx(0.2 / 20.43)
    assert psnr["verdict"] == "smaller"
    text = words(report_comparison.figure(compared, "t", []))
    assert "10.99 29.80 0.01 smaller" in text


# Halves of the channels


def test_the_halves_of_each_order_are_drawn_and_compared(made, drawn, tmp_path):
    (row,) = made.draw(tmp_path, halves=True)
    table = readers.read_rows(tmp_path / "halves-a.csv")
    kinds = {(line["order"], line["seed"], line["half"]) for line in table}
    assert kinds == {(order, seed, half) for order, seed in (("own", ""), ("random", "1"), ("random", "2"))
                     for half in ("first", "second")}  # fmt: skip
    text = words(drawn["halves-a"])
    assert "in the codec's own order" in text and "in 2 random orders" in text and not cut(drawn["halves-a"])
    assert "principal components" in text and row["caption"].count("between first and second half") == 3


def test_an_experiment_without_halves_says_what_to_include(made, drawn, tmp_path):
    record = made.folder / "edits/s/lab/duo/c/3/bitstreams/encoded.csv"
    kept = [row for row in readers.read_rows(record) if "first" not in row["edit"] and "second" not in row["edit"]]
    atomic_io.write_rows(record, kept[0], kept)
    (row,) = made.draw(tmp_path, halves=True)
    assert "include the groups report2021 and channel-halves" in row["reason"]


@pytest.mark.parametrize(
    ("arrays", "says"),
    [({"z", "scales", "means"}, "round(−μ) + μ"), ({"z", "scales"}, "decoded as 0"), (set(), "median")],
)
def test_what_zero_means_follows_the_codecs_entropy_model(made, monkeypatch, arrays, says):
    records = made.records()
    monkeypatch.setattr(records, "arrays", lambda image: dict.fromkeys({"y", *arrays}))
    zero, order = zeros.notes(records, "a")
    assert says in zero and order == zeros.ORDERED


# Curves


def test_outliers_are_far_from_channels_of_like_bits():
    rate = np.geomspace(1e-3, 1e-1, 60)
    loss = rate**2 * 1e4
    loss[[30, 45]], loss[[20, 50]] = loss[[30, 45]] * [9, 3], loss[[20, 50]] / [9, 3]
    best, worst = channel_ablation.outliers(rate, channel_ablation.Panel("Loss", loss, 1e-6))
    assert best == [30, 45] and worst == [20, 50]
    same = channel_ablation.outliers(np.ones(40), channel_ablation.Panel("Loss", np.array([5.0, *[1.0] * 39]), 1e-6))
    assert same == ([0], [])
    assert channel_ablation.outliers(np.array([1.0, 0.0]), channel_ablation.Panel("Loss", np.ones(2), 1e-6)) == ([], [])


def test_attribution_draws_every_channel_with_bits():
    rate = np.array([0.0, 1e-9, *np.geomspace(1e-2, 1e-1, 46)])
    loss = np.array([0.0, 0.1, -0.1, *np.geomspace(2e-3, 3, 45)])
    figure = channel_ablation.figure(rate, "r", [channel_ablation.Panel("Loss", loss, 1e-3)], LOOK, "t", [])
    names = [line.get_gid() for line in figure.axes[0].lines if line.get_gid()]
    assert sorted(map(int, names)) == list(range(2, 48))
    text = words(figure)
    assert "Not drawn: 1 of 48 channels with" in text and "and 1 without bits" in text
    assert "1 channels lose less than 0.001, of which 1 lose nothing or gain" in text


def test_the_codecs_own_curve_is_of_the_same_image(tmp_path):
    made = LatentRecords(tmp_path)
    shas = {row["image"]: row["sha256"] for row in readers.read_rows(tmp_path / "images/duo/images.csv")}
    for part, sha256 in (("same", shas["a"]), ("other", "0" * 64)):
        row = {"image": "a", "file": "a.png", "sha256": sha256, "width": 96, "height": 64}
        atomic_io.write_rows(tmp_path / f"images/{part}/images.csv", row, [row])
        coded = {"image": "a", "bytes": 768 if part == "same" else 1}
        atomic_io.write_rows(tmp_path / f"bitstreams/{part}/c/1/encoded.csv", coded, [coded])
        scores = {"image": "a", **dict.fromkeys(METRICS, 25.0)}
        atomic_io.write_rows(tmp_path / f"scores/{part}/c/1/cheap.csv", scores, [scores])
    plan = replace(made.plan(), curve=[("other", "c", "1"), ("same", "c", "1")])
    points = JobRecords(plan, made.folder, ROOT).curve("a")
    assert [(point.name, point.bpp) for point in points] == [("1", 1.0), ("3", pytest.approx(8 * 900 / 6144))]


def test_moves_are_curves_or_bars_and_gaps_are_told(made, drawn, tmp_path):
    made.draw(tmp_path, equivariance=["roll", "turned", "x100"])
    figure = drawn["equivariance-a"]
    (curve,) = figure.axes[0].lines
    assert list(curve.get_xdata()) == [1.0, 2.0]
    text = words(figure)
    assert "turned 90" in text and "Without value: x100" in text and "16 pixels each" in text


def test_empty_equivariance_and_progressive_panels():
    only = equivariance.figure({}, {"mirrored": 40.0}, "x", "t", [])
    assert len(only.axes) == 1
    point = top_k_curve.Point("1", 0.1, {"psnr_rgb": 30.0, "ms_ssim": None})
    figure = top_k_curve.figure({"none": [point]}, [], ["psnr_rgb", "ms_ssim"], LOOK, "t", [])
    assert "no value" in words(figure) and not cut(figure)


def test_strips_go_on_in_the_next_row():
    shown = [contact_sheet.Shown(f"{n}", ["x"], photo(n)) for n in range(8)]
    figure = contact_sheet.strips([shown], "t", [])
    tops = {round(box.get_position().y0, 3) for box in figure.axes}
    assert len(figure.axes) == 8 and len(tops) == 2


@given(st.floats(1, 300), st.floats(0.1, 5))
def test_ticks_of_a_signed_scale_are_symmetric_and_within(limit, linear):
    ticks = tiles.signed_ticks(limit, linear)
    assert ticks == [-tick for tick in reversed(ticks)] and 0.0 in ticks
    assert max(ticks) <= max(limit, linear)
