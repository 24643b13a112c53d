"""Which channels earn their bits: what an image loses when a channel is set to 0, against the bits of the channel."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures import axes, canvas
from study.figures.palette import Style

MARKED = 5
_FEWEST = 8

_LEFT, _BETWEEN, _RIGHT, _ROW, _UNDER = 0.5, 0.6, 0.12, 2.6, 0.36
_NARROWEST = 1.9
_GOOD, _POOR = "#1a7f37", "#c0392b"


@dataclass(frozen=True)
class Panel:
    """A metric: the label of its axis with its unit, and the `loss` [C] of each channel when it is set to 0.

    A loss that isn't known is NaN, and one below `floor`, in the same unit, is drawn at the floor.
    """

    label: str
    loss: np.ndarray
    floor: float


def figure(
    rate: np.ndarray, rate_label: str, panels: Sequence[Panel], style: Style, title: str, notes: Sequence[str]
) -> Figure:
    """A panel for each metric: the loss of every channel against its rate [channel] in bpp, both on log axes.

    The dashed line is the price at which all channels together buy quality: the sum of losses over the sum of rates.
    The curve is the trend, and numbers name the channels farthest from it (`outliers`). Channels without bits and
    those beyond the first 99.9 % of the bits aren't drawn; one with less loss than the floor is hollow at the floor.
    """
    remarks = list(notes)
    remarks.append(
        f"Dashed: the price of all channels, sum of losses over sum of rates; a channel above it earns its bits. Green "
        f"and red: the {MARKED} channels that lose the most and the least beside channels of like bits (curve)."
    )
    few = np.flatnonzero((rate > 0) & (rate < _least(rate)))
    silent = int((rate <= 0).sum())
    if len(few) or silent:
        remarks.append(
            f"Not drawn: {len(few)} of {len(rate)} channels with {100 * rate[few].sum() / rate.sum():.2g} % of the "
            f"bits together, and {silent} without bits."
        )
    with canvas.looks():
        room = canvas.width() - _LEFT - _RIGHT
        across = canvas.across(len(panels), room, _NARROWEST, _BETWEEN)
        width = min((room - (across - 1) * _BETWEEN) / across, 4.2)
        block = math.ceil(len(panels) / across) * (_ROW + _UNDER)
        hollow = [_hollow(rate, panel) for panel in panels]
        remarks += [text for text in hollow if text]
        text = canvas.note_lines(remarks)
        whole = 2 * canvas.MARGIN + canvas.title_height(title) + 0.08 + block + canvas.LINE * len(text)
        layout = canvas.start(whole, title)
        layout.y -= 0.08
        for number, panel in enumerate(panels):
            left, level = _LEFT + number % across * (width + _BETWEEN), number // across
            box = canvas.panel(layout, left, layout.y - _ROW - level * (_ROW + _UNDER), width, _ROW)
            _draw(box, rate, rate_label, panel, style)
        layout.y -= block
        canvas.notes(layout, text)
        return layout.figure


def outliers(rate: np.ndarray, panel: Panel) -> tuple[list[int], list[int]]:
    """The channels that lose the most and the least beside channels of like rate, of those that hold 99 % of the bits.

    `rate` [C] is in bpp. Their logarithms are farthest above and below `trend`, by a factor of 1.25 or more; at most
    `MARKED` each.
    """
    order = np.argsort(-rate, kind="stable")
    held = int(np.searchsorted(np.cumsum(rate[order]), 0.99 * rate.sum())) + 1
    known = np.array([n for n in order[:held] if rate[n] > 0 and np.isfinite(panel.loss[n])], dtype=int)
    if len(known) < _FEWEST:
        return [], []
    loss = np.log(np.maximum(panel.loss[known], panel.floor))
    above = loss - np.log(trend(rate, panel)(rate[known]))
    by = known[np.argsort(-above, kind="stable")], np.sort(-above, kind="stable")
    far = math.log(1.25)
    best = [int(n) for n, distance in zip(*by) if -distance > far][:MARKED]
    worst = [int(n) for n, distance in zip(by[0][::-1], by[1][::-1]) if distance > far][:MARKED]
    return best, worst


def trend(rate: np.ndarray, panel: Panel) -> Callable[[np.ndarray], np.ndarray]:
    """The loss that channels of a rate have: a parabola through the logarithms of both, by least absolute residuals.

    `rate` [C] is in bpp. Only channels with bits and with a loss above the floor count.
    """
    drawn = (rate >= _least(rate)) & (rate > 0) & (panel.loss > panel.floor)
    if drawn.sum() < _FEWEST:
        return lambda at: np.full(np.shape(at), np.nan)
    x, y = np.log(rate[drawn]), np.log(panel.loss[drawn])
    degree = 2 if np.ptp(x) > 1 else 0
    weights = np.ones(len(x))
    for _ in range(20):
        parabola = np.polynomial.Polynomial.fit(x, y, degree, w=np.sqrt(weights), domain=[x.min() - 1, x.max() + 1])
        weights = 1 / np.maximum(np.abs(y - parabola(x)), 1e-3)
    return lambda at: np.exp(parabola(np.log(at)))


def _least(rate: np.ndarray) -> float:
    """The rate of the last channel that is needed for 99.9 % of the bits."""
    falling = np.sort(rate)[::-1]
    held = int(np.searchsorted(np.cumsum(falling), 0.999 * rate.sum()))
    return float(falling[min(held, len(falling) - 1)])


def _hollow(rate: np.ndarray, panel: Panel) -> str:
    low = [int(n) for n in np.flatnonzero((rate > 0) & (rate >= _least(rate)) & (panel.loss < panel.floor))]
    if not low:
        return ""
    gain = sum(panel.loss[n] <= 0 for n in low)
    more = f", of which {gain} lose nothing or gain" if gain else ""
    return f"{panel.label}: {len(low)} channels lose less than {panel.floor:g}{more}; they are hollow at the floor."


def _draw(box: Axes, rate: np.ndarray, rate_label: str, panel: Panel, style: Style) -> None:
    drawn = (rate > 0) & (rate >= _least(rate)) & np.isfinite(panel.loss)
    if not drawn.any():
        axes.empty(box, "no value")
        return
    loss = np.maximum(panel.loss, panel.floor)
    best, worst = outliers(rate, panel)
    colours = {**dict.fromkeys(best, _GOOD), **dict.fromkeys(worst, _POOR)}
    for channel in map(int, np.flatnonzero(drawn)):
        colour = colours.get(channel, style.colour)
        solid = panel.loss[channel] >= panel.floor
        box.plot(
            rate[channel], loss[channel], "o", markersize=3.2, markerfacecolor=colour if solid else "white",
            markeredgecolor=colour, markeredgewidth=0.6, alpha=1.0 if channel in colours else 0.6, gid=f"{channel}",
            clip_on=False,
        )  # fmt: skip
    x = rate[drawn].min() / 1.3, rate[drawn].max() * 1.5
    y = panel.floor / 1.3, max(loss[drawn].max() * 1.7, panel.floor * 10)
    price = np.maximum(panel.loss[drawn], 0).sum() / rate[drawn].sum()
    if price > 0:
        box.plot(x, [price * end for end in x], color="#888888", linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    between = np.geomspace(rate[drawn].min(), rate[drawn].max(), 100)
    box.plot(between, trend(rate, panel)(between), color="#888888", linewidth=0.8, zorder=1)
    axes.log(box, "x", *x, most=6)
    axes.log(box, "y", *y, most=8)
    _numbers(box, rate, loss, colours)
    box.set_xlabel(rate_label)
    canvas.y_label(box, panel.label)


def _numbers(box: Axes, rate: np.ndarray, loss: np.ndarray, colours: Mapping[int, str]) -> None:
    """Numbers beside the outliers, where the first free place is: good ones look for it above, poor ones below."""
    inside = box.get_window_extent()
    scale, grown = 72 / box.figure.dpi, canvas.scale()  # points per pixel; the text's size beside the usual
    taken = [box.transData.transform((rate[n], loss[n])) * scale for n in colours]
    spots = dict(zip(colours, taken))
    used: list[tuple[float, float]] = []
    for channel, colour in colours.items():
        x, y = spots[channel]
        wide = 4.0 * grown * len(f"{channel}")
        up = 1 if colour == _GOOD else -1
        for radius, angle in itertools.product((6, 10, 15, 21, 28, 36), (120, 90, 150, 60, 180, 30, 0)):
            at = x + radius * math.cos(math.radians(angle)) * up, y + radius * math.sin(math.radians(angle)) * up
            free = all(abs(at[0] - left) > wide / 2 + 3 or abs(at[1] - top) > 5 for left, top in taken)
            free &= all(abs(at[0] - left) > wide + 1 or abs(at[1] - top) > 7.5 * grown for left, top in used)
            within = (
                inside.x0 * scale + wide / 2 < at[0] < inside.x1 * scale - wide / 2
                and inside.y0 * scale + 4 < at[1] < inside.y1 * scale - 4
            )
            if free and within:
                break
        else:
            at = x, y
        used.append(at)
        box.annotate(
            f"{channel}", (rate[channel], loss[channel]), (at[0] - x, at[1] - y), textcoords="offset points",
            color=colour, size=canvas.small(), ha="center", va="center",
        )  # fmt: skip
