"""The Laplacian pyramid of Burt and Adelson, in double precision.

P. J. Burt, E. H. Adelson, "The Laplacian pyramid as a compact image code", IEEE Trans. Communications 31 (1983), with
the binomial filter (1, 4, 6, 4, 1) / 16 and the image mirrored about the middle of its outermost pixels.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16
SMALLEST = 3  # the side of the smallest plane that can be split


def split(plane: np.ndarray, mirrored: bool) -> tuple[np.ndarray, np.ndarray]:
    """The low band of a plane, float64 [H, W] -> [(H + 1) // 2, (W + 1) // 2], and what it lacks, [H, W].

    Beyond its last row or column the low band is `mirrored` about its middle as the plane is, or the last one is taken
    twice: programs differ in this.
    """
    low: Any = cv2.sepFilter2D(plane, cv2.CV_64F, BINOMIAL, BINOMIAL, borderType=cv2.BORDER_REFLECT_101)[::2, ::2]
    wide = _doubled(low.T, plane.shape[1], mirrored).T
    return np.ascontiguousarray(low), plane - _doubled(wide, plane.shape[0], mirrored)


def _doubled(low: np.ndarray, count: int, mirrored: bool) -> np.ndarray:
    """The rows of a low band, interpolated to `count` rows with twice the binomial filter."""
    after = low[-2:-1] if mirrored else low[-1:]
    padded = np.concatenate([low[1:2], low, after])
    high = np.empty((2 * len(low), low.shape[1]))
    high[::2] = (padded[:-2] + 6 * low + padded[2:]) / 8
    high[1::2] = (low + padded[2:]) / 2
    return high[:count]
