"""What an observer sees of an image: the crop with the most detail, and a decoded crop with its errors amplified."""

from __future__ import annotations

import numpy as np

STEP = 8  # pixels between the crops that are tried
AMPLIFIED = 2.0
ZOOM = 2


def busiest(rgb: np.ndarray, side: int) -> tuple[slice, slice]:
    """Rows and columns of the crop with the most detail of an image, uint8 [H, W, 3]; at most `side` pixels a side.

    Detail is the sum of the absolute differences between neighbouring pixels of the mean of the colours.
    """
    grey = rgb.astype(np.float64).mean(axis=2)
    detail = np.zeros_like(grey)
    detail[:, 1:] += np.abs(np.diff(grey, axis=1))
    detail[1:] += np.abs(np.diff(grey, axis=0))
    total = np.pad(detail.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    height, width = (min(side, length) for length in grey.shape)
    tops = np.arange(0, grey.shape[0] - height + 1, STEP)
    lefts = np.arange(0, grey.shape[1] - width + 1, STEP)
    above, below = total[tops], total[tops + height]
    sums = below[:, lefts + width] - below[:, lefts] - above[:, lefts + width] + above[:, lefts]
    row, column = np.unravel_index(int(sums.argmax()), sums.shape)
    return slice(tops[row], tops[row] + height), slice(lefts[column], lefts[column] + width)


def amplified(original: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """A decoded image, uint8 [H, W, 3], whose difference from the original is `AMPLIFIED` times as large, clipped."""
    larger = original + AMPLIFIED * (decoded.astype(np.float64) - original)
    return np.rint(np.clip(larger, 0, 255)).astype(np.uint8)
