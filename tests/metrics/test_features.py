"""FSIM, GMSD and IW-SSIM are equal to `piq`, NLPD to `plenoptic`, PSNR-HVS-M to `psnr_hvsm`."""

from __future__ import annotations

import numpy as np
import pytest

from distortions import CROPS, DISTORTIONS
from study.metrics import fsim, gmsd, iw_ssim, nlpd, psnr_hvs_m, pyramid, registry

SMALL = {  # FSIM halves an image whose shorter side is 384 pixels or more
    "astronaut": lambda: CROPS["astronaut"]()[:401, 60:450],
    "chelsea": lambda: CROPS["chelsea"]()[60:201, 150:303],
    "coffee": lambda: CROPS["coffee"]()[:, 200:590],
    **{name: CROPS[name] for name in ("astronaut 64x81", "chelsea 9x8")},
}


@pytest.fixture(scope="module")
def piq():
    return pytest.importorskip("piq")


def tensors(*images: np.ndarray) -> list:
    import torch

    return [torch.from_numpy(rgb / 255).permute(2, 0, 1)[None] for rgb in images]


@pytest.mark.slow
@pytest.mark.parametrize("crop", SMALL)
@pytest.mark.parametrize("distortion", ["posterised 40", "blocky 80", "smeared 4", "darker"])
def test_they_equal_piq(piq, crop: str, distortion: str) -> None:
    reference = SMALL[crop]()
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


def iwssim(reference: np.ndarray, image: np.ndarray) -> float:
    return iw_ssim.compute(reference, image, ["iw_ssim"], 1)["iw_ssim"]


@pytest.mark.slow
@pytest.mark.parametrize("distortion", DISTORTIONS)
def test_iw_ssim_equals_piq(piq, distortion: str) -> None:
    """The astronaut has flat areas, where rounding would be information; the sides of the others are odd at a scale."""
    astronaut, chelsea = CROPS["astronaut"](), CROPS["chelsea"]()
    for reference in (astronaut[:161, :190], astronaut[338:, :170], chelsea[60:224, 150:323]):
        image = DISTORTIONS[distortion](reference)
        expected = piq.information_weighted_ssim(*tensors(image, reference)).item()
        assert iwssim(reference, image) == pytest.approx(expected, abs=1e-9)


def test_iw_ssim_minds_damage_where_the_image_tells_most() -> None:
    """The same error on a flat half and on a half of texture: where it is the only structure, it counts more."""
    rng = np.random.default_rng(0)
    reference = np.full((176, 352, 3), 120, np.uint8)
    reference[:, 176:] = rng.integers(40, 200, (176, 176, 1))
    error = rng.integers(-20, 21, (176, 176, 1))
    images = [reference.astype(int) for _ in range(2)]
    images[0][:, :176] += error
    images[1][:, 176:] += error
    flat, textured = (iwssim(reference, image.astype(np.uint8)) for image in images)
    assert flat < textured < 1


def test_iw_ssim_of_stripes_whose_neighbours_have_no_regular_covariance() -> None:
    stripes = np.zeros((170, 180, 3), np.uint8)
    stripes[:, ::7] = 200
    assert iwssim(stripes, stripes) == pytest.approx(1, abs=1e-12)
    assert 0 < iwssim(stripes, np.maximum(stripes, 60)) < 1


def test_flat_images_have_no_iw_ssim() -> None:
    flat = np.full((170, 180, 3), 90, np.uint8)
    values, reasons = registry.score(flat, flat + np.uint8(4), ["iw_ssim", "nlpd"])
    assert values["nlpd"] > 0
    assert reasons == {"iw_ssim": "both images are flat at one of the scales"}


@pytest.mark.parametrize("distortion", DISTORTIONS)
def test_nlpd_equals_plenoptic(distortion: str) -> None:
    torch, theirs = pytest.importorskip("torch"), pytest.importorskip("plenoptic")
    for crop in ("chelsea", "astronaut 64x81"):
        reference = CROPS[crop]()
        image = DISTORTIONS[distortion](reference)
        lumas = (rgb @ np.array([0.299, 0.587, 0.114]) / 255 for rgb in (reference, image))
        pair = [torch.from_numpy(luma)[None, None] for luma in lumas]
        value = nlpd.compute(reference, image, ["nlpd"], 1)["nlpd"]
        assert value == pytest.approx(theirs.metric.nlpd(*pair, epsilon=0).item(), abs=1e-9)


def test_nlpd_minds_an_error_less_where_there_is_contrast() -> None:
    rng = np.random.default_rng(0)
    texture = rng.integers(40, 200, (64, 64, 1)).repeat(3, 2).astype(np.uint8)
    flat = np.full((64, 64, 3), 120, np.uint8)
    error = rng.integers(0, 9, (64, 64, 1)).astype(np.uint8)
    on_texture, on_flat = (nlpd.compute(rgb, rgb + error, ["nlpd"], 1)["nlpd"] for rgb in (texture, flat))
    assert on_flat > 1.5 * on_texture > 0


@pytest.mark.parametrize("size", [(3, 3), (4, 9), (21, 16)])
@pytest.mark.parametrize("mirrored", [True, False])
def test_a_flat_plane_has_no_band_and_a_band_is_what_the_low_one_lacks(size: tuple, mirrored: bool) -> None:
    low, band = pyramid.split(np.full(size, 7.0), mirrored)
    assert low.shape == tuple((side + 1) // 2 for side in size) and band.shape == size
    assert low == pytest.approx(7) and band == pytest.approx(0)


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
