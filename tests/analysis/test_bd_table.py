"""The table of BD-rates: figures of sets, intervals, refusals, and the command that writes it."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest

import bd_rate as script
from study.analysis import bd, bd_table
from study.core import atomic_io, outcome, readers
from study.core.errors import StudyError
from study.metrics import registry

BOTH = pytest.mark.parametrize("method", bd.METHODS)


CODECS = {"jpeg": (1.0, 8), "webp": (0.7, 6), "avif": (0.5, 5)}


def study(images=6, codecs=CODECS, image_set="photos", seed=0, change=None):
    """Rows of rd.csv, made up: each image has its own complexity, each codec its own efficiency."""
    rng = np.random.default_rng(seed)
    hardness = rng.normal(0, 0.5, images)
    rows = []
    for number in range(images):
        for name, (gain, points) in codecs.items():
            own = gain * math.exp(0.2 * math.sin(7 * number + ord(name[0])))
            for quality, step in enumerate(np.linspace(0, 1, points)):
                rate = own * 0.1 * math.exp(3.2 * step + hardness[number])
                level = math.log(rate / own) - hardness[number] * 1.3
                row = {"image_set": image_set, "image": f"i{number}", "codec": name, "quality": quality}
                row |= {"status": "ok", "reason": "", "gaps": ""}
                row |= {"bpp": rate, "payload_bpp": 0.9 * rate - 0.001}
                row |= {
                    "psnr_rgb": 34 + 4 * level + 0.2 * math.sin(number + 3 * step + gain),
                    "ms_ssim": 1 - 10 ** -(1.2 + 0.4 * level),
                }
                rows.append(row | (change(row) if change else {}))
    return rows


def options(**changes):
    return bd_table.Options(**{"anchors": ["jpeg"], "metrics": ["psnr_rgb"], "resamples": 200} | changes)


def pick(rows, **wanted):
    return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]


def test_a_row_for_every_codec_metric_method_and_image():
    rows = bd_table.table(study(), options(metrics=["psnr_rgb", "ms_ssim"]))
    assert len(rows) == 2 * 2 * 2 * (6 + 2)
    assert {row["codec"] for row in rows} == {"webp", "avif"}
    assert {(row["metric"], row["scale"]) for row in rows} == {("psnr_rgb", "identity"), ("ms_ssim", "db")}
    assert all(set(row) <= set(bd_table.COLUMNS) for row in rows)
    assert all(row["bd_rate"] is not None and not row["reason"] for row in rows)
    assert {row["n_images"] for row in rows if row["over"] != "image"} == {6}
    assert all("bd_rate_lo" not in row for row in pick(rows, over="image"))


@BOTH
def test_the_two_ways_over_a_set(method):
    """Both against the library, from the made-up numbers themselves."""
    import bjontegaard

    data = study()

    def curve(codec, image=None):
        qualities = sorted({row["quality"] for row in pick(data, codec=codec)})
        same = [pick(data, codec=codec, quality=q, **({"image": image} if image else {})) for q in qualities]
        rate = [np.mean([row["bpp"] for row in rows]) for rows in same]
        score = np.array([np.mean([row["ms_ssim"] for row in rows]) for rows in same])
        return rate, -10 * np.log10(1 - score)

    compared = pick(bd_table.table(data, options(metrics=["ms_ssim"])), codec="webp", method=method)
    for name, library in (("bd_rate", bjontegaard.bd_rate), ("bd_metric", bjontegaard.bd_psnr)):

        def expected(image=None, library=library):
            pair = *curve("jpeg", image), *curve("webp", image)
            return library(*pair, method, require_matching_points=False, min_overlap=0)

        values = [expected(f"i{number}") for number in range(6)]
        assert [row[name] for row in pick(compared, over="image")] == pytest.approx(values, rel=1e-12)
        (mean,), (of_means,) = pick(compared, over="mean of images"), pick(compared, over="mean curve")
        assert mean[name] == pytest.approx(np.mean(values), rel=1e-12)
        assert of_means[name] == pytest.approx(expected(), rel=1e-12)
        assert abs(mean[name] - of_means[name]) > 1e-3, "the two ways must differ on these data"


def test_intervals_hold_the_figures_and_depend_on_the_seed_alone():
    first, again, other = (bd_table.table(study(), options(seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert [row["bd_rate"] for row in first] == [row["bd_rate"] for row in other]
    over_sets = [row for row in first if row["over"] != "image"]
    assert [row["bd_rate_lo"] for row in over_sets] != [row["bd_rate_lo"] for row in other if row["over"] != "image"]
    for row in over_sets:
        for name in ("bd_rate", "bd_metric"):
            assert row[f"{name}_lo"] < row[name] < row[f"{name}_hi"]
        assert row["level"] == 0.95


def test_other_codecs_sets_and_metrics_do_not_change_an_interval():
    alone = bd_table.table(study(), options())
    more = study(codecs={**CODECS, "hevc": (0.4, 7)}) + study(images=9, image_set="others", seed=5)
    among = bd_table.table(more, options(metrics=["ms_ssim", "psnr_rgb"]))
    among = [row for row in pick(among, image_set="photos", metric="psnr_rgb") if row["codec"] != "hevc"]
    assert among == alone


def test_the_interval_of_a_mean_of_images_is_students():
    from scipy import stats

    rows = bd_table.table(study(images=24), options(methods=["pchip"]))
    (mean,) = pick(rows, over="mean of images", codec="webp")
    values = np.array([row["bd_rate"] for row in pick(rows, over="image", codec="webp")])
    ends = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    assert [mean["bd_rate_lo"], mean["bd_rate_hi"]] == pytest.approx(list(ends), rel=1e-9)
    assert mean["interval"] == "t"


@pytest.mark.slow
def test_the_interval_of_a_mean_curve_is_that_of_resampled_studies():
    """Each resample as a study of its own, of the drawn images."""
    data = study()
    (row,) = pick(
        bd_table.table(data, options(methods=["akima"], resamples=40, seed=4)), codec="avif", over="mean curve"
    )
    counts = np.round(bd.resampling(6, 40, 4) * 6).astype(int)
    assert (counts.sum(axis=1) == 6).all()
    rates = []
    for drawn in counts:
        images = [f"i{number}" for number, count in enumerate(drawn) for _ in range(count)]
        copies = [r | {"image": f"copy{n}"} for n, image in enumerate(images) for r in pick(data, image=image)]
        table = bd_table.table(copies, options(methods=["akima"], resamples=1))
        rates.append(pick(table, codec="avif", over="mean curve")[0]["bd_rate"])
    assert (row["bd_rate_lo"], row["bd_rate_hi"]) == pytest.approx(tuple(np.quantile(rates, [0.025, 0.975])), rel=1e-9)


def test_a_wider_level_gives_a_wider_interval():
    narrow, wide = (bd_table.table(study(), options(level=level)) for level in (0.5, 0.99))
    for a, b in zip(narrow, wide):
        if a["over"] != "image":
            assert b["bd_rate_lo"] < a["bd_rate_lo"] < a["bd_rate_hi"] < b["bd_rate_hi"]


def test_one_image_has_no_interval():
    rows = bd_table.table(study(images=1), options())
    assert len({row["bd_rate"] for row in pick(rows, codec="webp", method="akima")}) == 1
    for row in rows:
        assert "bd_rate_lo" not in row
        if row["over"] != "image":
            assert row["note"] == "no interval: one image"


def test_a_skipped_codec_is_refused_with_its_reason():
    def change(row):
        lost = dict.fromkeys(("bpp", "payload_bpp", "psnr_rgb", "ms_ssim"), "")
        return lost | outcome.without("skipped", "no plug-in") if row["codec"] == "avif" else {}

    rows = bd_table.table(study(change=change), options())
    for row in pick(rows, codec="avif"):
        assert row["bd_rate"] is None and row["bd_metric"] is None
        assert "avif: 0 usable points, at least 4 are needed (skipped: no plug-in)" in row["reason"]
    assert all(row["bd_rate"] is not None for row in pick(rows, codec="webp"))
    swapped = bd_table.table(study(change=change), options(anchors=["avif"]))
    assert all("skipped: no plug-in" in row["reason"] for row in swapped)


def test_several_anchors_are_as_each_alone():
    alone = [bd_table.table(study(), options(anchors=[anchor])) for anchor in ("jpeg", "webp")]
    both = bd_table.table(study(), options(anchors=["jpeg", "webp"]))
    assert {row["anchor"] for row in both} == {"jpeg", "webp"} and len(both) == len(alone[0]) + len(alone[1])
    assert [pick(both, anchor=anchor) for anchor in ("jpeg", "webp")] == alone
    with pytest.raises(StudyError, match="the anchor 'png' is not among"):
        bd_table.table(study(), options(anchors=["jpeg", "png"]))


def test_an_image_without_figure_leaves_the_mean_of_images_empty():
    def change(row):
        return {"psnr_rgb": "", "gaps": '{"psnr_rgb": "odd"}'} if (row["image"], row["codec"]) == ("i2", "webp") else {}

    rows = bd_table.table(study(change=change), options(methods=["pchip"]))
    (mean,) = pick(rows, codec="webp", over="mean of images")
    assert mean["bd_rate"] is None and "bd_rate_lo" not in mean
    assert mean["reason"].startswith("1 of 6 images are refused, first i2 (webp: 0 usable points")
    (of_means,) = pick(rows, codec="webp", over="mean curve")
    assert "webp: 0 usable points, at least 4 are needed (odd)" in of_means["reason"]


def test_a_lossless_point_is_left_out_and_told():
    def change(row):
        return {"psnr_rgb": "inf"} if row["quality"] == 5 and row["codec"] == "webp" and row["image"] == "i1" else {}

    whole = bd_table.table(study(codecs={"jpeg": (1.0, 8), "webp": (0.7, 6)}), options(methods=["akima"]))
    rows = bd_table.table(study(codecs={"jpeg": (1.0, 8), "webp": (0.7, 6)}, change=change), options(methods=["akima"]))
    note = "webp: 1 of 6 points left out that have no finite value or repeat another"
    assert [row["image"] for row in pick(rows, over="image") if row["note"]] == ["i1"]
    assert pick(rows, image="i1")[0]["note"] == note
    (of_means,) = pick(rows, over="mean curve")
    assert of_means["note"] == note
    assert of_means["overlap_hi"] < pick(whole, over="mean curve")[0]["overlap_hi"]
    assert of_means["bd_rate_lo"] < of_means["bd_rate"] < of_means["bd_rate_hi"]
    assert pick(rows, over="mean of images")[0]["note"] == "points left out in 1 of 6 images"
    shorter = [
        row
        for row in study(codecs={"jpeg": (1.0, 8), "webp": (0.7, 6)})
        if row["quality"] != 5 or row["codec"] != "webp"
    ]
    (same,) = pick(bd_table.table(shorter, options(methods=["akima"])), over="mean curve")
    assert of_means == same | {"note": note}, "no resample may use a point that the figure does not use"


def test_too_little_overlap_is_refused_for_the_figure_that_it_concerns():
    def higher(row):
        return {"psnr_rgb": row["psnr_rgb"] + 8} if row["codec"] == "webp" else {}

    rows = pick(bd_table.table(study(change=higher), options()), codec="webp", method="pchip", over="mean curve")
    assert rows[0]["bd_rate"] is None and rows[0]["bd_metric"] > 5
    assert rows[0]["reason"].startswith("bd_rate: the curves overlap in ")
    assert rows[0]["overlap_share"] < 0.5 < rows[0]["rate_overlap_share"]
    lax = bd_table.table(study(change=higher), options(min_overlap=0.1))
    (lax,) = pick(lax, codec="webp", method="pchip", over="mean curve")
    assert lax["bd_rate"] < 0 and not lax["reason"]

    def dearer(row):
        return {"bpp": row["bpp"] * 20} if row["codec"] == "webp" else {}

    (row,) = pick(bd_table.table(study(change=dearer), options()), codec="webp", method="pchip", over="mean curve")
    assert row["bd_rate"] > 1000 and row["bd_metric"] is None
    assert row["reason"].startswith("bd_metric: the curves overlap in ")
    assert "of bpp" in row["reason"]


def test_no_overlap_is_refused_whatever_is_asked():
    rows = study(change=lambda row: {"psnr_rgb": row["psnr_rgb"] + 50} if row["codec"] == "webp" else {})
    for row in pick(bd_table.table(rows, options(min_overlap=0)), codec="webp"):
        assert row["bd_rate"] is None
        assert "0.0%" in row["reason"]
        assert "overlap_lo" not in row


def test_resamples_that_are_refused_are_told():
    """One of three images alone has hardly any overlap: many resamples have too little."""

    def change(row):
        return {"psnr_rgb": row["psnr_rgb"] + (12 if row["image"] == "i0" else 3)} if row["codec"] == "webp" else {}

    rows = bd_table.table(study(images=3, change=change), options(methods=["akima"], min_overlap=0.5))
    (row,) = pick(rows, codec="webp", over="mean curve")
    assert row["bd_rate"] is not None and "bd_rate_lo" not in row
    assert "bd_rate: no interval" in row["note"] and "of 200 resamples are refused" in row["note"]


def test_scale_and_rate_can_be_chosen():
    usual, asked = (
        bd_table.table(study(), options(metrics=["ms_ssim"], scales=scales)) for scales in ({}, {"ms_ssim": "identity"})
    )
    assert {row["scale"] for row in asked} == {"identity"}
    assert usual[0]["bd_rate"] != asked[0]["bd_rate"]
    assert usual[0]["overlap_lo"] == pytest.approx(asked[0]["overlap_lo"], rel=1e-12)
    payload = bd_table.table(study(), options(rate="payload_bpp"))
    assert {row["rate"] for row in payload} == {"payload_bpp"}
    assert payload[0]["bd_rate"] != bd_table.table(study(), options())[0]["bd_rate"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"anchors": ["jpg"]}, "anchor 'jpg' is not among the study's codecs; did you mean 'jpeg'"),
        ({"metrics": ["psnr"]}, "no column 'psnr'; did you mean 'psnr_rgb'"),
        ({"metrics": ["image"]}, "'i0' in column image, where a number belongs"),
        ({"methods": ["cubic"]}, "method 'cubic' is not possible"),
        ({"scales": {"psnr_rgb": "dB"}}, "scale 'dB' is not possible; allowed: identity, db"),
        ({"scales": {"ms_ssim": "db"}}, "metric with a scale 'ms_ssim'"),
        ({"rate": "bits"}, "no column 'bits'"),
        ({"min_overlap": 1.5}, "from 0 to 1; found 1.5"),
        ({"level": 95}, "between 0 and 1; found 95"),
        ({"resamples": 0}, "at least 1; found 0"),
    ],
)
def test_options_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(StudyError, match=message):
        bd_table.table(study(), options(**changes))


def test_an_empty_table_is_refused():
    with pytest.raises(StudyError, match="has no rows"):
        bd_table.table([], options())


# ------------------------------------------------------------------------------------------------ the command


def command(folder, *more):
    base = [sys.executable, script.__file__, "--rd", str(folder / "rd.csv"), "--out", str(folder / "bd.csv")]
    return subprocess.run([*base, "--metrics", "psnr_rgb", *more], text=True, capture_output=True, check=False)


def test_the_command_writes_the_table_and_prints_it(tmp_path):
    rows = study(images=3)
    atomic_io.write_rows(tmp_path / "rd.csv", rows[0], rows)
    done = command(tmp_path, "--anchor", "jpeg", "--resamples", "100", "--scale", "psnr_rgb=identity")
    assert done.returncode == 0, done.stderr
    expected = bd_table.table(rows, options(resamples=100))
    written = readers.read_rows(tmp_path / "bd.csv")
    assert list(written[0]) == list(bd_table.COLUMNS)
    assert [float(row["bd_rate"]) for row in written] == [row["bd_rate"] for row in expected]
    assert [row["bd_rate_lo"] for row in written] == [str(row.get("bd_rate_lo", "")) for row in expected]
    assert "photos (3 images), mean curve: psnr_rgb (as is) against bpp, anchor jpeg, akima" in done.stdout
    (mean,) = pick(expected, codec="avif", method="akima", over="mean of images")
    assert f"{mean['bd_rate']:+.2f} [{mean['bd_rate_lo']:+.2f}, {mean['bd_rate_hi']:+.2f}]" in done.stdout


def test_a_study_of_the_anchor_alone_has_an_empty_table(tmp_path):
    rows = study(codecs={"jpeg": (1.0, 8)})
    atomic_io.write_rows(tmp_path / "rd.csv", rows[0], rows)
    done = command(tmp_path, "--anchor", "jpeg")
    assert (done.returncode, done.stdout) == (0, "only the anchor is in this study: nothing to compare\n")
    assert (tmp_path / "bd.csv").read_text() == ",".join(bd_table.COLUMNS) + "\n"


def test_a_mistake_is_one_message(tmp_path):
    done = command(tmp_path, "--anchor", "jpeg")
    assert done.returncode == 1
    assert done.stderr.startswith("error: can't read ") and "aggregate.py writes it" in done.stderr
    atomic_io.write_rows(tmp_path / "rd.csv", ["codec"], [])
    done = command(tmp_path, "--anchor", "jpeg", "--scale", "ms_ssim")
    assert done.returncode == 1 and "must be METRIC=SCALE" in done.stderr


def less_is_better(monkeypatch):
    """A metric of which less is better, 60 minus PSNR, in the registry and in a study's rows."""
    name = "distance"
    entry = dataclasses.replace(registry.REGISTRY["psnr_rgb"], name=name, higher_is_better=False)
    monkeypatch.setitem(registry.REGISTRY, name, entry)
    return name, study(change=lambda row: {name: 60 - row["psnr_rgb"]})


