"""The convolutions of AlexNet and VGG-16 by PyTorch, which is imported when they are asked for.

Activations are float32 [H, W, C]: NumPy's arrays and PyTorch's tensors in its order `channels_last` share their memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from study.core import run_arrays
from study.metrics import network_weights

if TYPE_CHECKING:
    import torch

ALEXNET = ((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))  # stride and padding of its convolutions
POOLED = 2  # of these, a pool follows the first ones
VGG16 = (2, 2, 3, 3, 3)  # convolutions before each pool, and after the last one
SHARED_PIXELS = {"alexnet": 2**24, "vgg16": 2**20}  # of an original whose activations are kept: up to 0.7 and 0.5 GB


def of_original(
    rgb: np.ndarray, what: str, network: str, compute: Callable[[], Iterator[np.ndarray]]
) -> Iterable[np.ndarray]:
    """What `compute` makes of an original, uint8 [H, W, 3], by layers [H, W, C]: jobs that compare with it share that.

    Of a large original it isn't, and one layer comes after another. `what` names what is made by the network's weights.
    """
    if rgb[..., 0].size > SHARED_PIXELS[network]:
        return compute()
    digest = hashlib.sha256(f"{network_weights.SOURCES[network][1]} {rgb.shape}".encode() + rgb.tobytes())
    return run_arrays.shared(f"{what}-{digest.hexdigest()}", lambda: list(compute()))


@cache
def convolutions(network: str) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The kernels [D, C, h, w] and biases [D] of a network in order. Raises StudyError without its weights."""
    import torch

    arrays = network_weights.load(network)
    count = sum(name.endswith(".kernel") for name in arrays)
    kernels = [torch.from_numpy(arrays[f"conv{layer}.kernel"]).permute(3, 2, 0, 1) for layer in range(count)]
    return [
        (kernel.contiguous(memory_format=torch.channels_last), torch.from_numpy(arrays[f"conv{layer}.bias"]))
        for layer, kernel in enumerate(kernels)
    ]


def alexnet(x: np.ndarray, threads: int = 1) -> Iterator[np.ndarray]:
    """The five rectified activations [H, W, C] of AlexNet's convolutions (Krizhevsky 2014, as in torchvision)."""
    for layer, (stride, padding) in enumerate(ALEXNET):
        x = _convolved(x, *convolutions("alexnet")[layer], stride, padding, threads)
        yield x
        if layer < POOLED:
            x = max_pooled(x, 3, 2)


def vgg16(x: np.ndarray, pool: Callable[[np.ndarray], np.ndarray], threads: int = 1) -> Iterator[np.ndarray]:
    """The activations [H, W, C] before each pool of VGG-16 and after its last convolution (relu1_2 ... relu5_3)."""
    layers = iter(convolutions("vgg16"))
    for stage, count in enumerate(VGG16):
        if stage:
            x = pool(x)
        for _ in range(count):
            x = _convolved(x, *next(layers), 1, 1, threads)
        yield x


def max_pooled(x: np.ndarray, side: int, stride: int) -> np.ndarray:
    """The largest of each square of `side` x `side` in `x` [H, W, C], every `stride` rows and columns."""
    from torch.nn.functional import max_pool2d

    return _array(max_pool2d(_tensor(x), side, stride))


def _convolved(
    x: np.ndarray, kernel: torch.Tensor, bias: torch.Tensor, stride: int, padding: int, threads: int
) -> np.ndarray:
    """The rectified convolution of [H, W, C] with a kernel [D, C, h, w], zeros around, [H', W', D]."""
    import torch
    from torch.nn.functional import conv2d

    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    with torch.inference_mode():
        return _array(conv2d(_tensor(x), kernel, bias, stride, padding).relu_())


def _tensor(x: np.ndarray) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(x)).permute(2, 0, 1)[None]


def _array(x: torch.Tensor) -> np.ndarray:
    return x[0].permute(1, 2, 0).numpy()
