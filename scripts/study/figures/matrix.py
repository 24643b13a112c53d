"""Square matrices of numbers with a name at each row and column, made to fit the width of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from study.figures import canvas

LEAST = 3.5  # points: smaller numbers can't be read, and are left out

_GAP, _FILLED = 0.1, 0.92
_STEP = 0.25


@dataclass(frozen=True)
class Fit:
    """Sizes of a matrix: of the names in points, of their column and of a cell in inches, as `canvas` counts both."""

    size: float
    labels: float
    cell: float


def fit(names: Sequence[str], room: float, largest: float) -> Fit:
    """The largest cells, up to `largest`, with which the matrix fits `room`, and names no higher; in inches."""
    size = canvas.TEXT
    while True:
        labels = max(canvas.text_width(name, size) for name in names) + _GAP
        cell = min(largest, (room - labels) / len(names))
        if size / 72 <= _FILLED * cell or size <= LEAST:
            return Fit(size, labels, cell)
        size -= _STEP


def number_size(texts: Sequence[str], cell: float) -> float:
    """The size in points with which the widest text fits a cell (inches); 0 where that is less than `LEAST`."""
    widest = max((canvas.text_width(text, canvas.SMALL) for text in texts), default=0.0)
    size = min(canvas.SMALL, canvas.SMALL * _FILLED * cell / widest) if widest else canvas.SMALL
    return size if size >= LEAST else 0.0
