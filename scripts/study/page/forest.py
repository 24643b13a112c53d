"""Forest plots: where figures and their intervals stand on an axis, in percent of its width."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

APART = 20.0  # between two labels, in percent of the width
_ROOM = 0.05  # beside the outermost figures, as a share of the axis
_LEAST = -99.9  # percent; no codec saves all bits
_PERCENT = (
    0, 100, -50, 50, -30, 25, -20, 10, -10, 200, -75, 500, 1000, -90, 5, -5, 2, -2, 1, -1, 0.5, -0.5,
)  # fmt: skip


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high` on its scale: `ratio` (of rates in percent: -50 and +100 are alike) or linear."""

    low: float
    high: float
    ratio: bool
    ticks: Sequence[tuple[float, str]] = ()

    def at(self, value: float) -> float:
        """The place of a value, in percent of the width; one that is beyond stands at the end."""
        share = (_scaled(value, self.ratio) - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)


@dataclass(frozen=True)
class Mark:
    """A figure on an axis: places of the figure and of the ends of its interval (the figure's own without one)."""

    at: float
    low: float
    high: float
    text: str


def axis(values: Iterable[float | None], ratio: bool = False, apart: float = APART) -> Axis:
    """The axis that shows all finite values and 0, with labels so far `apart` in percent of the width."""
    known = [_scaled(value, ratio) for value in values if value is not None and math.isfinite(value)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        low, high = -1.0, 1.0
    room = _ROOM * (high - low)
    bare = Axis(low - room, high + room, ratio)
    return Axis(bare.low, bare.high, ratio, _ticks(bare, apart))


def mark(on: Axis, value: float, low: float | None, high: float | None, digits: int, unit: str) -> Mark:
    """A figure with its interval, if it has one."""
    text = f"{signed(value, digits)}{unit}"
    if low is None or high is None:
        return Mark(on.at(value), on.at(value), on.at(value), text)
    return Mark(on.at(value), on.at(low), on.at(high), f"{text} [{signed(low, digits)}, {signed(high, digits)}]")


def signed(value: float, digits: int) -> str:
    """A number with its sign."""
    return f"{value:+.{digits}f}".replace("-", "−")


def digits_of(values: Iterable[float | None]) -> int:
    """How many digits after the point tell values of this size apart: three of the largest."""
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=1.0)
    return min(max(2 - math.floor(math.log10(largest)), 0), 6) if largest else 1


def _scaled(value: float, ratio: bool) -> float:
    return math.log1p(max(value, _LEAST) / 100) if ratio else value


def _ticks(on: Axis, apart: float) -> list[tuple[float, str]]:
    if on.ratio:
        wanted: Sequence[float] = _PERCENT
    else:
        size = 10.0 ** math.floor(math.log10(on.high - on.low))
        step = next(size * part for part in (0.2, 0.25, 0.5, 1, 2) if (on.high - on.low) / (size * part) <= 5)
        turns = range(math.ceil(on.low / step), math.floor(on.high / step) + 1)
        wanted = sorted((turn * step for turn in turns), key=abs)
    placed: list[tuple[float, str]] = []
    for value in wanted:
        if not on.low <= _scaled(value, on.ratio) <= on.high:
            continue
        position = on.at(value)
        if 3 <= position <= 97 and all(abs(position - other) >= apart for other, _ in placed):
            placed.append((position, f"{value:+.4g}".replace("-", "−") if value else "0"))
    return sorted(placed)
