"""The largest error of a sample."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """The largest absolute difference of the samples, 0 to 255; images are uint8 [H, W, 3]."""
    return {"largest_error": float(np.abs(reference.astype(np.int16) - image).max())}
