"""The layers of AlexNet and VGG-16 in NumPy: a job that scores images starts without a framework.

A convolution is a matrix product of the windows of some rows with the kernel; BLAS does the work, as in frameworks.
Activations are float32 [H, W, C].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

STRIP = 2**21  # values of the windows that are laid out at a time: 8 MB

Weights = dict[str, np.ndarray]


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


def max_pooled(x: np.ndarray, side: int, stride: int) -> np.ndarray:
    """The largest of each square of `side` x `side`, every `stride` rows and columns; only whole squares."""
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
    """The five rectified activations of AlexNet's convolutions (Krizhevsky 2014, as in torchvision)."""
    for layer, (stride, padding) in enumerate(((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))):
        x = convolved(x, weights[f"conv{layer}.kernel"], weights[f"conv{layer}.bias"], stride, padding)
        yield x
        if layer < 2:
            x = max_pooled(x, 3, 2)


def vgg16(x: np.ndarray, weights: Weights, pool: Callable[[np.ndarray], np.ndarray]) -> Iterator[np.ndarray]:
    """The activations before each of the pools of VGG-16 and after its last convolution (relu1_2 ... relu5_3)."""
    layer = 0
    for stage, count in enumerate((2, 2, 3, 3, 3)):
        if stage:
            x = pool(x)
        for _ in range(count):
            x = convolved(x, weights[f"conv{layer}.kernel"], weights[f"conv{layer}.bias"], padding=1)
            layer += 1
        yield x
