"""Transforms of learned codecs without gradients: the same sums as CompressAI's layers, in less time.

GDN computes the weights that it is parametrised by once, and works in the memory that it has. A stride-2 transposed
convolution with few output channels, as the synthesis' last is, wastes most of its time on 25 tiny products; the same
sums are a 3x3 convolution with an output channel for each of the four pixels that a position becomes.
"""

from __future__ import annotations

import torch
from compressai.layers import GDN
from torch import nn
from torch.nn import functional

_FEW = 8  # output channels


def quicker(transform: nn.Sequential) -> nn.Sequential:
    """The same function of a tensor [N, C, H, W] as `transform`, which stays as it is; values differ by rounding."""
    return nn.Sequential(*map(_quicker, transform))


class _Normalise(nn.Module):
    """Generalised divisive normalisation (Ballé et al. 2016, arXiv 1511.06281) with fixed weights, or its inverse."""

    def __init__(self, layer: GDN) -> None:
        super().__init__()
        self.beta = layer.beta_reparam(layer.beta)
        self.gamma = layer.gamma_reparam(layer.gamma)[:, :, None, None]
        self.inverse = layer.inverse

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        norm = functional.conv2d(x.square(), self.gamma, self.beta)
        return (norm.sqrt_() if self.inverse else norm.rsqrt_()).mul_(x)


class _Upsample(nn.Module):
    """A transposed 5x5 convolution of stride 2, as a 3x3 convolution and a rearrangement.

    Pixel 2a + p of the output, along each axis, is the sum over t of input a + t times tap p + 2 - 2t, for -1 <= t <= 1
    and taps from 0 to 4.
    """

    def __init__(self, layer: nn.ConvTranspose2d) -> None:
        super().__init__()
        inputs, outputs = layer.weight.shape[:2]
        weight = layer.weight.new_zeros(outputs, 2, 2, inputs, 3, 3)
        taps = [(p, t, p + 2 - 2 * t) for p in range(2) for t in (-1, 0, 1) if 0 <= p + 2 - 2 * t < 5]
        for p, t, row in taps:
            for q, u, column in taps:
                weight[:, p, q, :, t + 1, u + 1] = layer.weight[:, :, row, column].T
        weight = weight.flatten(0, 2).contiguous(memory_format=torch.channels_last)
        bias = layer.weight.new_zeros(outputs) if layer.bias is None else layer.bias
        self.weight, self.bias = weight, bias.repeat_interleave(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.pixel_shuffle(functional.conv2d(x, self.weight, self.bias, padding=1), 2)


def _quicker(layer: nn.Module) -> nn.Module:
    if type(layer) is GDN:
        return _Normalise(layer)
    if isinstance(layer, nn.ConvTranspose2d) and layer.out_channels <= _FEW and _doubles(layer):
        return _Upsample(layer)
    return layer


def _doubles(layer: nn.ConvTranspose2d) -> bool:
    shape = (layer.kernel_size, layer.stride, layer.padding, layer.output_padding, layer.dilation)
    return shape == ((5, 5), (2, 2), (2, 2), (1, 1), (1, 1)) and layer.groups == 1 and layer.bias is not None
