"""Rows of a chart with a name each: a name that is too long for its column goes on in the next line, never cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from study.figures import canvas

ROW = 0.145  # inches, of a row whose name has one line

_LINE = 0.12
_AROUND = 0.4  # rows, above the first and below the last together


@dataclass(frozen=True)
class Rows:
    """The rows: their names in lines, and where they are on an axis, in rows of one line from the first one on."""

    names: Sequence[str]
    places: Sequence[float]
    end: float

    @property
    def height(self) -> float:
        """The height of the axes in inches."""
        return ROW * (self.end + _AROUND)

    def dress(self, box: Axes, named: bool = True) -> None:
        """Span the vertical axis of a chart over the rows, with their names or without."""
        box.set_ylim(self.end - 0.3, -0.7)
        box.set_yticks(self.places if named else [], self.names if named else [], linespacing=1.0)
        box.tick_params(axis="y", length=0)
        box.grid(False, axis="y")
        box.spines["left"].set_visible(False)


def of(names: Sequence[str], width: float) -> Rows:
    """The rows of some names, in a column of that width in inches."""
    lines = [canvas.wrapped(name, width, canvas.TEXT) for name in names]
    places, end = [], 0.0
    for part in lines:
        high = max(1.0, (_LINE * len(part) + 0.03) / ROW)
        places.append(end + (high - 1) / 2)
        end += high
    return Rows(["\n".join(part) for part in lines], places, end)
