"""The figures of the latent laboratory: what they show, that nothing is cut or dropped, and that bytes repeat."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from study.analysis import report2021
from study.codecs.base import Latents, LearnedCodec
from study.core import atomic_io, readers
from study.core.errors import CodecError
from study.figures import canvas, palette, tiles
from study.figures.latents import (
    channel_ablation,
    channel_grid,
    contact_sheet,
    drawing,
    equivariance,
    rate_map,
    report_comparison,
    top_k_curve,
)
from study.figures.latents import names as figure_names
from study.jobs.latents import edit as edit_job
from study.jobs.latents import extract, impulse_response
from study.jobs.latents import score as score_job
from study.latents import edits
from study.metrics import registry as metric_registry
from study.planning import cells as planning_cells
from study.planning import config
from study.planning.latents import figure_choice
from study.planning.latents import figures as latent_figures

ROOT = Path(__file__).resolve().parents[2]
SIZE = (64, 96)
GRID = (4, 6)
METRICS = ["psnr_rgb", "ms_ssim", "vifp_sewar"]
RANDOM = np.random.default_rng(5)
LOOK = palette.styles([{"codec": "c", "label": "scale hyperprior, MSE", "family": "scale hyperprior"}])["c"]
EDITS = {
    "rows-second-half": {"select": {"rows": {"from": 0.5, "to": 1.0}}, "op": "zero"},
    "x100": {"op": {"scale": 100}},
    "channel": {"select": {"channels": "each"}, "op": "zero"},
    "strongest": {"select": {"top": {"k": [1, 4, 16, 48], "by": "bits"}, "invert": True}, "op": "zero"},
    "blend": {"op": {"interpolate": {"image": "b", "t": [0.25, 0.5, 0.75]}}},
    "elsewhere": {"op": {"interpolate": {"image": "z", "set": "others", "t": 0.5}}},
    "roll": {"op": {"roll": {"columns": [1, 2]}}},
    "turned": {"op": {"rotate": [90, 180]}},
}
FIGURES = {
    "atlas": "bits",
    "rate_map": True,
    "impulse": True,
    "sheet": True,
    "report": True,
    "attribution": "channel",
    "progressive": "strongest",
    "interpolation": ["blend", "elsewhere"],
    "equivariance": ["roll", "turned"],
}


class Made:
    """Records of a made-up job on the images `names`: each edit under its policies; `elsewhere` is refused."""

    def __init__(self, folder, channels=48, policies=("recompute", "keep"), split=False, names="a"):
        self.folder = folder
        self.policies = policies
        self.cell = {"experiment": "lab", "set": "duo", "part": "duo", "codec": "c", "quality": "3"}
        hyperprior = policies != ("none",)
        pictures = {name: _photo(seed) for seed, name in enumerate(names)}
        self._record("images/duo/images.csv", [self._saved(f"images/duo/{name}.png", rgb) | {"image": name}
                                               for name, rgb in pictures.items()])  # fmt: skip
        rows = []
        for name in pictures:
            strength = np.geomspace(8, 0.02, channels)[:, None, None]
            y = (RANDOM.standard_normal((channels, *GRID)) * strength).astype(np.float32)
            arrays = {"y": y, "bits_y": np.log2(1 + np.abs(y)) + 0.01}
            if hyperprior:
                arrays |= {"z": y[:4, :1, :2], "bits_z": np.ones((4, 1, 2), np.float32)}
            path = folder / f"latents/duo/c/3/{name}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(path, **arrays)
            shape = dict(zip(("channels", "rows", "columns"), y.shape))
            rows.append({"image": name, "file": path.name, "width": SIZE[1], "height": SIZE[0], **shape})
        atomic_io.write_rows(folder / "latents/duo/c/3/latents.csv", extract.COLUMNS, rows)
        response = np.zeros((channels, 32, 32, 3), np.float32)
        response[:, 12:20, 12:20] = np.linspace(100, 1, channels)[:, None, None, None]
        np.savez_compressed(folder / "latents/duo/c/3/impulse.npz", response=response, middle=np.array([16.0, 16.0]))
        atomic_io.write_rows(
            folder / "latents/duo/c/3/impulse.csv", impulse_response.COLUMNS, [{"channel": 0, "file": "impulse.npz"}]
        )
        self._edits(pictures, channels, split)

    def _edits(self, pictures, channels, split):
        sites = {"y": channels} | ({} if self.policies == ("none",) else {"z": 4})
        coded, decoded, scored = [], [], []
        for image, rgb in pictures.items():
            for number, cell in enumerate(edits.expanded(EDITS, self.policies, sites)):
                name = f"{image}~{cell.name}"
                base = {"image": name, "source": image, "edit": cell.edit, "value": cell.value, "site": cell.site}
                base |= {"side_information": cell.policy, "steps": edits.as_text(cell.steps), "settings": "{}"}
                base |= {"width": SIZE[1], "height": SIZE[0], "stride": 16}
                if cell.edit == "elsewhere":
                    reason = "refused: image z has a latent of another size; images of equal size are needed"
                    for record in (coded, decoded, scored):
                        record.append({**base, "reason": reason})
                    continue
                keep = cell.policy == "keep"
                size = {"bytes": 900 + 3 * number + 40 * keep, "payload_bytes": 890, "bytes_y": 800 - number}
                coded.append({**base, "file": f"{name}.bin", **size})
                shade = np.roll(rgb, number // len(self.policies) + (keep and split), axis=1)
                if "rotate" in base["steps"] and cell.value == "90":
                    shade = np.ascontiguousarray(np.rot90(shade))
                path = f"edits/s/lab/duo/c/3/{name}.png"
                decoded.append({**base, **self._saved(path, shade)})
                values = {"psnr_rgb": 30.0 - 0.01 * number, "ms_ssim": 0.98 - 1e-4 * number, "vifp_sewar": 0.5}
                moved = cell.edit in ("roll", "turned")
                scored.append(
                    {"image": name, **values}
                    | ({"equivariance_db": 40.0 + number // len(self.policies)} if moved else {})
                )
        place = self.folder / "edits/s/lab/duo/c/3"
        atomic_io.write_rows(place / "encoded.csv", edit_job.COLUMNS, _only(edit_job.COLUMNS, coded))
        columns = ("image", "file", "sha256", "decode_s", "decode_rss", "versions", "reason")
        atomic_io.write_rows(place / "decoded.csv", columns, _only(columns, decoded))
        atomic_io.write_rows(place / "scores.csv", score_job.COLUMNS, _only(score_job.COLUMNS, scored))

    def told(self, **figures):
        return {"study": "s", "metrics": METRICS, "cell": self.cell, "label": "a scale hyperprior", "curve": [],
                "family": "scale hyperprior", "baselines": [], "others": {"duo": ["duo"]},
                "figures": figures}  # fmt: skip

    def draw(self, out, **figures):
        drawing.draw(self.told(**figures), self.folder, ROOT / "references", out)
        return readers.read_rows(out / "figures.csv")

    def _saved(self, path, rgb):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(self.folder / path)
        sha256 = readers.sha256(self.folder / path)
        return {"file": Path(path).name, "sha256": sha256, "width": rgb.shape[1], "height": rgb.shape[0]}

    def _record(self, path, rows):
        atomic_io.write_rows(self.folder / path, ("image", "file", "sha256", "width", "height"), rows)


def _only(columns, rows):
    return [{key: value for key, value in row.items() if key in columns} for row in rows]


def _photo(seed):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    planes = [127 + 120 * np.sin((rows + seed * 9) / 7 + columns / (5 + plane)) for plane in range(3)]
    return np.stack(planes, axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("pair"), channels=9, names="ab")


@pytest.fixture
def drawn(monkeypatch):
    """The figures that a test saves, by the stem of their files."""
    kept = {}

    def keep(figure, out):
        kept[Path(next(iter(out))).stem] = figure

    monkeypatch.setattr(canvas, "save", keep)
    return kept


def words(figure):
    """All text of a figure, spaces made alike."""
    found = [each.get_text() for each in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    return " ".join(" ".join(found).split())


def cut(figure):
    """The texts of a figure that reach beyond its edge; numbers of ticks outside the axes aren't drawn."""
    with canvas.looks():
        drawer = FigureCanvasAgg(figure)
        drawer.draw()
        renderer = drawer.get_renderer()
        width, height = figure.bbox.size
        undrawn = set()
        for axis in (axis for box in figure.axes for axis in (box.xaxis, box.yaxis)):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= tick.get_loc() <= high:
                    undrawn |= {tick.label1, tick.label2}
        found = []
        for each in figure.findobj(lambda artist: hasattr(artist, "get_text")):
            if each.get_visible() and each.get_text().strip() and each not in undrawn:
                box = each.get_window_extent(renderer)
                if not (box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1):
                    found.append(each.get_text())
        return found


