"""The ids of the small metagraphs, and an image to code; needs no TensorFlow."""

from __future__ import annotations

import numpy as np

HYPERPRIORS = ("bmshj2018-hyperprior-mse-1", "mbt2018-mean-mse-1")
WITH_LATENTS = (*HYPERPRIORS, "b2018-gdn-128-1", "split-1", "variable-rate")
ALL = (*WITH_LATENTS, "two-branches")
SETTINGS = {"variable-rate": {"rd_parameter": 0.75}}


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth field of colours with some noise, uint8 [height, width, 3]."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / 16.0
    waves = [np.sin(rows * a + columns * b + c) for a, b, c in draw.uniform(-1.5, 1.5, (3, 3))]
    return np.clip(128 + 70 * np.stack(waves, -1) + draw.normal(0, 6, (height, width, 3)), 0, 255).astype(np.uint8)
