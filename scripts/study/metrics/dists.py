"""DISTS: similarity of the means and of the structure of VGG-16's activations; it forgives resampled texture.

K. Ding, K. Ma, S. Wang, E. P. Simoncelli, "Image quality assessment: unifying structure and texture similarity", IEEE
Trans. Pattern Analysis and Machine Intelligence 44 (2022), eqs. 4-8; weights of the authors' package `DISTS-pytorch`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from study.metrics import network_weights, networks

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
C = 1e-6
HANNING = (0.25, 0.5, 0.25)  # of the L2 pooling


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`dists` of two images, uint8 [H, W, 3], at their own size; 0 for identical ones."""
    weights = network_weights.load("dists")
    original = networks.of_original(reference, "dists", "vgg16", lambda: _activations(reference, threads))
    pairs = zip(original, _activations(image, threads))
    means, structures = zip(*(_similarities(*pair) for pair in pairs))
    alpha, beta = weights["alpha"].astype(np.float64), weights["beta"].astype(np.float64)
    value = 1 - (np.concatenate(means) @ alpha + np.concatenate(structures) @ beta) / (alpha.sum() + beta.sum())
    return {name: float(value) for name in names}


def skip() -> str | None:
    """Why DISTS can't be computed here, or None."""
    return network_weights.missing("vgg16", "dists")


def _activations(rgb: np.ndarray, threads: int) -> Iterator[np.ndarray]:
    x = rgb.astype(np.float32) / np.float32(255)
    scaled = (x - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
    yield x
    yield from networks.vgg16(scaled, _l2_pooled, threads)


def _l2_pooled(x: np.ndarray) -> np.ndarray:
    """The root of the Hanning-weighted mean of squares of 3x3, every second row and column, zeros around."""
    squares = x * x
    window = np.array(HANNING, np.float32)
    for axis in (0, 1):
        padded = np.pad(squares, [(1, 1) if dimension == axis else (0, 0) for dimension in range(3)])
        count = (squares.shape[axis] - 1) // 2 + 1
        taps = [np.take(padded, range(tap, tap + 2 * count - 1, 2), axis=axis) for tap in range(3)]
        squares = taps[0] * window[0] + taps[1] * window[1] + taps[2] * window[2]
    return np.sqrt(squares + np.float32(1e-12))


def _similarities(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each channel the similarity of the means and that of the structure, from activations [H, W, C]."""
    x, y = (features.reshape(-1, features.shape[2]) for features in (x, y))
    mean_x, mean_y = x.mean(axis=0, dtype=np.float64), y.mean(axis=0, dtype=np.float64)
    x, y = x - mean_x.astype(np.float32), y - mean_y.astype(np.float32)
    variances = np.einsum("nc,nc->c", x, x) + np.einsum("nc,nc->c", y, y)
    covariance = np.einsum("nc,nc->c", x, y)
    means = (2 * mean_x * mean_y + C) / (mean_x**2 + mean_y**2 + C)
    return means, (2 * covariance / len(x) + C) / (variances / len(x) + C)