# What a job leaves


def test_every_figure_has_its_row_and_files(pair, tmp_path):
    rows = pair.draw(tmp_path, **FIGURES)
    expected = [named.stem for named in figure_names.named(FIGURES, ["a", "b"])]
    assert [Path(row["file"]).stem for row in rows] == expected
    for row in rows:
        assert (tmp_path / row["file"]).is_file() and (tmp_path / row["pdf"]).is_file()
        assert row["caption"]
        assert not row["reason"], row
    left = {path.name for path in tmp_path.iterdir()}
    listed = {row[key] for row in rows for key in ("file", "pdf")} | {"report-a.csv", "report-b.csv", "figures.csv"}
    assert left == listed


def test_the_same_records_give_the_same_bytes(tmp_path):
    made = Made(tmp_path / "made", channels=9)
    for name in ("one", "two"):
        made.draw(tmp_path / name, **FIGURES | {"sheet": ["x100", "turned"]})
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


@pytest.mark.parametrize("channels", [3, 48, 192])
def test_nothing_is_cut(tmp_path, drawn, channels):
    Made(tmp_path, channels).draw(tmp_path / "out", **FIGURES)
    assert drawn
    for name, figure in drawn.items():
        assert not cut(figure), name


def test_a_codec_without_hyperprior(tmp_path, drawn):
    rows = Made(tmp_path, policies=("none",)).draw(tmp_path / "out", **FIGURES)
    assert not any(row["reason"] for row in rows)
    assert "bits of z" not in words(drawn["rate_map-a"])
    assert "recompute" not in words(drawn["sheet-a"])


