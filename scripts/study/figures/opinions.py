"""The figure of an opinion test: the scale of codecs at each rate, and how each metric agrees with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures import canvas, palette
from study.figures.palette import Style

_ROW = 0.15
_LABELS = 2.05
_BETWEEN, _RIGHT, _UNDER, _TOP, _HEAD = 0.14, 0.08, 0.4, 0.08, 0.16
_ACROSS = 3
_PANELS = (("spearman", "rank correlation (Spearman)", (-1.05, 1.05)), ("agreement", "answers that agree", (0.0, 1.0)))


def figure(
    image_set: str,
    scale: Sequence[Mapping[str, str]],
    metrics: Sequence[Mapping[str, str]],
    codecs: Mapping[str, Style],
) -> Figure:
    """The figure of an image set, from its rows of opinions_scale.csv and opinions_metrics.csv.

    Codecs are sorted by their mean strength over the rates, best first. Without rows, the figure says so. Raises
    StudyError for a codec that `codecs` lacks.
    """
    if not scale:
        with canvas.looks():
            layout = canvas.start(2 * canvas.MARGIN + 3 * canvas.LINE, f"{image_set}: opinion test")
            canvas.notes(layout, ["No answers that count compare images of this set."])
            return layout.figure
    rates = list(dict.fromkeys(row["rate"] for row in scale))
    order = _order(scale)
    names = {codec: palette.of(codec, codecs).label for codec in order}
    simulated = any(row["simulated"] == "yes" for row in scale)
    title = f"{image_set}: opinion test{', SIMULATED observers' if simulated else ''}"
    with canvas.looks():
        notes = canvas.note_lines(_notes(scale, simulated))
        shown = list(dict.fromkeys(row["metric"] for row in metrics))
        texts = [*names.values(), *map(palette.short, shown)]
        left = canvas.MARGIN + min(max(map(canvas.text_width, texts)) + 0.12, _LABELS)
        down = math.ceil(len(rates) / _ACROSS)
        upper = _HEAD + _ROW * (len(order) + 0.4) + _UNDER
        lower = _HEAD + _ROW * (len(shown) + 0.4) + _UNDER
        height = 2 * canvas.MARGIN + canvas.title_height(title) + _TOP + down * upper + lower * len(rates)
        layout = canvas.start(height + canvas.LINE * len(notes), title)
        layout.y -= _TOP
        _scales(layout, scale, rates, order, names, codecs, left)
        for rate in rates:
            _agreement(layout, [row for row in metrics if row["rate"] == rate], rate, left)
        canvas.notes(layout, notes)
        return layout.figure


def _order(scale: Sequence[Mapping[str, str]]) -> list[str]:
    strengths: dict[str, list[float]] = {}
    for row in scale:
        strengths.setdefault(row["codec"], []).append(float(row["strength"]))
    return sorted(strengths, key=lambda codec: -sum(strengths[codec]) / len(strengths[codec]))


def _notes(scale: Sequence[Mapping[str, str]], simulated: bool) -> list[str]:
    level = f"{float(scale[0]['level']):.0%}"
    about = (
        "Upper panels: strengths of the Bradley-Terry model in log-odds around the mean of the codecs at that rate; "
        "with a lead of 1.1, three of four answers prefer a codec. "
        f"Whiskers: {level} bootstrap interval over observers and pairs. Lower panels: each metric’s rank correlation "
        "with the scale, and the share of decided answers that prefer what the metric scores higher."
    )
    warning = "The answers are made up by a simulation and say nothing of what people see."
    return [warning, about] if simulated else [about]


def _scales(
    layout: canvas.Layout,
    scale: Sequence[Mapping[str, str]],
    rates: Sequence[str],
    order: Sequence[str],
    names: Mapping[str, str],
    codecs: Mapping[str, Style],
    left: float,
) -> None:
    across = min(len(rates), _ACROSS)
    width = (canvas.WIDTH - left - _RIGHT - (across - 1) * _BETWEEN) / across
    height = _ROW * (len(order) + 0.4)
    ends = [float(row[name]) for row in scale for name in ("strength", "lo", "hi") if row[name]]
    room = 0.05 * (max(ends) - min(ends)) or 0.5
    for index, rate in enumerate(rates):
        column, block = index % across, _HEAD + height + _UNDER
        bottom = layout.y - (index // across) * block - _HEAD - height
        box = canvas.panel(layout, left + column * (width + _BETWEEN), bottom, width, height)
        canvas.text(layout, left + column * (width + _BETWEEN), bottom + height + _HEAD, f"{float(rate):g} bpp")
        for row in (row for row in scale if row["rate"] == rate):
            look = palette.of(row["codec"], codecs)
            fill = look.colour if look.filled else "white"
            marks = {"marker": look.marker, "markerfacecolor": fill, "markeredgecolor": look.colour}
            _point(box, order.index(row["codec"]), row, "strength", "lo", "hi", look.colour, marks)
        box.axvline(0, color="black", linewidth=0.6)
        labels = [canvas.shortened(names[codec], left - canvas.MARGIN - 0.1) for codec in order]
        _dress(box, labels if column == 0 else [], len(order), (min(ends) - room, max(ends) + room), width)
        box.set_xlabel("strength (log-odds)")
    layout.y -= math.ceil(len(rates) / across) * (_HEAD + height + _UNDER)


def _agreement(layout: canvas.Layout, metrics: Sequence[Mapping[str, str]], rate: str, left: float) -> None:
    width = (canvas.WIDTH - left - _RIGHT - _BETWEEN) / 2
    height = _ROW * (len(metrics) + 0.4)
    bottom = layout.y - _HEAD - height
    for column, (name, label, span) in enumerate(_PANELS):
        box = canvas.panel(layout, left + column * (width + _BETWEEN), bottom, width, height)
        canvas.text(
            layout, left + column * (width + _BETWEEN), bottom + height + _HEAD, f"metrics, {float(rate):g} bpp"
        )
        for index, row in enumerate(metrics):
            marks = {"marker": "o", "markerfacecolor": "black", "markeredgecolor": "black"}
            _point(box, index, row, name, f"{name}_lo", f"{name}_hi", "black", marks)
        box.axvline(0 if span[0] < 0 else 0.5, color="black", linewidth=0.6)
        _dress(box, [palette.short(row["metric"]) for row in metrics] if column == 0 else [], len(metrics), span, width)
        box.set_xlabel(label)
    layout.y -= _HEAD + height + _UNDER


def _point(
    box: Axes, index: int, row: Mapping[str, str], name: str, low: str, high: str, colour: str, marks: Mapping
) -> None:
    if not row[name]:
        box.text(0.5, index, "–", transform=box.get_yaxis_transform(), va="center", ha="center", color=canvas.GREY)
        return
    if row[low]:
        box.plot([float(row[low]), float(row[high])], [index, index], color=colour, linewidth=0.9)
    box.plot([float(row[name])], [index], linestyle="none", markersize=3.6, markeredgewidth=0.8, **marks)


def _dress(box: Axes, labels: Sequence[str], rows: int, span: tuple[float, float], width: float) -> None:
    box.set_xlim(*span)
    box.set_ylim(rows - 0.3, -0.7)
    box.xaxis.set_major_locator(MaxNLocator(max(int(width / 0.32), 3), steps=(1, 2, 2.5, 5, 10)))
    box.grid(False, axis="y")
    box.set_yticks(range(len(labels)), labels)
    box.tick_params(axis="y", length=0)
    box.spines["left"].set_visible(False)