def test_a_metric_of_which_less_is_better_has_the_same_bd_rate_and_the_opposite_bd_metric(monkeypatch):
    name, rows = less_is_better(monkeypatch)
    table = bd_table.table(rows, options(metrics=["psnr_rgb", name]))
    more, less = pick(table, metric="psnr_rgb"), pick(table, metric=name)
    assert len(more) == len(less) == 2 * 2 * (6 + 2)
    for one, other in zip(more, less):
        assert other["reason"] == ""
        assert one["bd_rate"] < 0 < one["bd_metric"]
        assert other["bd_rate"] == pytest.approx(one["bd_rate"], rel=1e-9)
        assert other["bd_metric"] == pytest.approx(-one["bd_metric"], rel=1e-9)
        assert (other["overlap_lo"], other["overlap_hi"]) == pytest.approx(
            (60 - one["overlap_hi"], 60 - one["overlap_lo"])
        )
        if one["over"] != "image":
            for end in ("bd_rate_lo", "bd_rate_hi"):
                assert other[end] == pytest.approx(one[end], rel=1e-9)
            assert other["bd_metric_lo"] == pytest.approx(-one["bd_metric_hi"], rel=1e-9)
            assert other["bd_metric_lo"] < other["bd_metric"] < other["bd_metric_hi"] < 0


def test_points_of_which_less_is_better_that_cost_more_and_score_no_better_are_left_out(monkeypatch):
    name, rows = less_is_better(monkeypatch)
    for row in pick(rows, codec="webp", quality=5):
        row[name] = 59.0
    (curve,) = pick(bd_table.table(rows, options(metrics=[name])), codec="webp", over="mean curve", method="pchip")
    assert curve["bd_rate"] is not None
    assert "webp: 1 of 6 points left out that cost more and score no better" in curve["note"]
