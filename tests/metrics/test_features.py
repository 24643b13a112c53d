"""FSIM and GMSD: equal to `piq` in double precision."""

from __future__ import annotations

import numpy as np
import pytest

from distortions import CROPS, DISTORTIONS
from study.metrics import fsim, gmsd, registry

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
