"""The synthesis: from latents to an image, in PyTorch, the same code for the fit and for the decoder.

Each band is multiplied by its gain; the inverse wavelet transform makes an image of each channel of them, where
Cool-Chic and C3 upsample one grid for each resolution. The channels are mixed into R'G'B' by a matrix and by a layer of
1x1 with ReLU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from study.codecs.overfitted import grids, wavelets

if TYPE_CHECKING:
    import torch

UNIT = 32.0  # levels of 255 in the unit of the synthesis, whose zero is 128


def features(
    latents: Sequence[torch.Tensor], form: Sequence[grids.Grid], parameters: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """What the mixing layers see, [CHANNELS, H, W], from the latents of each band in the order of `form`."""
    import torch

    gains = torch.exp2(parameters["gain"]) / UNIT
    bands = {grid.key: grids.upright(latents[index], grid.band) * gains[index] for index, grid in enumerate(form)}

    def stacked(level: int, band: int) -> torch.Tensor:
        of_luma = bands[0, level, band]
        channels = (bands.get((channel, level, band)) for channel in range(grids.CHANNELS))
        return torch.stack([torch.zeros_like(of_luma) if values is None else values for values in channels])

    rest = stacked(grids.LEVELS, grids.REST)
    for level in range(grids.LEVELS, 0, -1):
        upper = wavelets.joined(rest, stacked(level, grids.HORIZONTAL), 2)
        lower = wavelets.joined(stacked(level, grids.VERTICAL), stacked(level, grids.DIAGONAL), 2)
        rest = wavelets.joined(upper, lower, 1)
    return rest


def bands(planes: torch.Tensor) -> dict[grids.Key, torch.Tensor]:
    """The bands of each channel of [CHANNELS, H, W], at all levels: the inverse of `features` with gains of 1."""
    found = {}
    for level in range(1, grids.LEVELS + 1):
        upper, lower = wavelets.parted(planes, 1)
        at_level = [*wavelets.parted(upper, 2), *wavelets.parted(lower, 2)]
        planes = at_level[grids.REST]
        for band, values in enumerate(at_level):
            for channel in range(grids.CHANNELS):
                found[channel, level, band] = grids.upright(values[channel], band)
    return found


def image(mixed: torch.Tensor, parameters: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The image, float [3, H, W], 0 to 255 but for overshoots, of `features`."""
    import torch

    flat = mixed.flatten(1)
    hidden = torch.relu(torch.addmm(parameters["mix.b1"][:, None], parameters["mix.w1"], flat))
    colours = parameters["colour.w"] @ flat + parameters["mix.w2"] @ hidden + parameters["mix.b2"][:, None]
    return colours.view(3, *mixed.shape[1:]) * UNIT + 128


def decoded(
    latents: Sequence[np.ndarray], form: Sequence[grids.Grid], values: Mapping[str, np.ndarray], device: str
) -> np.ndarray:
    """The image, uint8 [H, W, 3], of quantised latents and the parameters' values."""
    import torch

    with torch.inference_mode():
        tensors = {name: torch.from_numpy(value).float().to(device) for name, value in values.items()}
        parts = [torch.from_numpy(part).float().to(device) for part in latents]
        shown = image(features(parts, form, tensors), tensors).clamp(0, 255).round().to(torch.uint8)
        return shown.permute(1, 2, 0).contiguous().cpu().numpy()
