"""The check against published averages, on made-up tables and on WebP as CompressAI published it."""

from __future__ import annotations

import copy
import math
import os
from pathlib import Path

import numpy as np
import pytest

from study.analysis import bd, published_bd, published_check, published_curves
from study.core import readers
from study.core.errors import StudyError
from study.planning import config, entries, payloads
from study.planning.cells import Plan
from tiny_study import ROOT, TINY

RATES = np.array([0.125, 0.25, 0.5, 1.0, 2.0])


def published(offset=0.0, counts="file", metric="psnr_rgb", qualities=(1, 2, 3, 4, 5)):
    """A published curve: 30 dB at 1 bpp and 3 dB more for each doubling of the rate; SSIM-type metrics in dB."""
    scores = 30 + offset + 3 * np.log2(RATES)
    values = scores if metric == "psnr_rgb" else 1 - 10 ** (-scores / 10)
    return [
        {
            "image_set": "kodak",
            "curve": "lab/x",
            "counts": counts,
            "metric": metric,
            "quality": str(quality),
            "bpp": str(rate),
            "value": str(value),
        }
        for quality, rate, value in zip(qualities, RATES, values)
    ]


def mean(quality, bpp, value, payload_bpp=None, metric="psnr_rgb", reason=""):
    row = {"image_set": "kodak", "codec": "x", "quality": str(quality), metric: str(value)}
    row |= {"status": "skipped" if reason else "ok", "reason": reason, "gaps": ""}
    return row | {"bpp": str(bpp), "payload_bpp": str(bpp if payload_bpp is None else payload_bpp)}


def check(means, curve, match="quality", image="8-bit", tolerance=0.1, rate_tolerance=1):
    return published_check.rows(means, curve, {"x": {"lab/x": match}}, {"lab/x": image}, tolerance, rate_tolerance)


def test_equal_figures_are_within():
    (row,) = check([mean(3, 0.5, 27)], published())
    assert (row["verdict"], row["published_bpp"], row["published_value"]) == ("within", 0.5, 27)
    differences = [row[name] for name in ("bpp_difference", "difference", "difference_at_bpp", "rounding")]
    assert differences == pytest.approx([0, 0, 0, 0], abs=1e-12)


@pytest.mark.parametrize(
    ("bpp", "value", "verdict"),
    [(0.5, 27.09, "within"), (0.5, 27.11, "beyond"), (0.5, 26.89, "beyond"), (0.506, 27, "beyond")],
)
def test_differences_beyond_a_tolerance_are_flagged(bpp, value, verdict):
    assert check([mean(3, bpp, value)], published())[0]["verdict"] == verdict


def test_curves_are_compared_at_the_rate_of_the_study():
    """At 0.7 bpp the curve has 30 + 3 log2(0.7) dB, exactly: it is a line in log rate."""
    expected = 30 + 3 * math.log2(0.7)
    (row,) = check([mean("fine", 0.7, expected + 0.05)], published(), match="rate")
    assert row["difference_at_bpp"] == pytest.approx(0.05, abs=1e-9)
    assert row["verdict"] == "within"
    assert row.get("difference") is None and row["rate_tolerance"] is None
    (row,) = check([mean("fine", 3, 40)], published(), match="rate")
    assert (row["verdict"], row["reason"]) == ("not compared", "the published curve ends at 0.125 and 2 bpp")


def test_a_rate_that_counts_the_payload_is_compared_with_the_payload():
    (row,) = check([mean(3, 0.52, 27, payload_bpp=0.5)], published(counts="payload"))
    assert (row["rate"], row["bpp"], row["verdict"]) == ("payload_bpp", 0.5, "within")
    (row,) = check([mean(3, 0.52, 27, payload_bpp=0.5)], published(counts="file"))
    assert (row["rate"], row["bpp"], row["verdict"]) == ("bpp", 0.52, "beyond")


def test_ms_ssim_is_compared_in_decibels():
    (row,) = check([mean(3, 0.5, 1 - 10**-2.72, metric="ms_ssim")], published(metric="ms_ssim"))
    assert row["difference"] == pytest.approx(0.2, abs=1e-9)
    assert (row["scale"], row["verdict"], row["rounding"]) == ("db", "beyond", 0)


