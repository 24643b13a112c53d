"""The probabilities that latents and parameters are coded by: discretised Laplace distributions as tables of integers.

A table is that of a scale, from 2^-4.5 in steps of a quarter of an octave, and of a mean's fraction in eighths. Values
beyond the table are an escape, followed by the value itself. Encoder and decoder on any machine have the same integers:
they are rounded from floats, and none lies so near to a half that the last bits of `exp` decide (a test checks it).
"""

from __future__ import annotations

from functools import cache

import numpy as np

FRACTIONS = 8  # of a mean
SCALES = 48
OCTAVE = 4  # scales in an octave
SMALLEST = -4.5  # log2 of the smallest scale
REACH = 63  # the largest residual with a probability of its own
ESCAPE = 2 * REACH + 1
LARGEST = 2**11 - 1  # of a latent and of a mean, either sign
ESCAPE_RANGE = 2**13
_TOTAL = 2**22


@cache
def counts() -> np.ndarray:
    """Relative frequencies, int64 [SCALES, FRACTIONS, ESCAPE + 1]; residuals are from the integer nearest to a mean."""
    return (np.rint(unrounded()) + 1).astype(np.int64)


def unrounded() -> np.ndarray:
    """The frequencies, less one, before they are rounded: float64 of the same shape."""
    scale = (2.0 ** (np.arange(SCALES) / OCTAVE + SMALLEST))[:, None, None]
    means = (np.arange(FRACTIONS) - FRACTIONS // 2) / FRACTIONS
    distance = np.abs(np.arange(-REACH, REACH + 1) - means[:, None])[None]
    near, far = np.exp(-np.abs(distance - 0.5) / scale) / 2, np.exp(-(distance + 0.5) / scale) / 2
    probability = np.where(distance < 0.5, 1 - near, near) - far
    above = np.exp(-(REACH + 0.5 - means[:, None]) / scale) / 2
    below = np.exp(-(REACH + 0.5 + means[:, None]) / scale) / 2
    return np.concatenate([probability, above + below], axis=-1) * _TOTAL


def split_mean(eighths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A mean in eighths, of any shape, as the nearest integer and the number of its table's fraction."""
    nearest = (eighths + FRACTIONS // 2) // FRACTIONS
    return nearest, eighths - nearest * FRACTIONS + FRACTIONS // 2


@cache
def bits() -> np.ndarray:
    """The length of each symbol's code in bits, float64 of the shape of `counts`, escaped values included."""
    table = counts()
    lengths = -np.log2(table / table.sum(axis=-1, keepdims=True))
    lengths[..., ESCAPE] += np.log2(ESCAPE_RANGE)
    return lengths