def test_a_picture_without_latents_is_drawn_as_its_reason(tmp_path, drawn):
    made = Made(tmp_path)
    for record in ("latents/duo/c/3/latents.csv", "edits/s/lab/duo/c/3/encoded.csv"):
        rows = readers.read_rows(tmp_path / record)
        if "latents" in record:
            found = [row | {"file": "", "reason": "skipped: no plug-in"} for row in rows]
        else:
            found = [{"image": name, "source": name, "edit": "none", "width": 96, "height": 64,
                      "reason": "skipped: no plug-in"} for name in "a"]  # fmt: skip
        atomic_io.write_rows(tmp_path / record, rows[0], found)
    atomic_io.write_rows(
        tmp_path / "latents/duo/c/3/impulse.csv", impulse_response.COLUMNS, [{"reason": "skipped: no plug-in"}]
    )
    rows = made.draw(tmp_path / "out", **FIGURES)
    assert {row["reason"] for row in rows} == {"skipped: no plug-in"}
    assert all("skipped: no plug-in" in words(figure) for figure in drawn.values())


# The sheet


def test_policies_with_one_picture_share_a_tile(made):
    job = drawing._Job(made.told(sheet=["x100"]), made.folder, ROOT)
    rows = job.edit("a", "x100")
    (tile,) = drawing._cells(rows, job, "x100", job.baseline("a"))
    assert tile.lines[0].startswith("recompute ") and ", keep " in tile.lines[0]