def test_rounding_is_taken_off_for_images_that_were_not_rounded():
    """A published 45 dB of unrounded images is 44.83 dB rounded: no difference is left."""
    mse = 255**2 / 10**4.5
    rounded = 10 * math.log10(255**2 / (mse + 1 / 12))
    curve = published(offset=15)
    (row,) = check([mean(4, 1, rounded)], curve, image="float")
    assert rounded == pytest.approx(44.828, abs=1e-3)
    assert row["rounding"] == pytest.approx(rounded - 45, abs=0.01)
    assert (row["difference"], row["verdict"]) == (pytest.approx(0, abs=0.01), "within")
    assert check([mean(4, 1, rounded)], curve, image="8-bit")[0]["verdict"] == "beyond"


def test_the_formula_for_rounding_fits_what_was_published_and_what_happens():
    """CompressAI's scale hyperprior, MSE, quality 8: 40.5569 dB before rounding, 40.4934 dB after."""
    assert 40.4934 + published_check.rounding_loss(40.4934) == pytest.approx(40.5569, abs=0.002)
    rng = np.random.default_rng(5)
    original = rng.integers(40, 216, 200_000).astype(float)
    decoded = original + rng.normal(0, 2, original.size)
    before, after = (10 * math.log10(255**2 / np.mean((x - original) ** 2)) for x in (decoded, np.round(decoded)))
    assert published_check.rounding_loss(after) == pytest.approx(before - after, abs=2e-3)


def test_what_can_not_be_compared_says_why():
    assert check([mean(9, 0.5, 27)], published())[0]["reason"] == "quality 9 is not published"
    (row,) = check([mean(3, "", "", reason="no plug-in")], published())
    assert (row["verdict"], row["reason"]) == ("not compared", "skipped: no plug-in")
    assert check([mean(3, 0.5, 27) | {"codec": "y"}], published()) == []
    assert check([mean(3, 0.5, 27) | {"image_set": "others"}], published()) == []


def test_the_summary_has_a_line_for_each_curve():
    checks = check([mean(3, 0.5, 27), mean(4, 1, 30.3)], published())
    assert list(published_check.summary(checks)) == [
        "kodak: x against lab/x, psnr_rgb: 1 of 2 points within, by up to 0.300 dB"
    ]


# ------------------------------------------------------------------------------------------------ the tables

POINTS = readers.read_rows(ROOT / "references/kodak.csv")
CLIC = readers.read_rows(ROOT / "references/clic2020-professional-valid.csv")
CURVES = published_curves.curves()
TABLES = {"kodak": POINTS, "clic2020-professional-valid": CLIC}
METRICS = ("psnr_rgb", "ms_ssim")


def test_points_and_curves_fit_each_other():
    assert {row["curve"] for row in [*POINTS, *CLIC]} == set(CURVES)
    for entry in CURVES.values():
        assert entry["counts"] in ("payload", "file", "estimate", "unknown") and entry["scored"] in (
            "8-bit",
            "float",
            "unknown",
        )
        assert entry["label"] and entry["source"]
    assert len({entry["label"] for entry in CURVES.values()}) == len(CURVES)


@pytest.mark.parametrize(
    ("image_set", "curve", "metric"),
    sorted({(name, row["curve"], one) for name, rows in TABLES.items() for row in rows for one in METRICS if row[one]}),
)
def test_every_curve_is_one(image_set, curve, metric):
    """Every value is finite and possible, and more bits never score less."""
    rows = [row for row in TABLES[image_set] if row["curve"] == curve]
    points = [(float(row["bpp"]), float(row[metric])) for row in rows]
    assert points == sorted(points) and len(points) >= 5
    assert all(0 < bpp < 24 and (0 < score < 1 if metric == "ms_ssim" else 15 < score < 60) for bpp, score in points)
    assert [score for _, score in points] == sorted(score for _, score in points)
    assert bd.curves(*zip(*points)).usable[0]


