"""Axes: their spans and ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

_STEPS = ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3), (1,))


def rate(box: Axes, kind: str, low: float, high: float) -> None:
    """A horizontal axis of rates in bpp, `linear` or `log`, from `low` to `high`, with room after the last point."""
    if kind == "log":
        log(box, "x", low, high * 1.08)
    else:
        box.set_xlim(low, high * 1.01)
        box.xaxis.set_major_locator(MaxNLocator(8, steps=(1, 2, 2.5, 5, 10)))


def log(box: Axes, direction: str, low: float, high: float, most: int = 9) -> None:
    """A log axis (`direction` x or y) with at most `most` numbers written as such (0.05, 20), never as powers."""
    low, high = (low, high) if 1.1 * low < high else (low / 1.5, high * 1.5)
    axis = box.xaxis if direction == "x" else box.yaxis
    (box.set_xscale if direction == "x" else box.set_yscale)("log")
    (box.set_xlim if direction == "x" else box.set_ylim)(low, high)
    axis.set_major_locator(FixedLocator(_numbered(low, high, most)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    decades = math.log10(high / low)
    axis.set_minor_locator(FixedLocator(_ticks(low, high, range(1, 10)) if decades < 5 else []))
    axis.set_minor_formatter(NullFormatter())


def value(box: Axes, low: float, high: float) -> None:
    """A linear vertical axis from `low` to `high`, with round ticks."""
    box.set_ylim(low, high)
    box.yaxis.set_major_locator(MaxNLocator(8, steps=(1, 2, 5, 10)))


def value_span(curves: Sequence[tuple[Sequence[float], Sequence[float]]], end: float) -> tuple[float, float]:
    """The span of a metric's axis: all values up to the rate `end`, and where curves cross it, with room around.

    `curves` are pairs (rates in bpp, values), each in the order of rates.
    """
    seen = []
    for rates, values in curves:
        points = list(zip(rates, values))
        seen += [value for rate, value in points if rate <= end]
        for (left, low), (right, high) in pairwise(points):
            if left <= end < right:
                seen.append(low + (high - low) * (end - left) / (right - left))
    return padded(seen)


def padded(values: Sequence[float]) -> tuple[float, float]:
    """The span of some values with a little room around."""
    if not values:
        return 0.0, 1.0
    room = 0.04 * (max(values) - min(values)) or 0.04 * abs(values[0]) or 1.0
    return min(values) - room, max(values) + room


def empty(box: Axes, text: str) -> None:
    """Say in the middle of axes why nothing is drawn there."""
    box.set(xticks=[], yticks=[])
    box.text(0.5, 0.5, text, transform=box.transAxes, ha="center", va="center", color="#555555")


def _numbered(low: float, high: float, most: int) -> list[float]:
    choices = [_ticks(low, high, steps) for steps in _STEPS]
    fitting = [ticks for ticks in choices if 2 <= len(ticks) <= most]
    if fitting:
        return fitting[0]
    if len(choices[-1]) > most:
        return choices[-1][:: math.ceil(len(choices[-1]) / most)]
    return [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]


def _ticks(low: float, high: float, steps: Sequence[float]) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [tick for decade in decades for step in steps if low <= (tick := step * 10.0**decade) <= high]
