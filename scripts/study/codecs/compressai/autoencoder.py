"""The transforms of the compressive autoencoder: Theis, Shi, Cunningham, Huszár 2017 (arXiv 1703.00395, figure 2).

Two convolutions of stride 2, three residual blocks at a quarter of the resolution, and a third convolution of stride 2
to the latent; the decoder mirrors it with sub-pixel convolutions. Departures from the paper: the widths; edges are
repeated by the codec up to its multiple of pixels, not mirrored by 14; the latent's distributions are those of the
factorized prior (Ballé et al. 2018) instead of mixtures of Gaussians; each quality has weights of its own, where the
paper trains scales of one latent for the rates between its three networks.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

BLOCKS = 3
_MEAN, _SCALE = 0.45, 4.0  # of photos from 0 to 1: features begin with about unit variance


class Residual(nn.Module):
    """Two 3x3 convolutions with a leaky ReLU between, added to what comes in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's output, [N, C, H, W] as `x`."""
        return x + self.second(functional.leaky_relu(self.first(x)))


class Affine(nn.Module):
    """`scale` times the input, plus `shift`: the paper's normalisation of pixels, and its inverse."""

    def __init__(self, scale: float, shift: float) -> None:
        super().__init__()
        self.scale, self.shift = scale, shift

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output, of the shape of `x`."""
        return x * self.scale + self.shift


def transforms(n: Sequence[int], m: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Analysis, [N, 3, H, W] from 0 to 1 to [N, m, H/8, W/8], and synthesis back.

    `n` are the widths at half and at a quarter of the resolution (64 and 128 in the paper, which has `m` 96).
    """
    a, b = n
    analysis = nn.Sequential(
        Affine(_SCALE, -_SCALE * _MEAN),
        _down(3, a), nn.LeakyReLU(inplace=True), _down(a, b), nn.LeakyReLU(inplace=True),
        *(Residual(b) for _ in range(BLOCKS)), _down(b, m),
    )  # fmt: skip
    synthesis = nn.Sequential(
        *_up(m, b), *(Residual(b) for _ in range(BLOCKS)), *_up(b, a), nn.LeakyReLU(inplace=True), *_up(a, 3),
        Affine(1 / _SCALE, _MEAN),
    )  # fmt: skip
    return analysis, synthesis


def _down(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 5, stride=2, padding=2)


def _up(inputs: int, outputs: int) -> tuple[nn.Conv2d, nn.PixelShuffle]:
    return nn.Conv2d(inputs, 4 * outputs, 3, padding=1), nn.PixelShuffle(2)
