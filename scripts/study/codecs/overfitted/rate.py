"""The rate of latents under the entropy network, differentiable, and what stands in for rounding during a fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from study.codecs.overfitted import grids, parameters, tables

if TYPE_CHECKING:
    import torch

_FLOOR = 2.0**-20
_BLOCK = 2**13  # elements whose arrays stay in a processor's cache
_LEAST, _MOST = tables.SMALLEST, tables.SMALLEST + (tables.SCALES - 1) / tables.OCTAVE


class Block(NamedTuple):
    """Elements of one pass: where they lie among all latents, [N], where their contexts do, and of which grids."""

    number: int
    own: torch.Tensor
    around: torch.Tensor  # [CONTEXTS * N]
    of: torch.Tensor


class Sites:
    """The elements of all grids in blocks, each of one pass."""

    def __init__(self, form: tuple[grids.Grid, ...], device: str) -> None:
        import torch

        self.form = form
        self.shapes = [(grid.rows, grid.columns) for grid in form]
        sizes = [rows * columns for rows, columns in self.shapes]
        self.count = sum(sizes)
        starts = np.cumsum([0, *sizes[:-1]])
        numbers = [start + np.arange(size).reshape(shape) for start, size, shape in zip(starts, sizes, self.shapes)]
        margins = {g.key: grids.padded(number, self.count) for g, number in zip(form, numbers)}
        self.blocks: list[Block] = []
        for number in range(len(grids.PASSES)):
            part = grids.elements(number)
            own = np.concatenate([values[part].ravel() for values in numbers])
            of = np.concatenate([np.full(values[part].size, index) for index, values in enumerate(numbers)])
            rows = [grids.contexts(g, number, margins.get, self.count) for g in form]
            around = np.stack([np.concatenate([row[n].ravel() for row in rows]) for n in range(grids.CONTEXTS)])
            size = _BLOCK if device == "cpu" else max(1, len(own))
            for first in range(0, len(own), size):
                block = slice(first, first + size)
                parts = own[block], around[:, block].ravel(), of[block]
                self.blocks.append(Block(number, *(torch.from_numpy(part.copy()).to(device) for part in parts)))

    def split(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """The grids, each [rows, columns], of all latents, [count]."""
        import torch

        parts = torch.split(flat, [rows * columns for rows, columns in self.shapes])
        return [part.view(shape) for part, shape in zip(parts, self.shapes)]


def bits(sites: Sites, flat: torch.Tensor, p: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The bits of all latents, float [count], under the entropy network, their sum: a differentiable `entropy`.

    The means' contexts are taken as constants, as a gradient by them makes the fit no better.
    """
    return _total()(sites, flat, *(p[name] for name in parameters.ENTROPY))


@cache
def _total() -> Callable:
    import torch

    class Total(torch.autograd.Function):
        """Written out by blocks, since automatic gradients go through the memory dozens of times."""

        @staticmethod
        def forward(ctx: Any, sites: Sites, flat: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
            p = dict(zip(parameters.ENTROPY, values))
            gradients = {name: torch.zeros_like(value) for name, value in p.items()}
            whole = torch.nn.functional.pad(flat, (0, 1))
            magnitudes = 1 + whole.abs()
            sizes = torch.log2(magnitudes)
            by_value, by_size = torch.zeros_like(whole), torch.zeros_like(whole)
            total = torch.zeros((), dtype=torch.double, device=flat.device)
            ctx.needed = any(ctx.needs_input_grad)
            for block in sites.blocks:
                total += _block_bits(block, whole, sizes, p, gradients, by_value, by_size, ctx.needed)
            ctx.save_for_backward((by_value + by_size * whole.sign() / magnitudes / math.log(2))[:-1])
            ctx.gradients = gradients
            return total.to(flat.dtype)

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
            (of_latents,) = ctx.saved_tensors
            rest = (ctx.gradients[name] * gradient for name in parameters.ENTROPY)
            return None, of_latents * gradient, *rest

    return Total.apply


def _block_bits(
    block: Block,
    whole: torch.Tensor,
    sizes: torch.Tensor,
    p: Mapping[str, torch.Tensor],
    gradients: Mapping[str, torch.Tensor],
    by_value: torch.Tensor,
    by_size: torch.Tensor,
    needed: bool,
) -> torch.Tensor:
    """The bits of a block; adds its gradients, where they are needed, to those by parameters, latents and sizes."""
    import torch

    number, own, around, of = block
    seen = whole.index_select(0, around).view(grids.CONTEXTS, -1)
    size = sizes.index_select(0, around).view(grids.CONTEXTS, -1)
    units = torch.addmm(p["context.b"][number][:, None], p["context.w"][number], size).relu_()
    logarithm = torch.addmv(p["scale.b"].index_select(0, of), units.t(), p["scale.w"])
    rate = torch.exp2(-logarithm.clamp(_LEAST, _MOST))
    difference = whole.index_select(0, own) - torch.mv(seen.t(), p["mean.w"][number])
    distance = difference.abs()
    inner, outer = distance - 0.5, distance + 0.5
    near = torch.exp(-inner.abs() * rate).mul_(0.5)
    far = torch.exp(-outer * rate).mul_(0.5)
    likelihood = torch.where(distance < 0.5, 1 - near, near) - far + _FLOOR
    total = -torch.log2(likelihood).sum()
    if needed:
        slope = -1 / (math.log(2) * likelihood)
        of_value = (far - near) * rate * slope * difference.sign()
        of_logarithm = (inner * near - outer * far) * rate * slope * math.log(2)
        of_logarithm *= (logarithm > _LEAST) & (logarithm < _MOST)
        of_units = torch.outer(p["scale.w"], of_logarithm).mul_(units > 0)
        gradients["context.w"][number].addmm_(of_units, size.t())
        gradients["context.b"][number].add_(of_units.sum(1))
        gradients["scale.w"].addmv_(units, of_logarithm)
        gradients["scale.b"].index_add_(0, of, of_logarithm)
        gradients["mean.w"][number].addmv_(seen, of_value, alpha=-1)
        by_value.index_add_(0, own, of_value)
        by_size.scatter_add_(0, around, (p["context.w"][number].t() @ of_units).view(-1))
    return total


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
