"""The latents of the overfitted codec: wavelet bands, the order in which they are coded, contexts of their elements.

As in Cool-Chic (Ladune et al. 2023, arXiv 2212.05458) resolutions halve in each direction from the image's down; those
of chroma begin at a coarser one. Each has three bands of details, and the coarsest one of the rest. They are coded from
coarse to fine. Within a band there are four passes, one for each place in a block of 2x2, and all elements of a pass at
once: so a decoder works on whole arrays, where an autoregressive one goes element by element. Contexts of a pass are
neighbours of earlier passes, elements of the same band at the next coarser level, and those at the same place in the
level's bands and in the channels coded before.

Horizontal details are kept with rows and columns exchanged: their neighbours then tell what those of vertical ones do,
and both share parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LEVELS = 6
CHANNELS = 3
REST, HORIZONTAL, VERTICAL, DIAGONAL = range(4)
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
CONTEXTS = 13  # of every pass: neighbours, parents, and one of each band and channel before
_MARGIN = (1, 2)

Key = tuple[int, int, int]


@dataclass(frozen=True)
class Grid:
    """One band: channel 0 is luma, `level` says by what power of two it is coarser than the image.

    Rows and columns are those of the array: exchanged in a band of horizontal details.
    """

    channel: int
    level: int
    band: int
    rows: int
    columns: int

    @property
    def key(self) -> Key:
        """Channel, level and band."""
        return self.channel, self.level, self.band


def grids(size: tuple[int, int], chroma_level: int) -> list[Grid]:
    """The bands of an image of `size` (H, W) in the order of coding; chroma has none finer than `chroma_level`."""
    form = []
    for level in range(LEVELS, 0, -1):
        whole = [-(-side // 2 ** (level - 1)) for side in size]
        (rows, below), (columns, right) = ((-(-side // 2), side // 2) for side in whole)
        sizes = {REST: (rows, columns), HORIZONTAL: (right, rows), VERTICAL: (below, columns), DIAGONAL: (below, right)}
        for channel in range(CHANNELS if level >= chroma_level else 1):
            form += [Grid(channel, level, band, *sizes[band]) for band in sizes if band != REST or level == LEVELS]
    return form


def upright(values: Any, band: int) -> Any:
    """An array [rows, columns] of a band with rows and columns exchanged, where they are; and back."""
    return values.T if band == HORIZONTAL else values


def padded(values: np.ndarray, fill: int = 0) -> np.ndarray:
    """The values of a grid, [rows, columns], with a margin of `fill`, for `contexts`."""
    return np.pad(values, _MARGIN, constant_values=fill)


def inner(values: np.ndarray) -> np.ndarray:
    """What `padded` has put a margin around, [rows, columns]; a view."""
    return values[_MARGIN[0] : -_MARGIN[1], _MARGIN[0] : -_MARGIN[1]]


def elements(number: int) -> tuple[slice, slice]:
    """The elements of a grid that pass `number` codes."""
    row, column = PASSES[number]
    return slice(row, None, 2), slice(column, None, 2)


def contexts(grid: Grid, number: int, values: Callable[[Key], np.ndarray | None], fill: int = 0) -> list[np.ndarray]:
    """The contexts of the elements that pass `number` codes, CONTEXTS arrays [rows, columns].

    `values` gives the padded values of a band by channel, level and band, None where there is none.
    """
    row, column = PASSES[number]
    shape = (grid.rows - row + 1) // 2, (grid.columns - column + 1) // 2
    nothing = np.full(shape, fill)

    def taken(key: Key, start: tuple[int, int], step: int) -> np.ndarray:
        found = values(key)
        if found is None or not nothing.size:
            return nothing
        if (key[2] == HORIZONTAL) != (grid.band == HORIZONTAL):
            found = found.T  # a margin goes with it
        firsts = [_MARGIN[0] + first for first in start]
        rows, columns = (slice(first, first + step * (count - 1) + 1, step) for first, count in zip(firsts, shape))
        return found[rows, columns]

    result = [taken(grid.key, (row + down, column + right), 2) for down, right in _NEIGHBOURS[number]]
    result += [taken((grid.channel, grid.level + 1, grid.band), place, 1) for place in _PARENTS[number]]
    at_its_place = [(band < grid.band, (grid.channel, grid.level, band)) for band in (HORIZONTAL, VERTICAL)]
    at_its_place += [(channel < grid.channel, (channel, grid.level, grid.band)) for channel in range(CHANNELS - 1)]
    return result + [taken(key, (row, column), 2) if before else nothing for before, key in at_its_place]
