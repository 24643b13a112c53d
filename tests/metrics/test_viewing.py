"""ColorVideoVDP and FLIP: the authors' values, and how the image is looked at."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys

import numpy as np
import pytest

from distortions import CROPS, DISTORTIONS
from study.core import paths
from study.metrics import cvvdp, flip, registry

needs_cvvdp = pytest.mark.skipif(cvvdp.skip() is not None, reason="`make cvvdp` installs it")
needs_flip = pytest.mark.skipif(flip.skip() is not None, reason="`make perceptual` installs it")


@pytest.mark.slow
@needs_cvvdp
def test_a_display_with_more_pixels_for_a_degree_hides_more() -> None:
    reference = CROPS["chelsea"]()[:200, :222]
    values = cvvdp.compute(reference, DISTORTIONS["blocky 30"](reference), list(cvvdp.DISPLAYS), 1)
    assert values["cvvdp_fhd"] < values["cvvdp_4k"] < values["cvvdp_phone"] < 10


@pytest.mark.slow
@needs_cvvdp
def test_the_entries_tell_the_displays_of_the_package() -> None:
    import pycvvdp

    for name, display in cvvdp.DISPLAYS.items():
        metric = registry.entry(name)
        geometry = pycvvdp.vvdp_display_geometry.load(display, [])
        photometry = pycvvdp.vvdp_display_photometry.load(display, [])
        columns, rows = geometry.resolution
        for words in (display, f"{columns}x{rows}", f"{photometry.Y_peak} cd/m2", f"{photometry.E_ambient} lux"):
            assert words in metric.definition, (name, words)
        assert f"{geometry.get_ppd():.0f} pixels for a degree" in metric.definition
        assert display in metric.function


AFTER_A_LEARNED_CODEC = """
import sys
sys.path.insert(0, sys.argv[1])
import study.codecs.compressai.codec
import numpy, torch
from study.metrics import cvvdp
image = numpy.zeros((64, 64, 3), "uint8")
print(cvvdp.compute(image, image, ["cvvdp_4k"], 1))
"""


@pytest.mark.slow
@needs_cvvdp
def test_colorvideovdp_in_the_process_of_a_learned_codec() -> None:
    command = [sys.executable, "-c", AFTER_A_LEARNED_CODEC, str(paths.SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.startswith("{'cvvdp_4k': "), done.stderr


@needs_cvvdp
def test_the_version_stands_in_the_row() -> None:
    assert cvvdp.versions() == "cvvdp 0.5.7"


def test_what_is_not_there_or_of_another_version_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "9.9")
    assert "cvvdp is 9.9, and the metric is 0.5.7's" in cvvdp.skip()
    assert "flip-evaluator 1.7 is 9.9" in flip.skip()

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert "`make cvvdp` installs it" in cvvdp.skip()
    assert "`make perceptual` installs it" in flip.skip()


@needs_flip
@pytest.mark.parametrize("distortion", ["posterised 40", "smeared 4", "darker"])
def test_flip_is_the_packages_with_its_default_of_pixels(distortion: str) -> None:
    import flip_evaluator

    reference = CROPS["chelsea"]()[:150, :170]
    image = DISTORTIONS[distortion](reference)
    pair = [np.float32(rgb) / 255 for rgb in (reference, image)]
    errors, mean, settings = flip_evaluator.evaluate(*pair, "LDR", applyMagma=False)
    value = flip.compute(reference, image, ["flip"], 1)["flip"]
    assert value == pytest.approx(mean, abs=1e-4)  # whose default is a monitor, of 67.02 pixels for a degree
    assert settings["ppd"] == pytest.approx(flip.PIXELS_PER_DEGREE, abs=0.05)
    assert flip.error_map(reference, image) == pytest.approx(np.asarray(errors)[..., 0], abs=2e-3)
    assert f"{flip.PIXELS_PER_DEGREE:g} pixels for a degree" in registry.entry("flip").definition


@needs_flip
def test_flips_map_is_where_the_error_is() -> None:
    reference = CROPS["chelsea"]()[:120, :130]
    image = reference.copy()
    image[40:60, 50:70] = 255 - image[40:60, 50:70]
    errors = flip.error_map(reference, image)
    assert errors[45:55, 55:65].min() > 0.1
    assert errors[:20].max() == errors[:, 110:].max() == 0


def test_a_job_gets_what_it_needs_to_skip() -> None:
    recipes = json.loads(registry.recipes(["flip", "cvvdp_4k"]))
    assert [recipes[name]["skip"] for name in recipes] == ["study.metrics.cvvdp:skip", "study.metrics.flip:skip"]
