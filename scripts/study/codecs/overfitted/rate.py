"""The rate of latents under the entropy network, differentiable, and what stands in for rounding during a fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from study.codecs.overfitted import grids, tables

if TYPE_CHECKING:
    import torch

_FLOOR = 2.0**-20


class Sites:
    """The elements of all grids by pass: where they lie among all latents and where their contexts do."""

    def __init__(self, form: tuple[grids.Grid, ...], device: str) -> None:
        import torch

        self.form = form
        self.shapes = [(grid.rows, grid.columns) for grid in form]
        sizes = [rows * columns for rows, columns in self.shapes]
        self.count = sum(sizes)
        starts = np.cumsum([0, *sizes[:-1]])
        numbers = [start + np.arange(size).reshape(shape) for start, size, shape in zip(starts, sizes, self.shapes)]
        margins = {(g.channel, g.level): grids.padded(number, self.count) for g, number in zip(form, numbers)}
        own, around, of = [], [], []
        for number in range(len(grids.PASSES)):
            part = grids.elements(number)
            own.append(np.concatenate([values[part].ravel() for values in numbers]))
            of.append(np.concatenate([np.full(values[part].size, index) for index, values in enumerate(numbers)]))
            rows = [grids.contexts(g, number, lambda *key: margins.get(key), self.count) for g in form]
            around.append(np.stack([np.concatenate([row[n].ravel() for row in rows]) for n in range(grids.CONTEXTS)]))
        longest = max(map(len, own))

        def joined(parts: list[np.ndarray], fill: int) -> torch.Tensor:
            wide = [
                np.pad(v, [(0, 0)] * (v.ndim - 1) + [(0, longest - v.shape[-1])], constant_values=fill) for v in parts
            ]
            return torch.from_numpy(np.stack(wide)).to(device)

        self.own, self.around, self.of = joined(own, self.count), joined(around, self.count), joined(of, 0)
        self.own32, self.around32 = self.own.int(), self.around.int()
        self.mask = (self.own < self.count).float()
        self.gather = _gatherer()

    def split(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """The grids, each [rows, columns], of all latents, [count]."""
        import torch

        parts = torch.split(flat, [rows * columns for rows, columns in self.shapes])
        return [part.view(shape) for part, shape in zip(parts, self.shapes)]


def _gatherer() -> Callable:
    import torch

    class Gather(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, flat: torch.Tensor, short: torch.Tensor, long: torch.Tensor) -> torch.Tensor:
            ctx.long, ctx.count = long, flat.shape[0]
            return flat.index_select(0, short.view(-1)).view(short.shape)

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
            total = torch.zeros(ctx.count, device=gradient.device)
            return total.scatter_add_(0, ctx.long.view(-1), gradient.reshape(-1)), None, None

    return Gather.apply


def bits(sites: Sites, flat: torch.Tensor, p: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The bits of all latents, float [count], under the entropy network: a differentiable model of `entropy`."""
    import torch
    from torch.nn.functional import pad

    whole = pad(flat, (0, 1))
    mean_contexts = sites.gather(whole.detach(), sites.around32, sites.around)
    sizes = sites.gather(torch.log2(1 + whole.abs()), sites.around32, sites.around)
    units = torch.relu(torch.baddbmm(p["context.b"][:, :, None], p["context.w"], sizes))
    units = torch.relu(p["hidden.w"] @ units + p["hidden.b"][:, None])
    logarithm = (p["scale.w"] @ units) + p["scale.b"][sites.of]
    rate = torch.exp2(-logarithm.clamp(tables.SMALLEST, tables.SMALLEST + (tables.SCALES - 1) / tables.OCTAVE))
    means = torch.bmm(p["mean.w"][:, None], mean_contexts)[:, 0]
    distance = (sites.gather(whole, sites.own32, sites.own) - means).abs()
    near = torch.exp(-(distance - 0.5).abs() * rate) / 2
    far = torch.exp(-(distance + 0.5) * rate) / 2
    likelihood = torch.where(distance < 0.5, 1 - near, near) - far
    return -torch.log2(likelihood + _FLOOR) * sites.mask


def soft_round(values: torch.Tensor, temperature: float) -> torch.Tensor:
    """Rounding made differentiable (Agustsson and Theis 2020, arXiv 2006.09952), of any shape, sharper if colder."""
    import torch

    middle = values.detach().floor() + 0.5
    return middle + torch.tanh((values - middle) / temperature) * (0.5 / math.tanh(0.5 / temperature))


def kumaraswamy(count: int, shape: float, chance: torch.Generator) -> torch.Tensor:
    """Noise from -1/2 to 1/2 whose density has its mode at 0; uniform for a shape of 1."""
    import torch

    other = (2**shape * (shape - 1) + 1) / shape
    uniform = torch.rand(count, generator=chance)
    return (1 - (1 - uniform).pow(1 / other)).pow(1 / shape) - 0.5