def test_figures_since_2020_are_those_of_their_sources():
    """Single figures against the publications, and an order that the papers state."""
    of = {(name, row["curve"], float(row["bpp"])): float(row["psnr_rgb"]) for name, t in TABLES.items() for row in t}
    assert of["kodak", "tcm/large-mse", 0.880] == 38.07
    assert of["kodak", "hpcm/large-mse", 0.2438] == 32.1219
    assert of["clic2020-professional-valid", "c3/vtm-17", 0.806340] == 39.205542
    vtm, others = _psnr_curve("compressai/vtm"), ("elic/elic-mse", "tcm/large-mse", "mlic/mlic-plus-plus-mse")
    gains = [bd.bd_rate(vtm, _psnr_curve(name), "pchip") for name in (*others, "hpcm/large-mse")]
    assert gains == sorted(gains, reverse=True) and -25 < gains[-1] < gains[0] < -5


def _psnr_curve(name):
    rows = [row for row in POINTS if row["curve"] == name]
    return bd.curves([float(row["bpp"]) for row in rows], [float(row["psnr_rgb"]) for row in rows])


def test_no_curve_repeats_the_figures_of_another():
    """As files for MS-SSIM among CompressAI's results do."""
    for rows in TABLES.values():
        named = {row["curve"] for row in rows}
        shapes = {curve: tuple(row["bpp"] for row in rows if row["curve"] == curve) for curve in named}
        assert len(set(shapes.values())) == len(named)


def test_codecs_name_curves_of_their_qualities():
    for name, entry in entries.codecs().items():
        for curve, match in entry.published.items():
            qualities = {row["quality"] for row in POINTS if row["curve"] == curve}
            if match == "quality":
                assert len(qualities & set(map(str, entry.qualities))) >= 6, (name, curve)


def test_an_unknown_curve_is_refused():
    made = copy.deepcopy(TINY) | {"images": ["photos"]}
    entry = {"backend": "webp", "label": "x", "family": "x", "parameter": "x", "qualities": [1]}
    made["define"] = {"codecs": {"mine": entry | {"published": {"compressai/web": "rate"}}}}
    with pytest.raises(StudyError, match=r"mine: published: the curve 'compressai/web' is unknown; did you mean"):
        config.checked(made)
    made["define"]["codecs"]["mine"]["published"] = {"compressai/webp": "bpp"}
    with pytest.raises(StudyError, match="allowed: quality, rate"):
        config.checked(made)


def test_only_studies_of_kodak_are_checked():
    made = copy.deepcopy(TINY) | {"images": ["photos"], "define": {}}
    assert payloads.published(Plan(config.checked(made))) == {}
    made["images"] = ["kodak", "photos"]
    plan = Plan(config.checked(made))
    assert payloads.published(plan)["sets"] == {"kodak": "references/kodak.csv"}
    assert f"results/studies/{plan.name}/published_check.csv" in payloads.products(plan)


def test_overlays_hold_every_curve_once_and_name_the_codec():
    points = published_curves.points("kodak", POINTS, CURVES, ["psnr_rgb"], {"mine": {"compressai/jpeg": "quality"}})
    assert {row["codec"] for row in points if row["curve"] == "compressai/jpeg"} == {"mine"}
    assert {row["codec"] for row in points if row["curve"] != "compressai/jpeg"} == {""}
    assert len(points) == sum(bool(row["psnr_rgb"]) for row in POINTS)
    assert set(points[0]) == set(published_curves.COLUMNS)
    assert {row["drawn"] for row in points} == {"no"}
    drawn = published_curves.chosen(["tcm/*", "c3/c3"], CURVES)
    assert set(drawn) == {"tcm/small-mse", "tcm/middle-mse", "tcm/large-mse", "c3/c3"}
    points = published_curves.points("kodak", POINTS, CURVES, ["psnr_rgb"], {}, drawn)
    assert {row["curve"] for row in points if row["drawn"] == "yes"} == set(drawn)


