"""Does the decoded image move as its latent does? PSNR between moving before and after the synthesis transform."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures import axes, canvas

LABEL = "PSNR to the moved baseline (dB)"

_LEFT, _BETWEEN, _RIGHT, _ROW, _UNDER, _BAR = 0.5, 0.3, 0.12, 2.2, 0.36, 0.19
_NARROW = 4.5
_LEAST = 6.0  # dB, so that small differences look small
_MARKERS = "os^Dv"
_COLOURS = ("#0b6e99", "#d95f02", "#7570b3", "#1a7f37", "#c0392b")


def figure(
    curves: Mapping[str, Sequence[tuple[float, float]]],
    bars: Mapping[str, float],
    across: str,
    title: str,
    notes: Sequence[str],
) -> Figure:
    """Curves over the shift (pairs of shift and dB, by name), labelled `across`, and bars of other moves in dB.

    Either may be empty.
    """
    room = canvas.width() - _LEFT - _RIGHT
    names = 0.1 + max((canvas.text_width(name, canvas.TEXT) for name in bars), default=0.0)
    shares = (0.52, 0.48) if curves and bars else (1.0, 0.0) if curves else (0.0, 1.0)
    stacked = bool(curves and bars) and room < _NARROW
    tall = _BAR * len(bars) + 0.1
    down = max(_ROW if curves else 0.0, tall if bars else 0.0, 0.8)
    if stacked:
        shares, down = (1.0, 1.0), _ROW
    with canvas.looks():
        text = canvas.note_lines(notes)
        above = 0.2 if curves else 0.08
        entries = 3
        if curves:
            entries = max(1, min(3, int(room * shares[0] / max(0.5 + canvas.text_width(name) for name in curves))))
            above += 0.13 * (math.ceil(len(curves) / entries) - 1)
        block = down + _UNDER + (tall + _UNDER if stacked else 0)
        whole = 2 * canvas.MARGIN + canvas.title_height(title) + above + block + canvas.LINE * len(text)
        layout = canvas.start(whole, title)
        layout.y -= above
        x = _LEFT
        if curves:
            width = min(room * shares[0] - (_BETWEEN if bars and not stacked else 0), 4.2)
            _curves(canvas.panel(layout, x, layout.y - down, width, down), curves, across, entries)
            x += width + _BETWEEN
        if bars:
            beside = bool(curves) and not stacked
            left = (x if beside else canvas.MARGIN) + names
            bottom = layout.y - (down if beside else block - _UNDER if stacked else tall)
            width = min(canvas.width() - _RIGHT - left - 0.3, 4.2)
            _bars(canvas.panel(layout, left, bottom, width, tall), bars)
        layout.y -= block
        canvas.notes(layout, text)
        return layout.figure


def _curves(box: Axes, curves: Mapping[str, Sequence[tuple[float, float]]], across: str, entries: int) -> None:
    for number, (name, points) in enumerate(curves.items()):
        line = sorted(points)
        box.plot(
            [shift for shift, _ in line], [value for _, value in line], label=name, linewidth=1.0, markersize=3.5,
            color=_COLOURS[number % len(_COLOURS)], marker=_MARKERS[number % len(_MARKERS)],
        )  # fmt: skip
    values = [value for points in curves.values() for _, value in points]
    low, high = axes.padded(values)
    room = max(0.0, (_LEAST - (high - low)) / 2)
    axes.value(box, low - room, high + room)
    box.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    box.set_xlabel(across)
    canvas.y_label(box, LABEL)
    box.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, borderpad=0.2, ncols=entries)


def _bars(box: Axes, bars: Mapping[str, float]) -> None:
    places = range(len(bars))
    box.barh(list(places), list(bars.values()), height=0.62, color=matplotlib.colormaps["Greys"](0.55))
    box.set_yticks(list(places), labels=list(bars))
    box.set_ylim(len(bars) - 0.5, -0.5)
    box.tick_params(axis="y", length=0)
    box.grid(False, axis="y")
    box.set_xlim(0, max(bars.values()) * 1.02)
    for y, value in zip(places, bars.values()):
        box.annotate(
            f"{value:.1f}",
            (value, y),
            (2, 0),
            textcoords="offset points",
            va="center",
            size=canvas.small(),
        )
    box.set_xlabel(LABEL)
