"""PSNR, from sums of whole numbers: it is exact, and infinite if and only if the compared signals are the same."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

from study.metrics.windows import planes

PEAK = 255
BT601 = (299, 587, 114)  # thousandths of R', G' and B' in luma


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """Those of `psnr_rgb` and `psnr_y` that are in `names`; images are uint8 [H, W, 3]."""
    values = psnr(planes(reference), planes(image))
    return {name: values[name] for name in names}


def psnr(reference: np.ndarray, image: np.ndarray) -> dict[str, float]:
    """PSNR in dB over the samples of R'G'B' (`psnr_rgb`) and of luma (`psnr_y`); planes are float64 [3, H, W].

    The squared error of luma Y' = 0.299 R' + 0.587 G' + 0.114 B' (ITU-R BT.601, full range, not rounded) is a quadratic
    form of the errors in R', G' and B', so luma is never computed.
    """
    errors = reference - image
    products = [[int(np.einsum("hw,hw->", errors[i], errors[j])) for j in range(i + 1)] for i in range(3)]
    rgb = sum(products[i][i] for i in range(3))
    luma = sum((1 if i == j else 2) * BT601[i] * BT601[j] * products[i][j] for i in range(3) for j in range(i + 1))
    return {"psnr_rgb": _decibels(rgb, errors.size), "psnr_y": _decibels(luma, 1000**2 * errors[0].size)}


def _decibels(squares: int, count: int) -> float:
    return 10 * math.log10(PEAK**2 * count / squares) if squares else math.inf
