"""FLIP: how much an image differs from its reference when the two are shown in turn, by its authors' package.

P. Andersson, J. Nilsson, T. Akenine-Moller, M. Oskarsson, K. Astrom, M. D. Fairchild, "FLIP: a difference evaluator for
alternating images", Proc. ACM Computer Graphics and Interactive Techniques 3 (2020). The package `flip-evaluator` 1.7
(BSD) is installed by `make perceptual`.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection

import numpy as np

PACKAGE, VERSION = "flip-evaluator", "1.7"
PIXELS_PER_DEGREE = 67.0  # the authors' default: a monitor 0.7 m wide with 3840 columns, seen from 0.7 m


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`flip` of two images, uint8 [H, W, 3]: the mean of the map; 0 for identical ones."""
    return {name: float(error_map(reference, image).mean(dtype=np.float64)) for name in names}


def error_map(reference: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The map of errors, float32 [H, W] in 0..1, of two images, uint8 [H, W, 3]."""
    return _evaluated(reference, image, magma=False)[..., 0]


def coloured_map(reference: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The map of errors of two images, both uint8 [H, W, 3], in Magma as by its authors: black at 0, yellow at 1."""
    return np.rint(255 * _evaluated(reference, image, magma=True)).astype(np.uint8)


def _evaluated(reference: np.ndarray, image: np.ndarray, magma: bool) -> np.ndarray:
    from flip_evaluator import nbflip

    x, y = (np.ascontiguousarray(rgb, np.float32) / np.float32(255) for rgb in (reference, image))
    settings = {"ppd": PIXELS_PER_DEGREE}
    errors, _, _ = nbflip.evaluate(x, y, False, True, magma, False, settings)
    return np.asarray(errors)


def skip() -> str | None:
    """Why FLIP can't be computed here, or None."""
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        version = "not there"
    return (
        None if version == VERSION else f"the package {PACKAGE} {VERSION} is {version} (`make perceptual` installs it)"
    )
