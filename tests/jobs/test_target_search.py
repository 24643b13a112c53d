"""The search of a codec's parameter for a target: reached within the tolerance, or a reason and no bitstream."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from study.codecs import targeted
from study.codecs.targeted import Target
from study.core import atomic_io, readers
from study.core.errors import CodecError, StudyError
from study.images import png
from study.jobs import encode_decode, target_search
from study.jobs.target_search import MOST, Scale, Try
from study.metrics import engine, registry
from study.planning import entries

CATALOGUE = entries.codecs()


def photo() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[20:132, 160:320])


def codec(name: str, quality: str) -> target_search.Searched:
    metric = targeted.parsed(quality).metric
    known = metric not in targeted.RATES
    recipes = engine.recipes(registry.recipes([metric])) if known else {}
    sign = registry.entry(metric).sign if known else 1
    made = target_search.Searched(name, quality, CATALOGUE[name], None, recipes, sign)
    if reason := made.skip():
        pytest.skip(reason)
    return made


def run(function, target: Target, ends=(0, 100), step=1, sign=1) -> tuple[Try, int, list[float]]:
    asked: list[float] = []

    def attempt(parameter: float) -> Try:
        asked.append(parameter)
        return Try(parameter, function(parameter), b"data", 0.0)

    reached, count = target_search.search(attempt, target, Scale(list(ends), step), sign)
    return reached, count, asked


@pytest.mark.parametrize("name", ["jpeg", "webp", "jpegxl", "avif", "jpeg2000"])
@pytest.mark.parametrize(
    "quality", ["psnr_rgb=32+-0.3", "ssimulacra2=60+-1.5", "bpp=1+-0.05", "payload_bpp=0.8+-0.04", "gmsd=0.03+-0.004"]
)
def test_real_codecs_reach_it(name, quality):
    one, rgb = codec(name, quality), photo()
    data = one.encode(rgb)
    record = one.recorded()
    assert 1 <= record["encodes"] <= MOST and record["encode_s"] > 0
    target = targeted.parsed(quality)
    assert abs(record["reached"] - target.value) <= target.tolerance
    plain = one.at(record["parameter"])
    assert plain.encode(rgb) == data
    if target.metric in targeted.RATES:
        size = len(data) if target.metric == "bpp" else plain.payload_bytes(data)
        assert record["reached"] == 8 * size / (rgb.shape[0] * rgb.shape[1])
    else:
        assert record["reached"] == registry.score(rgb, plain.decode(data), [target.metric])[0][target.metric]


@pytest.mark.parametrize("ends", [(0, 100), (100, 0)])
@pytest.mark.parametrize("value", [0, 1, 17.3, 50, 99.6, 100])
def test_every_value_of_a_monotone_codec(ends, value):
    """Steps of 1, so within 0.5; whichever way the parameter goes."""
    quality = (lambda q: q) if ends[1] == 100 else (lambda q: 100 - q)
    reached, count, asked = run(quality, Target("m", value, 0.5), ends)
    assert abs(reached.value - value) <= 0.5 and count <= 8 and len(set(asked)) == count


def test_steep_and_flat_codecs():
    for power in (0.5, 1, 3, 10):
        for value in (5, 30, 60, 95):
            reached, count, _ = run(lambda q, power=power: 100 * (q / 100) ** power, Target("m", value, 2), step=None)
            assert abs(reached.value - value) <= 2 and count <= MOST


def test_a_metric_of_which_less_is_better():
    reached, _, _ = run(lambda q: 10 - q / 10, Target("m", 2.05, 0.06), sign=-1)
    assert reached.parameter in (79, 80)


def test_a_logarithmic_range_and_whole_numbers():
    ratio = lambda q: 24 / q  # noqa: E731
    reached, count, asked = run(ratio, Target("bpp", 1.2, 0.03), (1000, 1))
    assert abs(reached.value - 1.2) <= 0.03 and count <= 8 and all(isinstance(one, int) for one in asked)
    reached, count, _ = run(lambda q: -20 * math.log10(q), Target("m", 33.3, 0.1), (0.2, 0.0005), None)
    assert abs(reached.value - 33.3) <= 0.1 and count <= 8


def bump(parameter: float) -> float:
    """Not monotone: it rises to 40 at 30, then falls to 25 at 100."""
    return 20 + parameter * 20 / 30 if parameter <= 30 else 40 - (parameter - 30) * 15 / 70


@pytest.mark.parametrize("value", [21, 27, 33, 39, 39.8])
def test_a_codec_that_is_not_monotone(value):
    reached, count, _ = run(bump, Target("m", value, 0.8))
    assert abs(reached.value - value) <= 0.8 and count <= MOST


def test_noise_ends_and_is_honest():
    """Whatever a codec does: at most `MOST` encodes, no parameter twice, what is given is within the tolerance."""
    chance = np.random.default_rng(4)
    reached = 0
    for _ in range(300):
        values = chance.normal(30, 8, 101)
        asked: list[float] = []

        def attempt(parameter: float, values=values, asked=asked) -> Try:
            asked.append(parameter)
            return Try(parameter, values[parameter], b"data", 0.0)

        try:
            nearest, count = target_search.search(attempt, Target("m", 35, 1), Scale([0, 100], 1))
        except CodecError as error:
            assert "isn't reached in" in str(error) and min(abs(values[asked] - 35)) > 1
        else:
            reached += 1
            assert abs(values[nearest.parameter] - 35) <= 1 and count == len(asked)
        assert len(asked) == len(set(asked)) <= MOST
    assert reached > 100


@pytest.mark.parametrize(
    ("function", "target", "message"),
    [
        (
            lambda q: 20 + q / 5,
            Target("psnr_rgb", 50),
            r"^psnr_rgb 50 within 0.1 isn't reached in 5 encodes, the nearest is 40 at 100; the codec's range gave "
            r"[\d.]+ to 40: choose a value in it$",
        ),
        (lambda q: 20 + q / 5, Target("psnr_rgb", 3), "nearest is 20 at 0; the codec's range gave 20 to"),
        (
            lambda q: 2.0 * q,
            Target("m", 41, 0.5),
            r"nearest is 4[02] at 2[01]; the parameter's steps are too coarse for it: allow a tolerance of 1$",
        ),
        (lambda q: 30.0, Target("m", 41, 0.5), "the codec's range gave 30 to 30"),
        (lambda q: math.inf, Target("m", 41, 0.5), "the codec's range gave inf to inf"),
    ],
)
def test_what_isnt_reached_is_told(function, target, message):
    with pytest.raises(CodecError, match=message) as caught:
        run(function, target)
    assert "\n" not in str(caught.value)


def test_records(tmp_path, monkeypatch):
    """A row has parameter, value and encodes, or a reason and no file; the decoder takes the parameter from there."""
    monkeypatch.chdir(tmp_path)
    rows = []
    flat = np.full((40, 40, 3), 99, np.uint8)
    for name, rgb in (("photo", photo()), ("flat", flat)):
        path = Path("images", f"{name}.png")
        png.write(path, rgb)
        size = {"width": rgb.shape[1], "height": rgb.shape[0], "sha256": readers.sha256(path)}
        rows.append({"image": name, "file": path.name, **size})
    atomic_io.write_rows("images/images.csv", rows[0], rows)
    encode_decode.encode_set(codec("jpeg", "bpp=1.5+-0.05"), Path("images/images.csv"), Path("e/encoded.csv"))
    photo_row, flat_row = readers.read_rows("e/encoded.csv")
    assert photo_row["status"] == "ok" and abs(float(photo_row["reached"]) - 1.5) <= 0.05
    assert 1 <= int(photo_row["parameter"]) <= 95 and 1 <= int(photo_row["encodes"]) <= MOST
    assert flat_row["status"] == "refused" and not flat_row["file"] and not flat_row["parameter"]
    assert flat_row["reason"].startswith("bpp 1.5 within 0.05 isn't reached in")
    assert not list(Path("e").glob("flat*"))
    loaded = targeted.load("jpeg", "bpp=1.5+-0.05", CATALOGUE["jpeg"])
    encode_decode.decode_set(loaded, Path("e/encoded.csv"), Path("d/decoded.csv"))
    decoded = readers.read_rows("d/decoded.csv")
    assert [row["status"] for row in decoded] == ["ok", "refused"] and decoded[1]["reason"] == flat_row["reason"]
    with pytest.raises(StudyError, match="has no parameter"):
        loaded.decoder_of({"image": "photo", "parameter": ""})


def test_labels():
    for target in (Target("psnr_rgb", 35), Target("bpp", 0.25, 0.01), Target("gmsd", 1e-7, 1e-8), Target("m", -3.5)):
        assert targeted.parsed(target.label) == target
    assert Target("psnr_rgb", 35.0).label == "psnr_rgb=35" and Target("bpp", 0.5, 0.01).label == "bpp=0.5+-0.01"
    for other in ("lo", 35, "psnr_rgb", "psnr_rgb=", "psnr_rgb=nan", "m=1+-0", "m=1+-", "m=--1", "a b=3"):
        assert targeted.parsed(other) is None


def test_a_codec_without_a_range():
    entry = CATALOGUE["cmd-qoi"]
    with pytest.raises(StudyError, match="declares no `range` of its parameter"):
        target_search.Searched("cmd-qoi", "bpp=5", entry)