def test_policies_with_two_pictures_have_two_tiles(tmp_path):
    made = Made(tmp_path, split=True)
    job = drawing._Job(made.told(), made.folder, ROOT)
    found = drawing._cells(job.edit("a", "x100"), job, "x100", job.baseline("a"))
    assert [tile.name for tile in found] == ["x100, recompute", "x100, keep"]


def test_a_refused_edit_shows_its_reason(made, drawn, tmp_path):
    made.draw(tmp_path, sheet=["elsewhere"], interpolation=["elsewhere"])
    for name in ("sheet-a", "interpolation-a-elsewhere"):
        assert "refused: image z" in words(drawn[name]), name


def test_a_long_sweep_is_thinned_and_said_so(made, drawn, tmp_path):
    made.draw(tmp_path, sheet=["channel"])
    text = words(drawn["sheet-a"])
    assert "12 of its 48 values" in text
    assert "channel 00" in text and "channel 47" in text


def test_a_turned_picture_has_no_difference(made, drawn, tmp_path):
    made.draw(tmp_path, sheet=["turned"])
    assert "no difference: the edit turned the image, 96×64, to 64×96" in words(drawn["sheet-a"])


@given(st.lists(st.integers(), min_size=1, max_size=60, unique=True), st.integers(2, 12))
def test_thinned_sweeps_keep_their_ends(values, most):
    kept = drawing._spread(values, most)
    assert len(kept) == len(set(kept)) == min(len(values), most)
    assert kept[0] == values[0] and kept[-1] == values[-1]


# Atlases and maps


def test_the_atlas_is_in_order_and_tells_what_is_left_out():
    y = RANDOM.standard_normal((192, 4, 6)).astype(np.float32)
    shares = np.linspace(2, 0, 192) / 192
    figure = channel_grid.latent(y, np.arange(192)[::-1], shares, "t", [])
    labels = [each.get_text() for each in figure.texts]
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
    pictures = [box.images[0].get_array() for box in figure.axes]
    assert pictures[0].max() == 255 and pictures[1].min() == 0
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


def test_a_padded_picture_lies_in_the_middle_of_the_grid():
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
    found = report2021.rows(report2021.read(ROOT / "references/epfl2021.csv"), own, METRICS)
    cells = {(row["edit"], row["measure"]): row for row in found}
    assert cells["none", "bpp"]["direction"] is None
    assert cells["columns-second-half", "psnr"]["ratio"] == pytest.approx(-10 / (12.83 - 31.42))
    assert cells["columns-second-half", "psnr"]["size"] == "agrees"
    assert cells["columns-second-half", "bpp"]["direction"] == "agrees"
    assert cells["columns-second-half", "bpp"]["size"] == "differs"
    assert cells["rows-second-half", "bpp"]["direction"] == "differs"
    assert cells["rows-second-half", "psnr"]["direction"] == "unknown"
    assert cells["rows-second-half", "psnr"]["our_change"] == -10.0
    assert cells["x100", "bpp"]["direction"] == "unknown" and "no edit" in cells["x100", "bpp"]["reason"]


def test_the_drawn_table_has_every_policy():
    own = [_own(edit, policy, 0.5 + place, 30.0, 0.9) for place, edit in enumerate(("none", "x100"))
           for policy in edits.POLICIES]  # fmt: skip
    figure = report_comparison.figure(
        report2021.rows(report2021.read(ROOT / "references/epfl2021.csv"), own, METRICS), "t", []
    )
    text = words(figure)
    assert text.count("recompute") == text.count("keep") == 2
    assert "5.231" in text and not cut(figure)


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


