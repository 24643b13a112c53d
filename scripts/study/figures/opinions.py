"""The figure of an opinion test: the scale of codecs at each rate, and how each metric agrees with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures import canvas, labelled_rows, palette
from study.figures.palette import Style

_LABELS, _SHARE = 2.05, 0.4  # of the width at most
_NARROWEST, _NARROWEST_SHARE = 1.0, 1.5  # panels of the scale, and of the metrics
_BETWEEN, _RIGHT, _UNDER, _TOP, _HEAD = 0.14, 0.08, 0.4, 0.08, 0.16
_ACROSS = 3
_PANELS = (  # column, label, span with room for a mark at its end, value of chance
    ("spearman", "rank correlation (Spearman)", (-1.1, 1.1), 0.0),
    ("agreement", "answers that agree", (-0.05, 1.05), 0.5),
)


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
        left = canvas.MARGIN + min(max(map(canvas.text_width, texts)) + 0.12, _LABELS, _SHARE * canvas.width())
        room = canvas.width() - left - _RIGHT
        grids = (
            _Grid(left, room, min(len(rates), _ACROSS), _NARROWEST, [names[codec] for codec in order]),
            _Grid(left, room, len(_PANELS), _NARROWEST_SHARE, [palette.short(metric) for metric in shown]),
        )
        blocks = grids[0].height(len(rates)) + len(rates) * grids[1].height(len(_PANELS))
        above = 2 * canvas.MARGIN + canvas.title_height(title) + _TOP
        layout = canvas.start(above + blocks + canvas.LINE * len(notes), title)
        layout.y -= _TOP
        _scales(layout, scale, rates, order, codecs, grids[0])
        for rate in rates:
            _agreement(layout, [row for row in metrics if row["rate"] == rate], rate, grids[1])
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
    if all(row["observers"] == "1" for row in scale):
        about += " There is one observer: whiskers are over pairs alone and say nothing of other people."
    warning = "The answers are made up by a simulation and say nothing of what people see."
    return [warning, about] if simulated else [about]


class _Grid:
    """Panels beside and under each other in `room` from `left` on, with a row for each of some labels."""

    def __init__(self, left: float, room: float, most: int, narrowest: float, labels: Sequence[str]) -> None:
        self.left = left
        self.across = canvas.across(most, room, narrowest, _BETWEEN)
        self.width = (room - (self.across - 1) * _BETWEEN) / self.across
        self.rows = labelled_rows.of(labels, left - canvas.MARGIN - 0.1)
        self.panel = self.rows.height

    def height(self, count: int) -> float:
        """The height of `count` panels."""
        return math.ceil(count / self.across) * (_HEAD + self.panel + _UNDER)

    def box(self, layout: canvas.Layout, index: int, heading: str, span: tuple[float, float]) -> Axes:
        """The axes of a panel under its heading, with its horizontal span; only the first column has labels."""
        column, level = index % self.across, index // self.across
        x, top = self.left + column * (self.width + _BETWEEN), layout.y - level * (_HEAD + self.panel + _UNDER)
        box = canvas.panel(layout, x, top - _HEAD - self.panel, self.width, self.panel)
        canvas.text(layout, x, top, heading)
        box.set_xlim(*span)
        box.xaxis.set_major_locator(MaxNLocator(max(int(self.width / 0.32), 3), steps=(1, 2, 2.5, 5, 10)))
        self.rows.dress(box, column == 0)
        return box


def _scales(
    layout: canvas.Layout,
    scale: Sequence[Mapping[str, str]],
    rates: Sequence[str],
    order: Sequence[str],
    codecs: Mapping[str, Style],
    grid: _Grid,
) -> None:
    ends = [float(row[name]) for row in scale for name in ("strength", "lo", "hi") if row[name]]
    room = 0.05 * (max(ends) - min(ends)) or 0.5
    for index, rate in enumerate(rates):
        box = grid.box(layout, index, f"{float(rate):g} bpp", (min(ends) - room, max(ends) + room))
        for row in (row for row in scale if row["rate"] == rate):
            look = palette.of(row["codec"], codecs)
            fill = look.colour if look.filled else "white"
            marks = {"marker": look.marker, "markerfacecolor": fill, "markeredgecolor": look.colour}
            _point(box, grid.rows.places[order.index(row["codec"])], row, "strength", "lo", "hi", look.colour, marks)
        box.axvline(0, color="black", linewidth=0.6)
        box.set_xlabel("strength (log-odds)")
    layout.y -= grid.height(len(rates))


def _agreement(layout: canvas.Layout, metrics: Sequence[Mapping[str, str]], rate: str, grid: _Grid) -> None:
    for number, (name, label, span, chance) in enumerate(_PANELS):
        box = grid.box(layout, number, f"metrics, {float(rate):g} bpp", span)
        for height, row in zip(grid.rows.places, metrics):
            marks = {"marker": "o", "markerfacecolor": "black", "markeredgecolor": "black"}
            _point(box, height, row, name, f"{name}_lo", f"{name}_hi", "black", marks)
        box.axvline(chance, color="black", linewidth=0.6)
        box.set_xlabel(label)
    layout.y -= grid.height(len(_PANELS))


def _point(
    box: Axes, height: float, row: Mapping[str, str], name: str, low: str, high: str, colour: str, marks: Mapping
) -> None:
    if not row[name]:
        box.text(0.5, height, "–", transform=box.get_yaxis_transform(), va="center", ha="center", color=canvas.GREY)
        return
    if row[low]:
        box.plot([float(row[low]), float(row[high])], [height, height], color=colour, linewidth=0.9)
    box.plot([float(row[name])], [height], linestyle="none", markersize=3.6, markeredgewidth=0.8, **marks)
