"""Training of context models: the distributions' parameters of a whole latent at once.

Minnen et al. 2018 (arXiv 1809.02736) train the serial context on the latent with uniform noise. The checkerboard's
(He et al. 2021, arXiv 2103.15306) is trained in its two passes: the rounded half, then the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from compressai.layers import CheckerboardMaskedConv2d
from torch.nn import functional

if TYPE_CHECKING:
    from compressai.models import CompressionModel


def parameters(net: CompressionModel, y: torch.Tensor, hyper: torch.Tensor) -> torch.Tensor:
    """Scales and means [N, 2 M, H, W] of a latent `y` [N, M, H, W], from the hyperprior's `hyper` and the context.

    Differentiable. `net` has `context_prediction` and `entropy_parameters`.
    """
    layer = net.context_prediction
    if isinstance(layer, CheckerboardMaskedConv2d):
        rows, columns = (torch.arange(side) for side in y.shape[2:])
        odd = (rows[:, None] + columns) % 2
        alone = functional.pad(hyper, (0, 0, 0, 0, 0, layer.out_channels))
        means = net.entropy_parameters(alone).chunk(2, 1)[1]
        seen = (1 - odd) * rounded(y, means)
    else:
        odd = torch.ones(1)
        seen = y + torch.empty_like(y).uniform_(-0.5, 0.5)
    # the layer's own forward() puts new memory under its weight, which an optimiser's views don't follow
    context = odd * functional.conv2d(seen, layer.weight * layer.mask, layer.bias, padding=layer.padding)
    return net.entropy_parameters(torch.cat((hyper, context), 1))


def rounded(values: torch.Tensor, offset: torch.Tensor | float) -> torch.Tensor:
    """Values [N, C, H, W] rounded to whole distances from `offset`; the gradient passes straight through."""
    return values + ((values - offset).round() + offset - values).detach()
