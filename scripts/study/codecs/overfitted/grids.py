"""The latent grids of the overfitted codec, the order in which they are coded, and the contexts of their elements.

Grids of luma halve in each direction from the image's size down, as in Cool-Chic (Ladune et al. 2023, arXiv
2212.05458); those of chroma begin at a coarser one. They are coded from coarse to fine. Within a grid there are four
passes, one for each place in a block of 2x2, and all elements of a pass at once: so a decoder works on whole arrays,
where an autoregressive one goes element by element. The contexts of a pass are neighbours of earlier passes, elements
of the next coarser grid of the same channel, and those at the same place of the channels coded before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LEVELS = 7
CHANNELS = 3
PASSES = ((0, 0), (1, 1), (0, 1), (1, 0))  # row and column within a block of 2x2
_DIRECT = [(-1, 0), (1, 0), (0, -1), (0, 1)]
_DIAGONAL = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
_NEIGHBOURS: tuple[list[tuple[int, int]], ...] = ([], _DIAGONAL, _DIRECT, _DIRECT + _DIAGONAL)
_PARENTS: tuple[list[tuple[int, int]], ...] = (
    [(0, 0), *_DIRECT, *_DIAGONAL],
    [(0, 0), (0, 1), (1, 0), (1, 1), (-1, 0)],
    [(0, 0), (0, 1), (-1, 0), (-1, 1), (1, 0)],
    [(0, 0)],
)
CONTEXTS = 11  # of every pass: neighbours, parents, and one of each channel before
_MARGIN = 1


@dataclass(frozen=True)
class Grid:
    """One latent grid: channel 0 is luma, `level` says by what power of two it is coarser than the image."""

    channel: int
    level: int
    rows: int
    columns: int


def grids(size: tuple[int, int], chroma_level: int) -> list[Grid]:
    """The grids of an image of `size` (H, W) in the order of coding; chroma's begin at `chroma_level`."""
    form = []
    for level in reversed(range(LEVELS)):
        rows, columns = (-(-side // 2**level) for side in size)
        for channel in range(CHANNELS if level >= chroma_level else 1):
            form.append(Grid(channel, level, rows, columns))
    return form


def padded(values: np.ndarray, fill: int = 0) -> np.ndarray:
    """The values of a grid, [rows, columns], with a margin of `fill`, for `contexts`."""
    return np.pad(values, _MARGIN, constant_values=fill)


def elements(number: int) -> tuple[slice, slice]:
    """The elements of a grid that pass `number` codes."""
    row, column = PASSES[number]
    return slice(row, None, 2), slice(column, None, 2)


def contexts(
    grid: Grid, number: int, values: Callable[[int, int], np.ndarray | None], fill: int = 0
) -> list[np.ndarray]:
    """The contexts of the elements that pass `number` codes, CONTEXTS arrays [rows, columns].

    `values` gives the padded values of the grid of a channel and level, None where there is none.
    """
    row, column = PASSES[number]
    rows, columns = (grid.rows - row + 1) // 2, (grid.columns - column + 1) // 2
    own, parent = values(grid.channel, grid.level), values(grid.channel, grid.level + 1)
    nothing = np.full((rows, columns), fill)
    neighbours = [_taken(own, (row + down, column + right), (rows, columns), 2) for down, right in _NEIGHBOURS[number]]
    for down, right in _PARENTS[number]:
        neighbours.append(nothing if parent is None else _taken(parent, (down, right), (rows, columns), 1))
    for channel in range(CHANNELS - 1):
        other = values(channel, grid.level) if channel < grid.channel else None
        neighbours.append(nothing if other is None else _taken(other, (row, column), (rows, columns), 2))
    return neighbours


def _taken(values: np.ndarray | None, start: tuple[int, int], shape: tuple[int, int], step: int) -> np.ndarray:
    assert values is not None
    firsts = [_MARGIN + first for first in start]
    rows, columns = (slice(first, first + step * (count - 1) + 1, step) for first, count in zip(firsts, shape))
    return values[rows, columns]
