"""A start for training from the photos themselves: principal components, layer by layer.

Each layer of the analysis first takes the principal components of 2x2 blocks of the layer before, the synthesis puts
them back: together a block transform of 16x16 pixels, near the best linear one of that many channels, which random
weights take thousands of steps to reach. The nonlinearities begin close to the identity, and the latent's scale fits
the lambda.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from compressai.entropy_models import EntropyBottleneck
    from compressai.models import CompressionModel

AMPLITUDE = 0.5
GAMMA = 0.02
SHIFT = 4.0


def start(net: CompressionModel, images: np.ndarray, lam: float) -> None:
    """Set the transforms of a network of four layers in each direction.

    `images` are crops, uint8 [B, H, W, 3], sides a multiple of 16. `lam` is the weight of the squared error (of
    values 0-255) against bits per pixel: quantisation with step D costs D^2/12 and saves log2(D) bits for each of the
    three components of a pixel, so the best is D^2 = 18 / (lam ln 2).

    GDN is set near the identity. Rectifiers get features shifted to where they are the identity; the last channel of
    each layer of the synthesis is constant then, to take the shift off again.
    """
    import torch
    from torch import nn

    values = torch.from_numpy(images).permute(0, 3, 1, 2).double() / 255
    mean = values.mean((0, 2, 3))
    values = (values - mean[:, None, None]) * AMPLITUDE
    analysis = [layer for layer in net.g_a if isinstance(layer, nn.Conv2d)]
    synthesis = [layer for layer in net.g_s if isinstance(layer, nn.ConvTranspose2d)][::-1]
    rectified = not any(hasattr(layer, "gamma") for layer in net.g_a)
    with torch.no_grad():
        for layer in (*net.g_a, *net.g_s):
            if hasattr(layer, "gamma"):
                layer.gamma.copy_(layer.gamma_reparam.init(GAMMA * torch.eye(len(layer.gamma))))
        for index, (down, up) in enumerate(zip(analysis, synthesis)):
            first, last = index == 0, index == len(analysis) - 1
            blocks = torch.nn.functional.pixel_unshuffle(values, 2)
            basis = _components(blocks, down.out_channels - (rectified and not last))
            taps = basis.reshape(len(basis), values.shape[1], 2, 2)
            scale = AMPLITUDE if first else 1.0
            gain = math.sqrt(lam * math.log(2) / 18) * 255 / AMPLITUDE if last else 1.0
            below = mean * AMPLITUDE if first else torch.full((values.shape[1],), SHIFT * rectified).double()
            above = 0.0 if last else SHIFT * rectified
            _set_kernel(down.weight, taps * gain * scale)
            down.bias[: len(basis)] = above - gain * (taps.sum((2, 3)) @ below)
            _set_kernel(up.weight, taps / gain / scale)
            up.bias[: len(below)] = mean if first else below
            if rectified and not last:
                up.weight[-1, : len(below), 2:4, 2:4] = -above * taps.sum(0) / scale
            if rectified and not first:
                up.weight[:, -1] = 0
                up.bias[-1] = 1.0
            values = torch.einsum("oi,bihw->bohw", basis, blocks)


def fit_prior(bottleneck: EntropyBottleneck, latent: torch.Tensor) -> None:
    """Set a fresh entropy bottleneck to the mean and the spread of each channel of a latent [B, C, H, W].

    Its first layer is scaled so that a Laplacian of that spread costs about 0.1 bit more than it must (by experiment);
    from its own start, far wider, a narrow channel takes thousands of steps.
    """
    import torch
    from torch.nn.functional import softplus

    values = latent.transpose(0, 1).flatten(1)
    mean = values.mean(1).reshape(-1, 1, 1)
    spread = (values.var(1) + 1 / 12).sqrt().reshape(-1, 1, 1)
    with torch.no_grad():
        matrix = softplus(bottleneck.matrices[0]) * 2 * bottleneck.init_scale / spread
        bottleneck.matrices[0].copy_(matrix + torch.log(-torch.expm1(-matrix)))
        bottleneck.biases[0].sub_(matrix * mean)


def _components(blocks: torch.Tensor, most: int) -> torch.Tensor:
    """The principal components of vectors [B, C, H, W] about zero, as rows [at most `most`, C]."""
    import torch

    vectors = blocks.permute(1, 0, 2, 3).flatten(1)
    _, directions = torch.linalg.eigh(vectors @ vectors.T)
    return directions.flip(1).T[:most]


def _set_kernel(weight: torch.Tensor, taps: torch.Tensor) -> None:
    """Put the taps [k, i, 2, 2] of a block into a 5x5 kernel; links with other channels start at zero."""
    weight[:, : taps.shape[1]] = 0
    weight[: taps.shape[0]] = 0
    weight[: taps.shape[0], : taps.shape[1], 2:4, 2:4] = taps
