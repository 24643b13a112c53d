"""Distorted images that no library's version changes: whole-number arithmetic on packaged photos."""

from __future__ import annotations

from functools import cache

import numpy as np


@cache
def photo(name: str) -> np.ndarray:
    """A photo of scikit-image, uint8 [H, W, 3]."""
    from skimage import data

    return getattr(data, name)()


def posterised(rgb: np.ndarray, step: int) -> np.ndarray:
    """The samples quantised to the middles of intervals of `step`."""
    return np.minimum(rgb.astype(int) // step * step + step // 2, 255).astype(np.uint8)


def blocky(rgb: np.ndarray, share: int, side: int = 8) -> np.ndarray:
    """A mixture with `share` hundredths of the means of squares of `side` pixels; what is over at the edges stays."""
    height, width = (length // side * side for length in rgb.shape[:2])
    blocks = rgb[:height, :width].astype(int).reshape(height // side, side, width // side, side, 3)
    means = blocks.sum(axis=(1, 3), keepdims=True) // side**2
    mixed = (blocks * (100 - share) + means * share) // 100
    whole = rgb.copy()
    whole[:height, :width] = mixed.reshape(height, width, 3)
    return whole


def smeared(rgb: np.ndarray, reach: int) -> np.ndarray:
    """Means of 2 * reach + 1 pixels along the rows, which go round."""
    shifted = [np.roll(rgb, offset, axis=1).astype(int) for offset in range(-reach, reach + 1)]
    return (sum(shifted) // len(shifted)).astype(np.uint8)


DISTORTIONS = {
    "posterised 12": lambda rgb: posterised(rgb, 12),
    "posterised 40": lambda rgb: posterised(rgb, 40),
    "blocky 30": lambda rgb: blocky(rgb, 30),
    "blocky 80": lambda rgb: blocky(rgb, 80),
    "smeared 1": lambda rgb: smeared(rgb, 1),
    "smeared 4": lambda rgb: smeared(rgb, 4),
    "darker": lambda rgb: rgb - rgb // 16,
}
CROPS = {
    "astronaut": lambda: photo("astronaut"),
    "chelsea": lambda: photo("chelsea"),
    "coffee": lambda: photo("coffee"),
    "astronaut 64x81": lambda: photo("astronaut")[100:181, 180:244],
    "chelsea 9x8": lambda: photo("chelsea")[100:108, 200:209],
}
