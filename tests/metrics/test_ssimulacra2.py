"""SSIMULACRA 2: the author's program, extreme images, and the filter."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from distortions import CROPS, DISTORTIONS, photo
from study.metrics import ssimulacra2

PROGRAM = {  # of `ssimulacra2` of libjxl 0.11.2 (Debian's libjxl-devtools 0.11.2-0.1), in the order of DISTORTIONS
    "astronaut": (64.7720, -9.9374, 48.8146, -24.6757, 29.8981, -16.8058, 81.6763),
    "chelsea": (73.9204, -4.2184, 61.8920, -11.2704, 65.3169, 13.0569, 82.6327),
    "coffee": (70.9342, -0.1196, 53.1474, -21.5693, 48.1457, -13.9049, 82.3611),
    "astronaut 64x81": (76.1251, 18.5646, 79.5439, 45.2943, 79.8847, 54.6740, 82.0655),
    "chelsea 9x8": (95.2653, 89.8661, 90.5225, 76.1263, 82.7907, 70.9222, 98.9663),
}


def score(reference: np.ndarray, image: np.ndarray) -> float:
    return ssimulacra2.compute(reference, image, ["ssimulacra2"], 1)["ssimulacra2"]


@pytest.mark.parametrize("crop", CROPS)
def test_the_scores_are_the_authors(crop: str) -> None:
    reference = CROPS[crop]()
    for distort, theirs in zip(DISTORTIONS.values(), PROGRAM[crop], strict=True):
        assert score(reference, distort(reference)) == pytest.approx(theirs, abs=0.25)


@pytest.mark.skipif(not shutil.which("ssimulacra2"), reason="Debian's libjxl-devtools 0.8 or newer has the program")
@pytest.mark.parametrize("crop", CROPS)
def test_the_scores_are_the_installed_programs(crop: str, tmp_path: Path) -> None:
    reference = CROPS[crop]()
    for distort in DISTORTIONS.values():
        paths = [tmp_path / "reference.png", tmp_path / "image.png"]
        for path, rgb in zip(paths, (reference, distort(reference))):
            Image.fromarray(rgb).save(path)
        theirs = subprocess.run(["ssimulacra2", *paths], capture_output=True, text=True, check=True).stdout
        assert score(reference, distort(reference)) == pytest.approx(float(theirs), abs=0.25)


def test_identical_images_have_100_and_others_less() -> None:
    for name in CROPS:
        reference = CROPS[name]()
        assert score(reference, reference.copy()) == 100
        assert score(reference, reference ^ 1) < 100
    flat = np.full((9, 40, 3), 77, np.uint8)
    assert score(flat, flat) == 100
    assert score(flat, flat + np.uint8(20)) < 90


def test_the_score_is_not_symmetric() -> None:
    """Lost detail and added artefacts have maps and weights of their own."""
    reference = photo("chelsea")
    image = DISTORTIONS["smeared 4"](reference)
    assert abs(score(reference, image) - score(image, reference)) > 0.1


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = photo("chelsea")[:150, :171]
    image = DISTORTIONS["blocky 30"](reference)
    in_strips = score(reference, image)
    monkeypatch.setattr(ssimulacra2, "ROWS", 1000)
    assert score(reference, image) == pytest.approx(in_strips, abs=1e-3)


def test_the_filter_has_the_gaussians_moments() -> None:
    window = ssimulacra2._window()
    offsets = np.arange(len(window)) - len(window) // 2
    assert window.sum() == pytest.approx(1, abs=1e-12)
    assert (window * offsets**2).sum() == pytest.approx(1.5**2, abs=1e-9)
    assert window == pytest.approx(window[::-1], abs=1e-15)
    assert window.min() > 0
