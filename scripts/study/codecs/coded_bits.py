"""The length of integers' codes by the tables of a range coder with escapes.

It is the coder of TensorFlow Compression 1 (`UnboundedIndexRangeEncode`), whose tables and escapes CompressAI's rANS
coder took over.
"""

from __future__ import annotations

import numpy as np

PRECISION = 16  # bits of the coder's probabilities
DIGIT = 4  # bits


def coded_bits(
    symbols: np.ndarray, indexes: np.ndarray, cdfs: np.ndarray, sizes: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """The length of each integer's code in bits, float64 in the shape of `symbols`.

    `indexes`, of the same shape, choose the distributions: rows of `cdfs` [distribution, entry], of which `sizes` are
    in use, for integers from `offsets` on. A distribution covers the integers of its table but for the last entry, the
    escape: an integer outside is coded by that, then as how many digits of 4 bits it has (15 at a time), then its
    digits.
    """
    cdfs = cdfs.astype(np.int64)
    slots = symbols.astype(np.int64) - offsets[indexes]
    escapes = sizes[indexes] - 2
    outside = (slots < 0) | (slots >= escapes)
    beyond = np.where(slots < 0, -2 * slots - 1, 2 * (slots - escapes))[outside]
    slots = np.where(outside, escapes, slots)
    bits = PRECISION - np.log2(cdfs[indexes, slots + 1] - cdfs[indexes, slots])
    digits = np.ceil(np.log2(beyond + 1) / DIGIT)
    bits[outside] += DIGIT * (digits + 1 + digits // (2**DIGIT - 1))
    return bits