def test_the_codecs_own_curve_is_of_the_same_picture(tmp_path):
    made = Made(tmp_path)
    shas = {row["image"]: row["sha256"] for row in readers.read_rows(tmp_path / "images/duo/images.csv")}
    for part, sha256 in (("same", shas["a"]), ("other", "0" * 64)):
        row = {"image": "a", "file": "a.png", "sha256": sha256, "width": 96, "height": 64}
        atomic_io.write_rows(tmp_path / f"images/{part}/images.csv", row, [row])
        coded = {"image": "a", "bytes": 768 if part == "same" else 1}
        atomic_io.write_rows(tmp_path / f"bitstreams/{part}/c/1/encoded.csv", coded, [coded])
        scores = {"image": "a", **dict.fromkeys(METRICS, 25.0)}
        atomic_io.write_rows(tmp_path / f"scores/{part}/c/1.csv", scores, [scores])
    told = made.told() | {"curve": [["other", "c", "1"], ["same", "c", "1"]]}
    points = drawing._Job(told, made.folder, ROOT).curve("a")
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
    shown = [contact_sheet.Shown(f"{n}", ["x"], _photo(n)) for n in range(8)]
    figure = contact_sheet.strips([shown], "t", [])
    tops = {round(box.get_position().y0, 3) for box in figure.axes}
    assert len(figure.axes) == 8 and len(tops) == 2


@given(st.floats(1, 300), st.floats(0.1, 5))
def test_ticks_of_a_signed_scale_are_symmetric_and_within(limit, linear):
    ticks = tiles.signed_ticks(limit, linear)
    assert ticks == [-tick for tick in reversed(ticks)] and 0.0 in ticks
    assert max(ticks) <= max(limit, linear)


# The impulse job