def test_an_unknown_curve_to_draw_is_refused():
    made = copy.deepcopy(TINY) | {"images": ["photos"], "published": {"draw": ["tcm/large"]}}
    with pytest.raises(StudyError, match=r"published.draw: no published curve is 'tcm/large'; did you mean"):
        config.checked(made)


def test_bd_rates_against_published_curves_are_those_of_known_curves():
    """A codec that needs 10 % more bits than published at every score, whatever its rate counts."""
    for counts, metric in (("file", "psnr_rgb"), ("payload", "ms_ssim"), ("estimate", "psnr_rgb")):
        curve = [row | {"label": "x", "drawn": "yes"} for row in published(counts=counts, metric=metric)]
        other = [row | {"curve": "lab/y", "drawn": "no"} for row in curve]
        means = [
            mean(row["quality"], 9 if counts == "payload" else 1.1 * float(row["bpp"]), row["value"],
                 1.1 * float(row["bpp"]), metric) for row in curve
        ]  # fmt: skip
        (compared,) = published_bd.rows(means, curve + other, {"lab/x": "8-bit"})
        assert compared["bd_rate"] == pytest.approx(10, abs=1e-6)
        assert (compared["status"], compared["rate"]) == ("ok", "payload_bpp" if counts == "payload" else "bpp")


def test_bd_rates_take_rounding_off_what_was_not_rounded():
    curve = [row | {"label": "x", "drawn": "yes"} for row in published(offset=12)]
    means = [mean(row["quality"], row["bpp"], published_bd.rounded(float(row["value"]))) for row in curve]
    (compared,) = published_bd.rows(means, curve, {"lab/x": "float"})
    assert compared["bd_rate"] == pytest.approx(0, abs=1e-9)
    assert published_bd.rows(means, curve, {"lab/x": "8-bit"})[0]["bd_rate"] > 0.5
    value = 44.0 + published_check.rounding_loss(44.0)
    assert published_bd.rounded(value) == pytest.approx(44.0, abs=1e-3)


def test_curves_that_can_not_be_compared_with_published_ones_say_why():
    curve = [row | {"label": "x", "drawn": "yes"} for row in published()]
    (compared,) = published_bd.rows([mean(1, 0.125, 21), mean(2, "", "")], curve, {"lab/x": "8-bit"})
    assert compared["status"] == "refused" and "bd_rate" not in compared
    assert compared["reason"] == "x: 1 usable points, at least 4 are needed"
    means = [mean(row["quality"], row["bpp"], float(row["value"]) + 20) for row in curve]
    (compared,) = published_bd.rows(means, curve, {"lab/x": "8-bit"})
    assert compared["reason"].startswith("the curves overlap in 0.0% of the narrower one's range of psnr_rgb")


KODAK = Path(os.environ.get("STUDY_MIRROR", "/nowhere")) / "kodak"


@pytest.mark.skipif(not KODAK.is_dir(), reason="needs the Kodak images in STUDY_MIRROR/kodak")
@pytest.mark.slow
def test_webp_of_kodak_is_what_compressai_published():
    from PIL import Image

    from study.codecs import registry as codec_registry
    from study.metrics.registry import score

    codec = codec_registry.load("webp", 50, entries.codecs()["webp"])
    rates, scores = [], []
    for path in sorted(KODAK.glob("kodim*.png")):
        rgb = np.asarray(Image.open(path))
        bitstream = codec.encode(rgb)
        rates.append(8 * len(bitstream) / rgb[..., 0].size)
        scores.append(score(rgb, codec.decode(bitstream), ["psnr_rgb"])[0]["psnr_rgb"])
    assert len(rates) == 24
    curve = published_curves.points("kodak", POINTS, CURVES, ["psnr_rgb"], {"x": {"compressai/webp": "quality"}})
    matches, images = {"x": {"compressai/webp": "quality"}}, {"compressai/webp": "8-bit"}
    means = [mean(50, np.mean(rates), np.mean(scores))]
    (row,) = published_check.rows(means, curve, matches, images, tolerance=0.02, rate_tolerance=0.1)
    assert row["verdict"] == "within", row
