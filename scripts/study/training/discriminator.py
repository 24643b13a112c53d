"""The discriminator of a generative codec, used in training alone.

A PatchGAN (Isola et al. 2017, arXiv 1611.07004) conditioned on the latent, with spectral normalisation (Miyato et al.
2018, arXiv 1802.05957), as Mentzer et al. 2020 (arXiv 2006.09965, section 4.1) describe it; narrower than theirs,
and without the normalisation of the last layer, so that its logits can grow within some hundred steps.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

CONTEXT = 12  # channels that the latent is reduced to
WIDTHS = (24, 48, 96)  # of the convolutions on image and latent, each of stride 2
DOWN = 16  # pixels from one position of the latent to the next
_SLOPE = 0.2


class Discriminator(nn.Module):
    """Logits for "this patch is of a photo", from images [N, 3, H, W] in 0-1 and their latents [N, m, H/16, W/16]."""

    def __init__(self, m: int) -> None:
        super().__init__()
        self.context = spectral_norm(nn.Conv2d(m, CONTEXT, 3, padding=1))
        inputs = [3 + CONTEXT, *WIDTHS[:-1]]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, width, 4, stride=2, padding=1)) for before, width in zip(inputs, WIDTHS)
        )
        self.last = nn.Conv2d(WIDTHS[-1], 1, 1)

    def forward(self, image: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        """Logits [N, 1, R, W], one for each patch, of images [N, 3, H, W], given their latents [N, C, H/16, W/16]."""
        context = functional.leaky_relu(self.context(latent), _SLOPE)
        x = torch.cat((image * 2 - 1, functional.interpolate(context, scale_factor=DOWN, mode="nearest")), 1)
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), _SLOPE)
        return self.last(x)


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """The non-saturating loss of a generator (Goodfellow et al. 2014, arXiv 1406.2661) from logits [N, 1, R, W]."""
    return functional.softplus(-fake).mean()


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """The cross entropy of a discriminator from the logits, [N, 1, R, W], of photos and of a generator's images."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()
