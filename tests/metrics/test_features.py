"""FSIM and GMSD are equal to `piq`, PSNR-HVS-M to `psnr_hvsm`."""

from __future__ import annotations

import numpy as np
import pytest

from distortions import CROPS, DISTORTIONS
from study.metrics import fsim, gmsd, psnr_hvs_m, registry

piq = pytest.importorskip("piq")


def tensors(*images: np.ndarray) -> list:
    import torch

    return [torch.from_numpy(rgb / 255).permute(2, 0, 1)[None] for rgb in images]


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("distortion", ["posterised 40", "blocky 80", "smeared 4", "darker"])
def test_they_equal_piq(crop: str, distortion: str) -> None:
    reference = CROPS[crop]()
    image = DISTORTIONS[distortion](reference)
    pair = tensors(image, reference)
    ours = fsim.compute(reference, image, ["fsim", "fsimc"], 1) | gmsd.compute(reference, image, ["gmsd"], 1)
    assert ours["fsim"] == pytest.approx(piq.fsim(*pair, chromatic=False).item(), abs=1e-9)
    assert ours["fsimc"] == pytest.approx(piq.fsim(*pair).item(), abs=1e-9)
    assert ours["gmsd"] == pytest.approx(piq.gmsd(*pair).item(), abs=1e-9)


def test_grey_images_have_the_same_fsim_with_colour_and_without() -> None:
    reference = CROPS["chelsea"]()[..., :1].repeat(3, 2)
    image = DISTORTIONS["blocky 80"](reference)
    values = fsim.compute(reference, image, ["fsim", "fsimc"], 1)
    assert values["fsim"] == pytest.approx(values["fsimc"], abs=1e-5)


def test_without_an_edge_there_is_no_fsim() -> None:
    flat = np.full((40, 50, 3), 90, np.uint8)
    values, reasons = registry.score(flat, flat, ["fsim", "fsimc", "gmsd"])
    assert values == {"gmsd": 0}
    assert reasons == dict.fromkeys(["fsim", "fsimc"], "neither image has an edge")


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("distortion", DISTORTIONS)
def test_psnr_hvs_m_equals_psnr_hvsm(distortion: str) -> None:
    """The package wants whole blocks; its tables have six decimals."""
    theirs = pytest.importorskip("psnr_hvsm")
    reference = CROPS["chelsea"]()[:296, :448]
    image = DISTORTIONS[distortion](reference)
    lumas = (rgb @ np.array([0.299, 0.587, 0.114]) / 255 for rgb in (reference, image))
    expected = float(theirs.psnr_hvs_hvsm(*lumas)[1])
    assert psnr_hvs_m.compute(reference, image, ["psnr_hvs_m"], 1)["psnr_hvs_m"] == pytest.approx(expected, abs=5e-6)


def test_psnr_hvs_m_leaves_out_what_is_no_whole_block() -> None:
    reference = CROPS["astronaut"]()[:83, :70]
    image = DISTORTIONS["smeared 1"](reference)
    cut = psnr_hvs_m.compute(reference[:80, :64], image[:80, :64], ["psnr_hvs_m"], 1)
    assert psnr_hvs_m.compute(reference, image, ["psnr_hvs_m"], 1) == cut


def test_psnr_hvs_m_forgives_noise_in_texture_more_than_on_a_flat_area() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(-6, 7, (64, 64, 1))
    texture = rng.integers(60, 190, (64, 64, 1)).repeat(3, 2).astype(np.uint8)
    flat = np.full((64, 64, 3), 125, np.uint8)
    values = [
        psnr_hvs_m.compute(rgb, (rgb + noise).astype(np.uint8), ["psnr_hvs_m"], 1)["psnr_hvs_m"]
        for rgb in (texture, flat)
    ]
    assert values[0] > values[1] + 6
