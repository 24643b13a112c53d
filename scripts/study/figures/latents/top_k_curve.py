"""Progressive decoding: quality against rate while only the strongest channels are kept, beside the codec's curve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures import axes, canvas, palette
from study.figures.palette import Style

POLICIES = {
    "recompute": ("#d95f02", "-", "z recomputed"),
    "keep": ("#7570b3", (0, (4, 1.5)), "z kept"),
    "edited": ("#d95f02", "-", "z edited"),
    "none": ("#d95f02", "-", ""),
}

_LEFT, _BETWEEN, _RIGHT, _ROW, _UNDER = 0.5, 0.55, 0.12, 2.4, 0.36
_NARROWEST = 1.9


@dataclass(frozen=True)
class Point:
    """A point of a curve: what is written beside it (a number of channels, or a quality), rate in bpp, values."""

    name: str
    bpp: float
    values: Mapping[str, float | None]


def figure(
    kept: Mapping[str, Sequence[Point]],
    curve: Sequence[Point],
    metrics: Sequence[str],
    look: Style,
    title: str,
    notes: Sequence[str],
) -> Figure:
    """A panel for each metric: the points of each policy of `kept`, by policy, and the codec's own `curve`.

    The codec's curve is in its colour with its qualities; numbers at the other points are those of channels kept.
    """
    with canvas.looks():
        text = canvas.note_lines(notes)
        handles = _handles(kept, curve, look)
        room = canvas.width() - _LEFT - _RIGHT
        entries = max(1, int(room / max(0.5 + canvas.text_width(str(handle.get_label())) for handle in handles)))
        above = 0.05 + 0.13 * math.ceil(len(handles) / entries)
        across = canvas.across(len(metrics), room, _NARROWEST, _BETWEEN)
        block = math.ceil(len(metrics) / across) * (_ROW + _UNDER)
        whole = 2 * canvas.MARGIN + canvas.title_height(title) + above + block + canvas.LINE * len(text)
        layout = canvas.start(whole, title)
        layout.y -= above
        width = min((room - (across - 1) * _BETWEEN) / across, 4.2)
        for number, metric in enumerate(metrics):
            left, level = _LEFT + number % across * (width + _BETWEEN), number // across
            box = canvas.panel(layout, left, layout.y - _ROW - level * (_ROW + _UNDER), width, _ROW)
            _draw(box, kept, curve, metric, look)
        layout.figure.axes[0].legend(
            handles=handles, frameon=False, loc="lower left", bbox_to_anchor=(0, 1),
            borderaxespad=0.2, borderpad=0.2, ncols=entries,
        )  # fmt: skip
        layout.y -= block
        canvas.notes(layout, text)
        return layout.figure


def _handles(kept: Mapping[str, Sequence[Point]], curve: Sequence[Point], look: Style) -> list[Line2D]:
    handles = []
    if curve:
        handles.append(Line2D([], [], label=f"{canvas.shortened(look.label, 2.0)}, its qualities", **_look(look)))
    for policy in kept:
        colour, dashes, words = POLICIES[policy]
        label = f"strongest channels, {words}" if words else "strongest channels"
        handles.append(Line2D([], [], label=label, **_kept(colour, dashes)))
    return handles


def _draw(box: Axes, kept: Mapping[str, Sequence[Point]], curve: Sequence[Point], metric: str, look: Style) -> None:
    lines = [(curve, _look(look), look.colour, -1, True)] if curve else []
    for number, (policy, points) in enumerate(kept.items()):
        colour, dashes, _ = POLICIES[policy]
        lines.append((points, _kept(colour, dashes), colour, 1, number == 0))
    spans = []
    for points, options, colour, sign, named in lines:
        known = [point for point in points if point.values.get(metric) is not None]
        if not known:
            continue
        rates, values = [point.bpp for point in known], [point.values[metric] for point in known]
        spans.append((rates, values))
        box.plot(rates, values, **options)
        last = (float("-inf"), float("-inf"))
        for point, rate, value in reversed(list(zip(known, rates, values))) if named else ():
            spot = (rate, value)
            if last != (float("-inf"), float("-inf")) and not _apart(spot, last, spans, metric):
                continue
            last = spot
            box.annotate(
                point.name, spot, (3 if sign > 0 else -3, -2 if sign > 0 else 2), textcoords="offset points",
                size=canvas.small(), color=colour,
                ha="left" if sign > 0 else "right", va="top" if sign > 0 else "bottom",
            )  # fmt: skip
    if not spans:
        axes.empty(box, "no value")
    else:
        end = max(max(rates) for rates, _ in spans)
        axes.rate(box, "linear", 0.0, end * 1.04)
        low, high = axes.padded([value for _, values in spans for value in values])
        axes.value(box, low - 0.03 * (high - low), high + 0.05 * (high - low))
    box.set_xlabel("Rate (bpp)")
    canvas.y_label(box, palette.axis_label(metric))


def _apart(spot: tuple[float, float], last: tuple[float, float], spans: Sequence, metric: str) -> bool:
    """Whether two points leave room for their numbers."""
    wide = max(max(rates) for rates, _ in spans)
    values = [value for _, part in spans for value in part]
    tall = (max(values) - min(values)) or 1.0
    return abs(spot[0] - last[0]) > 0.055 * wide or abs(spot[1] - last[1]) > 0.06 * tall


def _look(look: Style) -> dict:
    return {"color": look.colour, "linewidth": 1.0, "marker": look.marker, "markersize": 3.5}


def _kept(colour: str, dashes: object) -> dict:
    return {"color": colour, "linestyle": dashes, "linewidth": 1.0, "marker": ".", "markersize": 4}
