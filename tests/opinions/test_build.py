"""The page of an opinion test: what is compared, what it holds, and that its names tell nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import pages
from opinion_tests import OPTIONS, made
from study.core import paths, readers
from study.core.errors import StudyError
from study.images import png
from study.opinions import build, stimuli, trials
from study.opinions.trials import Options

NODE = shutil.which("node")


def test_codecs_are_compared_at_like_rates_and_all_images_are_there(tmp_path: Path) -> None:
    test, out, rows = made(tmp_path)
    bpp = {(row["image"], row["codec"], row["quality"]): row["bpp"] for row in rows}
    for first, second in test["pairs"]:
        one, other = test["stimuli"][first], test["stimuli"][second]
        assert one["image"] == other["image"] and one["rate"] == other["rate"] and one["codec"] != other["codec"]
        for cell in (one, other):
            assert 1 / 1.2 <= float(bpp[cell["image"], cell["codec"], cell["quality"]]) / cell["rate"] <= 1.2
    assert len(test["pairs"]) == len({tuple(sorted(pair)) for pair in test["pairs"]}) == 12
    files = {path.stem for path in (out.parent / "stimuli").iterdir()}
    assert files == set(test["stimuli"]) and all(len(name) == 16 for name in files)
    for name, one in test["stimuli"].items():
        crop = png.read(out.parent / f"stimuli/{name}.png")
        assert crop.shape == (24, 24, 3)
        where = stimuli.busiest(png.read(tmp_path / f"results/images/set/{one['image']}.png"), 24)
        folder = f"decoded/set/{one['codec']}/{one['quality']}" if one["codec"] else "images/set"
        assert np.array_equal(crop, png.read(tmp_path / f"results/{folder}/{one['image']}.png")[where])


def test_a_trap_is_an_original_beside_the_worst_image(tmp_path: Path) -> None:
    test, _, rows = made(tmp_path)
    assert len(test["traps"]) == 2
    for original, bad in test["traps"]:
        one = test["stimuli"][bad]
        worst = min(
            (r for r in rows if r["image"] == one["image"] and r["psnr_rgb"]), key=lambda r: float(r["psnr_rgb"])
        )
        assert (one["codec"], one["quality"]) == (worst["codec"], worst["quality"])
        assert test["stimuli"][original]["codec"] == "" and test["originals"][f"set/{one['image']}"] == original


def test_the_same_study_gives_the_same_page_and_another_seed_another_test(tmp_path: Path) -> None:
    pages_made = [made(tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    texts = [out.read_bytes() for _, out, _ in pages_made]
    assert texts[0] == texts[1] != texts[2]
    assert pages_made[0][0]["test"] == pages_made[1][0]["test"] != pages_made[2][0]["test"]
    assert b"http://" not in texts[0].replace(b"http://www.w3.org", b"") and b"https://" not in texts[0]


def test_boosted_images_are_amplified_and_half_as_large(tmp_path: Path) -> None:
    test, out, _ = made(tmp_path, boosted=True)
    assert test["zoom"] == 2
    for name, one in test["stimuli"].items():
        crop = png.read(out.parent / f"stimuli/{name}.png").astype(float)
        assert crop.shape == (12, 12, 3)
        if one["codec"]:
            original = png.read(tmp_path / f"results/images/set/{one['image']}.png").astype(float)
            where = stimuli.busiest(original.astype(np.uint8), 12)
            decoded = png.read(tmp_path / f"results/decoded/set/{one['codec']}/{one['quality']}/{one['image']}.png")
            wanted = np.clip(2 * decoded[where].astype(float) - original[where], 0, 255)
            assert np.array_equal(crop, wanted)


def test_the_busiest_crop_has_the_detail() -> None:
    rgb = np.full((64, 96, 3), 90, np.uint8)
    rgb[20:34, 60:74] = np.random.default_rng(0).integers(0, 256, (14, 14, 3))
    rows, columns = stimuli.busiest(rgb, 24)
    assert rows.start <= 20 and rows.stop >= 34 and columns.start <= 60 and columns.stop >= 74
    assert stimuli.busiest(rgb, 500) == (slice(0, 64), slice(0, 96))


def test_pairs_of_the_same_pixels_are_left_out_and_nothing_to_compare_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        StudyError, match=r"within 20% of 9 bpp; the study's rates go from 0\.2 to 1\.44 bpp; name other"
    ):
        made(tmp_path / "a", rates=[9])
    decoded = tmp_path / "b/results/decoded/set"
    plan = pages.make(tmp_path / "b")
    for cell in decoded.glob("*/*/"):
        for image in ("first", "second one"):
            (cell / f"{image}.png").write_bytes((decoded / f"jpeg/10/{image}.png").read_bytes())
    rows = readers.read_rows(tmp_path / "b/results/studies/made/rd.csv")
    test = {"study": "made", "sets": plan["sets"], "metric": "psnr_rgb", "options": OPTIONS}
    with pytest.raises(StudyError, match="all codecs decode to the same pixels"):
        build.build(test, rows, tmp_path / "b/results", tmp_path / "b/out/index.html")


def test_only_the_codecs_and_images_that_are_chosen(tmp_path: Path) -> None:
    rows = readers.read_rows((made(tmp_path)[1].parents[1]) / "rd.csv")
    chosen = trials.chosen(rows, Options(rates=[0.2], codecs=["jpeg", "webp"], images=1))
    assert {(one.image, one.codec) for one in chosen} == {("first", "jpeg"), ("first", "webp")}


@pytest.mark.skipif(NODE is None, reason="node is not installed; apt-get install nodejs npm")
def test_functions_without_a_browser() -> None:
    script = "tests/opinions/session.test.js"
    done = subprocess.run([NODE, "--test", script], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
