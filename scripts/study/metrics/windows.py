"""Windows over a plane, taken where they lie wholly inside it (`valid`), in double precision.

Filtering with a separable window is a product with a band matrix, block by block, first along the columns and then
along the rows. SciPy's BLAS uses the processor's whole vector unit; OpenCV's `sepFilter2D`, the next best of what was
measured, takes up to 2.5 times as long.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import cv2
import numpy as np

ROWS, COLUMNS = 128, 384  # windows in a tile
BLOCK = 16  # rows of a product; OpenBLAS takes one thread for products up to COLUMNS * BLOCK * 39

Window = tuple[float, ...]


def use_threads(threads: int) -> None:
    """Let OpenCV's filters take so many threads."""
    cv2.setNumThreads(threads)


def planes(rgb: np.ndarray) -> np.ndarray:
    """The colour planes, float64 [3, H, W], of an image, uint8 [H, W, 3]."""
    return np.stack(cv2.split(rgb)).astype(np.float64)


def gaussian(taps: int, sigma: float) -> Window:
    """A sampled Gaussian of an odd number of taps, with sum 1; `sigma` in pixels."""
    offsets = np.arange(taps) - taps // 2
    window = np.exp(-(offsets**2) / (2 * sigma**2))
    return tuple((window / window.sum()).tolist())


def tiles(taps: int, *maps: np.ndarray) -> Iterator[tuple[int, int, list[np.ndarray]]]:
    """The maps [H, W] in tiles: a tile's first row and column (even), and its part of each map.

    Tiles overlap by taps - 1 rows and columns, so every window lies in just one. A tile's arrays stay in the cache of
    the processor, which saves a quarter of the time, and memory with large images.
    """
    height, width = (side - taps + 1 for side in maps[0].shape)
    for top in range(0, height, ROWS):
        for left in range(0, width, COLUMNS):
            tile = np.s_[top : top + ROWS + taps - 1, left : left + COLUMNS + taps - 1]
            yield top, left, [np.ascontiguousarray(plane[tile]) for plane in maps]


def filtered(tile: np.ndarray, window: Window, step: int = 1) -> np.ndarray:
    """The tile, float64 [H, W], filtered with the window along both axes, at every `step`-th row and column.

    Rows and columns are swapped: [(W - taps) // step + 1, (H - taps) // step + 1].
    """
    return _along_columns(cv2.transpose(_along_columns(tile, window, step)), window, step)


def halved(plane: np.ndarray, window: Window) -> np.ndarray:
    """The plane, float64 [H, W], filtered with the window, at every second row and column."""
    height, width = ((side - len(window)) // 2 + 1 for side in plane.shape)
    result = np.empty((height, width))
    for top, left, (tile,) in tiles(len(window), plane):
        part = filtered(tile, window, step=2).T
        result[top // 2 : top // 2 + part.shape[0], left // 2 : left // 2 + part.shape[1]] = part
    return result


def box(tile: np.ndarray, taps: int) -> np.ndarray:
    """The mean in every square of `taps` (odd) pixels, [H - taps + 1, W - taps + 1]; without gaps in memory."""
    means = cv2.boxFilter(tile, cv2.CV_64F, (taps, taps), borderType=cv2.BORDER_CONSTANT)
    margin = taps // 2
    return means[margin : means.shape[0] - margin, margin : means.shape[1] - margin].copy()


def _along_columns(tile: np.ndarray, window: Window, step: int) -> np.ndarray:
    count = (len(tile) - len(window)) // step + 1
    result = np.empty((count, tile.shape[1]))
    for first in range(0, count, BLOCK):
        band = _band(window, step, min(BLOCK, count - first))
        rows = tile[first * step : first * step + len(band)]
        _dgemm()(1.0, rows.T, band, 0.0, result[first : first + BLOCK].T, overwrite_c=True)  # writes into `result`
    return result


@cache
def _dgemm() -> Callable:
    """`scipy.linalg.blas.dgemm`, loaded from its own file: the rest of `scipy.linalg` would double a job's start-up."""
    scipy = importlib.util.find_spec("scipy") if "scipy.linalg" not in sys.modules else None
    for suffix in EXTENSION_SUFFIXES if scipy else ():
        file = Path(str(scipy and scipy.origin)).parent / "linalg" / f"_fblas{suffix}"
        if file.is_file():
            spec = importlib.util.spec_from_file_location("scipy.linalg._fblas", file)
            if spec is not None and spec.loader is not None:
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                return module.dgemm
    from scipy.linalg import blas

    return blas.dgemm


@cache
def _band(window: Window, step: int, count: int) -> np.ndarray:
    """The matrix [(count - 1) * step + taps, count] that takes `count` windows of a line."""
    band = np.zeros(((count - 1) * step + len(window), count), order="F")
    for offset in range(count):
        band[offset * step : offset * step + len(window), offset] = window
    return band
