"""The layers of AlexNet and VGG-16 in NumPy: a job that scores images starts without a framework.

A convolution is a matrix product of the windows of some rows with the kernel; BLAS does the work, as in frameworks.
Where a kernel is deep, tiles of 4x4 results take fewer products for each pair of channels, 36 in place of 144 for a
3x3 kernel, 64 in place of 400 for a 5x5 one (A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks",
CVPR 2016), which differs by some 1e-6 of the largest activation. Activations are float32 [H, W, C].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

STRIP = 2**18  # values of the windows that are laid out at a time: 1 MB
TILES = 2**21  # values of the transformed tiles at a time: 8 MB
TILE = 4  # results of a tile, down and across
DEEP = 64 * 64  # pairs of channels from which on tiles pay
POINTS = {3: (0, 1, -1, 2, -2), 5: (0, 1, -1, 2, -2, 0.5, -0.5)}  # and infinity, by the kernel's side

Weights = dict[str, np.ndarray]


class Transforms(NamedTuple):
    """What takes an input's tile of n x n to another basis, a kernel, and a product of the two to 4x4 results.

    Matrices [n n, n n], [n n, r r] and [16, n n], where the kernel is r x r and n = r + 3.
    """

    tile: np.ndarray
    kernel: np.ndarray
    result: np.ndarray


@cache
def transforms(side: int) -> Transforms:
    """The transforms for kernels of `side` x `side`, by Cook and Toom: polynomials are multiplied by their values."""
    points = np.array(POINTS[side])
    count = len(points) + 1
    tile, kernel, result = np.zeros((count, count)), np.zeros((count, side)), np.zeros((TILE, count))
    for row, point in enumerate(points):
        others = np.delete(points, row)
        tile[row, :-1] = np.poly(others)[::-1]
        kernel[row] = point ** np.arange(side) / np.prod(point - others)
        result[:, row] = point ** np.arange(TILE)
    tile[-1], kernel[-1, -1], result[-1, -1] = np.poly(points)[::-1], 1, 1
    return Transforms(*(np.kron(matrix, matrix).astype(np.float32) for matrix in (tile, kernel, result)))


def prepared(weights: Weights) -> Weights:
    """The weights, and for each deep kernel `conv<n>.tiles` [n n, C, D], what `convolved_in_tiles` takes."""
    tiles = {}
    for name, kernel in weights.items():
        if name.endswith(".kernel") and len(kernel) in POINTS and kernel[0, 0].size >= DEEP:
            transformed = transforms(len(kernel)).kernel @ kernel.reshape(len(kernel) ** 2, -1)
            tiles[name.replace(".kernel", ".tiles")] = transformed.reshape(-1, *kernel.shape[2:])
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


def convolved_in_tiles(x: np.ndarray, tiles: np.ndarray, bias: np.ndarray, padding: int = 1) -> np.ndarray:
    """The rectified convolution of [H, W, C] with a kernel as `prepared`, zeros around, [H', W', D]."""
    _, channels, depth = tiles.shape
    count = round(len(tiles) ** 0.5)
    side = count - TILE + 1
    height, width = (length + 2 * padding - side + 1 for length in x.shape[:2])
    down, across = -(-height // TILE), -(-width // TILE)
    more = ((padding, TILE * tiled - length + padding) for tiled, length in ((down, height), (across, width)))
    x = np.pad(x, (*more, (0, 0)))
    view: Any = np.lib.stride_tricks.sliding_window_view
    windows = view(x, (count, count), axis=(0, 1))[::TILE, ::TILE].transpose(3, 4, 0, 1, 2)
    transform = transforms(side)
    result = np.empty((down, TILE, across, TILE, depth), np.float32)
    rows = max(1, TILES // (count * count * across * max(channels, depth)))
    for top in range(0, down, rows):
        strip = np.ascontiguousarray(windows[:, :, top : top + rows]).reshape(count * count, -1)
        products = np.matmul((transform.tile @ strip).reshape(count * count, -1, channels), tiles)
        sums = transform.result @ products.reshape(count * count, -1)
        result[top : top + rows] = sums.reshape(TILE, TILE, -1, across, depth).transpose(2, 0, 3, 1, 4)
    whole = result.reshape(TILE * down, TILE * across, depth)[:height, :width] + bias
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
        return convolved_in_tiles(x, weights[f"conv{layer}.tiles"], bias, padding)
    return convolved(x, weights[f"conv{layer}.kernel"], bias, stride, padding)