class Painter(LearnedCodec):
    """A codec whose synthesis paints 16×16 squares: channel c of y adds to colour c."""

    stops = False

    def analyse(self, rgb):
        return Latents(np.zeros((3, rgb.shape[0] // 16, rgb.shape[1] // 16), np.float32), None, rgb.shape[:2])

    def synthesise(self, latents):
        if self.stops:
            raise CodecError("the receiver's image depends on more")
        painted = np.kron(latents.y, np.ones((16, 16))).transpose(1, 2, 0)
        return np.clip(np.rint(128 + painted), 0, 255).astype(np.uint8)

    def write(self, latents): ...

    def read(self, bitstream): ...

    def string_bytes(self, bitstream): ...


def _latents(folder, y):
    np.savez_compressed(folder / "a.npz", y=y)
    atomic_io.write_rows(folder / "latents.csv", extract.COLUMNS, [{"image": "a", "file": "a.npz"}])
    return folder / "latents.csv"


def test_a_response_is_half_the_difference_of_both_signs(tmp_path):
    y = np.zeros((3, 2, 2), np.float32)
    y[0] = [[10, 10], [10, 40]]
    y[2] = -4
    record = tmp_path / "impulse.csv"
    impulse_response.impulse_set(Painter("p", 1), _latents(tmp_path, y), record)
    rows = readers.read_rows(record)
    assert [float(row["mean"]) for row in rows] == [17.5, 0.0, -4.0]
    assert [float(row["amplitude"]) for row in rows] == [22.5, impulse_response.LEAST, impulse_response.LEAST]
    response, middle = impulse_response.load(tmp_path / "impulse.npz")
    assert response.shape == (3, impulse_response.SIDE, impulse_response.SIDE, 3) and middle == (72.0, 72.0)
    for channel, by in enumerate((22.5, 1, 1)):
        painted = response[channel, 64:80, 64:80, channel]
        assert np.abs(painted - by).max() <= 0.5
        assert np.abs(response[channel]).sum() == pytest.approx(np.abs(painted).sum())
    assert readers.sha256(tmp_path / "impulse.npz") == rows[0]["sha256"]


def test_a_codec_that_cant_paint_has_its_reason(tmp_path, capsys):
    codec = Painter("p", 1)
    codec.stops = True
    impulse_response.impulse_set(codec, _latents(tmp_path, np.zeros((3, 2, 2), np.float32)), tmp_path / "impulse.csv")
    (row,) = readers.read_rows(tmp_path / "impulse.csv")
    assert row["reason"] == "refused: the receiver's image depends on more" and not row["file"]
    assert "depends on more" in capsys.readouterr().err
    codec.skip = lambda: "the plug-in is missing"
    impulse_response.impulse_set(codec, tmp_path / "latents.csv", tmp_path / "impulse.csv")
    assert readers.read_rows(tmp_path / "impulse.csv")[0]["reason"] == "skipped: the plug-in is missing"


# The workflow's side


def _plan(study=(), **experiment):
    told = {
        "study": "t",
        "images": ["photos"],
        "codecs": {"tiny-bmshj2018-hyperprior-mse": [1, 3], "jpeg": [10], **dict(study)},
        "metrics": list(metric_registry.REGISTRY),
        "latents": {
            "lab": {
                "images": ["photos"],
                "codecs": {"tiny-bmshj2018-hyperprior-mse": [2, 3]},
                "edits": {
                    "strongest": EDITS["strongest"],
                    "roll": EDITS["roll"],
                    "to": {"op": {"interpolate": {"image": "coffee", "t": [0.5]}}},
                },
                "figures": experiment,
            }
        },
    }
    return planning_cells.Plan(config.checked(told, "t.yaml"))


def test_figures_depend_on_no_more_than_they_need():
    few = _plan(sheet=False)
    job = latent_figures.jobs(few)[1]
    assert latent_figures.inputs(few, job) == [
        "results/images/photos/images.csv",
        "results/latents/photos/tiny-bmshj2018-hyperprior-mse/3/latents.csv",
    ]
    whole = _plan(progressive="strongest", report=True, impulse=True)
    inputs = latent_figures.inputs(whole, job)
    assert "results/scores/photos/tiny-bmshj2018-hyperprior-mse/1.csv" in inputs
    assert "results/edits/t/lab/photos/tiny-bmshj2018-hyperprior-mse/2/scores.csv" in inputs
    assert "references/epfl2021.csv" in inputs
    assert not any("jpeg" in path for path in inputs)
    assert all(not Path(path).is_absolute() for path in inputs)
    more = _plan({"webp": [5]}, progressive="strongest", report=True, impulse=True)
    assert latent_figures.inputs(more, job) == inputs
    assert latent_figures.option(more, job) == latent_figures.option(whole, job)
    assert str(ROOT) not in latent_figures.option(whole, job)


def test_names_are_known_before_the_run():
    drawn = _plan(interpolation=["to"], equivariance=["roll"], atlas=False, rate_map=False, sheet=False)
    job = latent_figures.jobs(drawn)[0]
    stems = [named.stem for named in latent_figures.drawn(drawn, job)]
    assert "interpolation-coffee-to" in stems and "equivariance-coffee" in stems and len(stems) == 10
    assert json.loads(latent_figures.option(drawn, job))["others"] == {"photos": ["photos"]}
    none = _plan(atlas=False, rate_map=False, sheet=False)
    assert latent_figures.jobs(none) == []


@pytest.mark.parametrize(
    ("figure", "edit", "fits"),
    [
        ("attribution", "strongest", "channel"),
        ("progressive", "channel", "strongest"),
        ("interpolation", ["roll"], ["blend"]),
        ("equivariance", ["roll", "blend"], ["roll", "turned"]),
    ],
)
def test_a_figure_of_an_edit_that_doesnt_fit_is_refused(figure, edit, fits):
    (problem,) = figure_choice.problems("latents.lab", {"edits": EDITS, "figures": {figure: edit}})
    assert problem.startswith(f"latents.lab.figures.{figure}: found") and "allowed: " in problem
    assert not list(figure_choice.problems("latents.lab", {"edits": EDITS, "figures": {figure: fits}}))


def test_every_figure_has_a_caption_and_a_title():
    schema = figure_names
    for figure in (*schema.PICTURED, *schema.DRAWN):
        assert (ROOT / f"rules/report/latent_{figure}.rst").is_file()
        assert figure in drawing._DRAWN and figure in drawing._TITLES
