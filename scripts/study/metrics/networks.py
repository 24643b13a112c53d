"""The layers of AlexNet and VGG-16 in NumPy: a job that scores images starts without a framework.

A convolution is a matrix product of the windows of some rows with the kernel; BLAS does the work, as in frameworks.
Where a kernel is 3x3 and deep, tiles of 4x4 results take 36 products for each pair of channels instead of 144
(A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016, F(4x4, 3x3)), which halves the time
and differs by some 1e-6 of the largest activation. Activations are float32 [H, W, C].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

STRIP = 2**21  # values of the windows that are laid out at a time: 8 MB
TILES = 2**19  # values of the transformed tiles at a time: 2 MB
DEEP = 64 * 128  # pairs of channels from which on tiles pay

# Lavin and Gray's transforms of a tile's input, kernel and result.
_INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float32,
)
_KERNEL = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_RESULT = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32)

Weights = dict[str, np.ndarray]


def prepared(weights: Weights) -> Weights:
    """The weights, and for each deep 3x3 kernel `conv<n>.tiles` [36, C, D], what `convolved_in_tiles` takes."""
    transform = np.kron(_KERNEL, _KERNEL).astype(np.float32)
    tiles = {
        name.replace(".kernel", ".tiles"): (transform @ array.reshape(9, -1)).reshape(36, *array.shape[2:])
        for name, array in weights.items()
        if name.endswith(".kernel") and array.shape[:2] == (3, 3) and array[0, 0].size >= DEEP
    }
    return weights | tiles


def convolved(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    """The rectified convolution of [H, W, C] with a kernel [h, w, C, D], zeros around, [H', W', D]."""
    height, width, _, depth = kernel.shape
    x = np.pad(x, ((padding, padding), (padding, padding), (0, 0)))
    view: Any = np.lib.stride_tricks.sliding_window_view
    windows = view(x, (height, width), axis=(0, 1))[::stride, ::stride]
    windows = windows.transpose(0, 1, 3, 4, 2)
    matrix = kernel.reshape(-1, depth)
    result = np.empty((*windows.shape[:2], depth), np.float32)
    rows = max(1, STRIP // (windows.shape[1] * len(matrix)))
    for top in range(0, len(result), rows):
        strip = windows[top : top + rows].reshape(-1, len(matrix))
        np.matmul(strip, matrix, out=result[top : top + rows].reshape(-1, depth))
    result += bias
    return np.maximum(result, 0, out=result)


def convolved_in_tiles(x: np.ndarray, tiles: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The rectified convolution of [H, W, C] with a 3x3 kernel as `prepared`, one zero around, [H, W, D]."""
    height, width, channels = x.shape
    depth = tiles.shape[2]
    down, across = -(-height // 4), -(-width // 4)
    x = np.pad(x, ((1, 4 * down - height + 1), (1, 4 * across - width + 1), (0, 0)))
    view: Any = np.lib.stride_tricks.sliding_window_view
    windows = view(x, (6, 6), axis=(0, 1))[::4, ::4].transpose(3, 4, 0, 1, 2)
    result = np.empty((down, 4, across, 4, depth), np.float32)
    rows = max(1, TILES // (36 * across * max(channels, depth)))
    for top in range(0, down, rows):
        strip = np.ascontiguousarray(windows[:, :, top : top + rows])
        values = np.matmul(_INPUT, (_INPUT @ strip.reshape(6, -1)).reshape(6, 6, -1))
        products = np.matmul(values.reshape(36, -1, channels), tiles)
        sums = np.matmul(_RESULT, (_RESULT @ products.reshape(6, -1)).reshape(4, 6, -1))
        result[top : top + rows] = sums.reshape(4, 4, -1, across, depth).transpose(2, 0, 3, 1, 4)
    whole = result.reshape(4 * down, 4 * across, depth)[:height, :width] + bias
    return np.maximum(whole, 0, out=whole)


def max_pooled(x: np.ndarray, side: int, stride: int) -> np.ndarray:
    """The largest of each square of `side` x `side` in `x` [H, W, C], every `stride` rows and columns."""
    height, width = ((length - side) // stride + 1 for length in x.shape[:2])
    corners = [
        x[i : i + stride * (height - 1) + 1 : stride, j : j + stride * (width - 1) + 1 : stride]
        for i in range(side)
        for j in range(side)
    ]
    result = corners[0].copy()
    for corner in corners[1:]:
        np.maximum(result, corner, out=result)
    return result


def alexnet(x: np.ndarray, weights: Weights) -> Iterator[np.ndarray]:
    """The five rectified activations [H, W, C] of AlexNet's convolutions (Krizhevsky 2014, as in torchvision)."""
    for layer, (stride, padding) in enumerate(((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))):
        x = _layer(x, weights, layer, stride, padding)
        yield x
        if layer < 2:
            x = max_pooled(x, 3, 2)


def vgg16(x: np.ndarray, weights: Weights, pool: Callable[[np.ndarray], np.ndarray]) -> Iterator[np.ndarray]:
    """The activations [H, W, C] before each pool of VGG-16 and after its last convolution (relu1_2 ... relu5_3)."""
    layer = 0
    for stage, count in enumerate((2, 2, 3, 3, 3)):
        if stage:
            x = pool(x)
        for _ in range(count):
            x = _layer(x, weights, layer)
            layer += 1
        yield x


def _layer(x: np.ndarray, weights: Weights, layer: int, stride: int = 1, padding: int = 1) -> np.ndarray:
    bias = weights[f"conv{layer}.bias"]
    if f"conv{layer}.tiles" in weights:
        return convolved_in_tiles(x, weights[f"conv{layer}.tiles"], bias)
    return convolved(x, weights[f"conv{layer}.kernel"], bias, stride, padding)
