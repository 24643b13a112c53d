"""The autoregressive context model: each position's distribution from the positions that are decoded before it.

Minnen, Ballé, Toderici 2018 (arXiv 1809.02736), and Cheng et al. 2020 (arXiv 2001.01568) with it: a masked 5x5
convolution over the latent so far, joined with the hyperprior's parameters by 1x1 convolutions. In raster order that is
one small product for each position. A position needs two rows above it, two columns to the right of its own, and two
columns to its left, so all positions with the same `column + 3 row` can go together: 141 steps instead of 1,536 for an
image of 768x512.

He et al. 2021 (arXiv 2103.15306) colour the positions like a checkerboard: those whose row and column have an even sum
are coded from the hyperprior alone, then all others with a context of the first, four sides and beyond.

The string holds the symbols in the order of the steps, position after position, channel after channel. Everything is
float64 on the CPU: encoder and decoder take the same steps and get the same integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from compressai.layers import CheckerboardMaskedConv2d
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from compressai.models import CompressionModel

Positions = tuple[np.ndarray, np.ndarray]  # rows and columns
Code = Callable[[Positions, np.ndarray], tuple[np.ndarray, np.ndarray]]


def steps(rows: int, columns: int, reach: int = 2) -> Iterator[Positions]:
    """The positions of a latent in the order of coding: those of one step depend on earlier steps alone.

    `reach` is half the width of the context's window, in positions.
    """
    for step in range(columns + (reach + 1) * (rows - 1)):
        row = np.arange(rows)
        column = step - (reach + 1) * row
        inside = (column >= 0) & (column < columns)
        if inside.any():
            yield row[inside], column[inside]


def checkerboard_steps(rows: int, columns: int) -> Iterator[Positions]:
    """The positions of a latent in the order of coding of a checkerboard's two passes, a row at a time."""
    for odd in (0, 1):
        for row in range(rows):
            column = np.arange((row + odd) % 2, columns, 2)
            if column.size:
                yield np.full(column.size, row), column


def in_order(values: np.ndarray, order: Iterable[Positions]) -> np.ndarray:
    """The elements of a latent [channels, rows, columns] in an order of coding, as a vector."""
    return np.concatenate([values[:, row, column].T.reshape(-1) for row, column in order])


class ContextModel:
    """The context model of a network, ready to code. `net` has `context_prediction` and `entropy_parameters`."""

    def __init__(self, net: CompressionModel) -> None:
        context = net.context_prediction
        seen = context.mask[0, 0].bool()
        self._kernel = (context.weight * context.mask)[:, :, seen].flatten(1)
        self._bias = context.bias[:, None]
        self._reach = seen.shape[0] // 2
        self._offsets = [(int(row), int(column)) for row, column in seen.nonzero()]
        self._layers = list(map(_by_product, net.entropy_parameters))
        self._checkerboard = isinstance(context, CheckerboardMaskedConv2d)
        self.channels = int(net.M)

    def steps(self, rows: int, columns: int) -> Iterator[Positions]:
        """The positions of a latent in the order of coding."""
        return checkerboard_steps(rows, columns) if self._checkerboard else steps(rows, columns, self._reach)

    def run(self, hyper: np.ndarray, code: Code) -> tuple[np.ndarray, np.ndarray]:
        """Code a latent, step after step; its integers int32 and its values float64, both [channels, rows, columns].

        `hyper` are the hyperprior's parameters, float64 [2 * channels, rows, columns]. `code` takes the positions of a
        step and the distributions' parameters there, [2 * channels, positions], and gives integers and values,
        [channels, positions] each.
        """
        _, rows, columns = hyper.shape
        reach = self._reach
        parameters = torch.from_numpy(hyper)
        values = torch.zeros(self.channels, rows + 2 * reach, columns + 2 * reach, dtype=torch.float64)
        symbols = np.zeros((self.channels, rows, columns), dtype=np.int32)
        for row, column in self.steps(rows, columns):
            if self._checkerboard and (row[0] + column[0]) % 2 == 0:
                context = self._kernel.new_zeros(len(self._kernel), len(row))
            else:
                past = [values[:, row + down, column + right] for down, right in self._offsets]
                context = torch.addmm(self._bias, self._kernel, torch.stack(past, 1).flatten(0, 1))
            mixed = torch.cat((parameters[:, row, column], context))
            for layer in self._layers:
                mixed = layer(mixed)
            symbols[:, row, column], decoded = code((row, column), mixed.numpy())
            values[:, row + reach, column + reach] = torch.from_numpy(decoded)
        return symbols, values[:, reach : reach + rows, reach : reach + columns].numpy()


def _by_product(layer: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """A layer of `entropy_parameters` as a function of [channels, positions]."""
    if isinstance(layer, nn.Conv2d):
        weight, bias = layer.weight[:, :, 0, 0], None if layer.bias is None else layer.bias[:, None]

        def product(x: torch.Tensor) -> torch.Tensor:
            return weight @ x if bias is None else torch.addmm(bias, weight, x)

        return product
    slope: Any = layer.negative_slope
    return lambda x: functional.leaky_relu(x, slope)
