"""The generator of a codec trained against a discriminator: a synthesis transform with residual blocks.

Mentzer, Toderici, Tschannen, Agustsson 2020 (arXiv 2006.09965) put nine residual blocks before their upsampling. Here
they follow each layer, where the features are narrow: the cost of a block is the same share of a decoder's time at
every resolution. A block begins close to the identity, so that a generator with the layers of a trained synthesis
transform begins as that transform.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from compressai.layers import GDN
from compressai.models.utils import deconv
from torch import nn
from torch.nn import functional

BLOCKS = (1, 2, 2, 0)  # residual blocks at 1/16, 1/8, 1/4 and 1/2 of the resolution
_START = 0.1  # of the usual size: the last weights of a block before training


class Residual(nn.Module):
    """Two 3x3 convolutions with a ReLU between, added to what comes in (Lim et al. 2017, arXiv 1707.02921)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(_START)
            self.second.bias.zero_()  # type: ignore[union-attr]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's output, [N, C, H, W] as `x`."""
        return x + self.second(functional.relu(self.first(x)))


def generator(n: Sequence[int], m: int) -> nn.Sequential:
    """A generator of the widths of `architectures.build`: latents [N, m, H/16, W/16] to images [N, 3, H, W].

    Its upsampling layers and inverse GDNs are those of a mean-scale hyperprior's synthesis, in the same order.
    """
    widths = [m, *reversed(n), 3]
    layers: list[nn.Module] = []
    for index, count in enumerate(BLOCKS):
        layers += [Residual(widths[index]) for _ in range(count)]
        layers.append(deconv(widths[index], widths[index + 1]))
        if index < 3:
            layers.append(GDN(widths[index + 1], inverse=True))
    return nn.Sequential(*layers)


def shared_layers(net: nn.Sequential) -> list[int]:
    """The positions of a generator's layers that a synthesis transform without residual blocks has too, in order."""
    return [index for index, layer in enumerate(net) if not isinstance(layer, Residual)]
