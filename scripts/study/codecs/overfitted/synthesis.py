"""The synthesis: from latents to an image, in PyTorch, the same code for the fit and for the decoder.

Each grid is multiplied by its gain and upsampled by twos with one learned kernel of four taps, where Cool-Chic and C3
began with fixed ones. What comes of it, luma at three levels and the rest, each chroma at one and the rest, is mixed
into R'G'B' by a matrix and by a layer of 1x1 with ReLU.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from study.codecs.overfitted import grids

if TYPE_CHECKING:
    import torch

LUMA_LEVELS = 3  # with a feature of their own
UNIT = 32.0  # levels of 255 in the unit of the synthesis, whose zero is 128


def features(
    latents: Sequence[torch.Tensor], form: Sequence[grids.Grid], parameters: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """What the mixing layers see, [features, H, W], from the latents of each grid in the order of `form`."""
    import torch

    gains = torch.exp2(parameters["gain"]) / UNIT
    stack: dict[tuple[int, int], torch.Tensor] = {}  # by channel and level of the feature
    for level in reversed(range(grids.LEVELS)):
        shape = next((grid.rows, grid.columns) for grid in form if grid.level == level)
        if stack:
            raised = upsampled(torch.stack(list(stack.values())), shape, parameters["upsampling.w"])
            stack = dict(zip(stack, raised))
        for index, grid in enumerate(form):
            if grid.level == level:
                key = _feature(grid, form)
                value = latents[index] * gains[index]
                stack[key] = stack[key] + value if key in stack else value
    return torch.stack([stack[key] for key in sorted(stack)])


def feature_keys(form: Sequence[grids.Grid], level: int) -> set[tuple[int, int]]:
    """The features that grids of `level` and coarser ones have a part in, each by channel and level."""
    return {_feature(grid, form) for grid in form if grid.level >= level}


def _feature(grid: grids.Grid, form: Sequence[grids.Grid]) -> tuple[int, int]:
    """The feature that a grid is added to, by channel and its finest level."""
    if grid.channel == 0:
        return 0, min(grid.level, LUMA_LEVELS)
    return grid.channel, min(grid.level, 1 + min(other.level for other in form if other.channel == grid.channel))


def upsampled(values: torch.Tensor, shape: tuple[int, int], taps: torch.Tensor) -> torch.Tensor:
    """[C, rows, columns] at twice the size, cut to `shape`; edges are repeated. `taps` are those of odd samples."""
    double = _doubling()
    for axis, size in zip((1, 2), shape):
        values = double(values, taps, axis, size)
    return values


@cache
def _doubling() -> Callable:
    import torch

    def widened(values: torch.Tensor, axis: int) -> torch.Tensor:
        first, last = values.narrow(axis, 0, 1), values.narrow(axis, -1, 1)
        return torch.cat([first, first, values, last, last], axis)

    class Doubling(torch.autograd.Function):
        """Upsampling by two along an axis. Written out, since slices make many large arrays in automatic gradients."""

        @staticmethod
        def forward(ctx: Any, values: torch.Tensor, taps: torch.Tensor, axis: int, size: int) -> torch.Tensor:
            ctx.save_for_backward(values, taps)
            ctx.axis, ctx.size = axis, size
            count, wide, weights = values.shape[axis], widened(values, axis), taps.tolist()
            even, odd = torch.zeros_like(values), torch.zeros_like(values)
            for number, weight in enumerate(weights):
                even.add_(wide.narrow(axis, 3 - number, count), alpha=weight)
                odd.add_(wide.narrow(axis, 1 + number, count), alpha=weight)
            both = torch.stack([even, odd], axis + 1).flatten(axis, axis + 1)
            return both.narrow(axis, 0, size)

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
            values, taps = ctx.saved_tensors
            axis, count = ctx.axis, values.shape[ctx.axis]
            if ctx.size < 2 * count:
                missing = gradient.narrow(axis, 0, 1)
                gradient = torch.cat([gradient, torch.zeros_like(missing)], axis)
            pairs = (*values.shape[:axis], count, 2, *gradient.shape[axis + 1 :])
            even, odd = (part.contiguous() for part in gradient.reshape(pairs).unbind(axis + 1))
            wide = widened(values, axis)
            back, of_taps = torch.zeros_like(wide), []
            for number, weight in enumerate(taps.tolist()):
                back.narrow(axis, 3 - number, count).add_(even, alpha=weight)
                back.narrow(axis, 1 + number, count).add_(odd, alpha=weight)
                seen = wide.narrow(axis, 3 - number, count) * even + wide.narrow(axis, 1 + number, count) * odd
                of_taps.append(seen.sum())
            inner = back.narrow(axis, 2, count).clone()
            inner.narrow(axis, 0, 1).add_(back.narrow(axis, 0, 2).sum(axis, keepdim=True))
            inner.narrow(axis, count - 1, 1).add_(back.narrow(axis, count + 2, 2).sum(axis, keepdim=True))
            return inner, torch.stack(of_taps), None, None

    return Doubling.apply


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
