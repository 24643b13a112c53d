"""Do halves of the channels differ? Rate and quality with half of the channels set to 0, by how they are counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.analysis import channel_halves
from study.figures import axes, canvas, palette

WORDS = {
    "own": "the codec's own order",
    "energy": "order of energy",
    "bits": "order of bits",
    "random": "random orders",
}
_LOOKS = {"own": ("o", "#4860fc"), "energy": ("D", "#d95f02"), "bits": ("s", "#1a7f37"), "random": (".", "#777777")}
_LEFT, _BETWEEN, _RIGHT, _ROW, _UNDER, _ABOVE = 0.56, 0.68, 0.12, 1.5, 0.4, 0.2
_NARROWEST, _LABEL = 0.9, 0.44


def figure(rows: Sequence[Mapping[str, object]], title: str, notes: Sequence[str]) -> Figure:
    """A row of panels for each policy, a panel for each measure of the rows of `channel_halves.rows`.

    Dashed: the codec without an edit.
    """
    measures = list(dict.fromkeys(str(row["measure"]) for row in rows))
    policies = list(dict.fromkeys(str(row["side_information"]) for row in rows))
    orders = [order for order in WORDS if any(row["order"] == order for row in rows)]
    with canvas.looks():
        text = canvas.note_lines(notes)
        room = canvas.width() - _LEFT - _RIGHT
        across = canvas.across(len(measures), room, _NARROWEST, _BETWEEN)
        width = (room - (across - 1) * _BETWEEN) / across
        block = math.ceil(len(measures) / across) * (_ROW + _UNDER)
        down = len(policies) * (block + _ABOVE)
        rows_of_legend = _legend_rows(orders)
        above = canvas.title_height(title) + 0.13 + 0.13 * len(rows_of_legend)
        layout = canvas.start(2 * canvas.MARGIN + above + down + canvas.LINE * len(text), title)
        _legend(layout, rows_of_legend)
        for policy in policies:
            words = {"none": "", "recompute": "z recomputed from the edited y", "keep": "z of the original"}[policy]
            canvas.text(layout, canvas.MARGIN, layout.y, words, canvas.SMALL, canvas.GREY)
            layout.y -= _ABOVE
            for number, measure in enumerate(measures):
                left, level = _LEFT + number % across * (width + _BETWEEN), number // across
                box = canvas.panel(layout, left, layout.y - _ROW - level * (_ROW + _UNDER), width, _ROW)
                mine = [row for row in rows if (row["measure"], row["side_information"]) == (measure, policy)]
                _draw(box, mine, orders)
                canvas.y_label(box, "Rate (bpp)" if measure == "bpp" else palette.axis_label(measure), _LABEL)
            layout.y -= block
        canvas.notes(layout, text)
        return layout.figure


def _entry_width(order: str) -> float:
    return canvas.text_width(WORDS[order]) + 0.34


def _legend_rows(orders: Sequence[str]) -> list[list[str]]:
    """The legend's entries in as few rows as fit the width."""
    rows: list[list[str]] = [[]]
    for order in orders:
        if rows[-1] and _LEFT + sum(map(_entry_width, [*rows[-1], order])) > canvas.width():
            rows.append([])
        rows[-1].append(order)
    return rows


def _legend(layout: canvas.Layout, rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        x = _LEFT
        for order in row:
            marker, colour = _LOOKS[order]
            canvas.text(layout, x + 0.1, layout.y - 0.04, WORDS[order])
            dot = Line2D([x], [layout.y - 0.09], marker=marker, color=colour, markersize=4, linestyle="")
            dot.set_transform(layout.inches)
            layout.figure.add_artist(dot)
            x += _entry_width(order)
        layout.y -= 0.13
    layout.y -= 0.13


def _draw(box: Axes, rows: Sequence[Mapping], orders: Sequence[str]) -> None:
    known = [row for row in rows if row["value"] is not None]
    if not known:
        axes.empty(box, "no value")
        return
    halves = list(channel_halves.HALVES.values())
    baseline = known[0]["baseline"]
    if baseline is not None:
        box.axhline(baseline, color="black", linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    for row in known:
        marker, colour = _LOOKS[row["order"]]
        offset = (orders.index(row["order"]) - (len(orders) - 1) / 2) * 0.22
        box.plot(
            halves.index(row["half"]) + offset, row["value"], marker, color=colour, markersize=4, alpha=0.9,
            gid=f"{row['order']}-{row['half']}",
        )  # fmt: skip
    values = [row["value"] for row in known] + ([] if baseline is None else [baseline])
    axes.value(box, *axes.padded(values))
    box.set_xlim(-0.5, len(halves) - 0.5)
    box.set_xticks(range(len(halves)), halves)
    words = "half of the channels that is set to 0"
    wide = box.get_position().width * box.figure.get_figwidth() / canvas.scale()
    box.set_xlabel(words if canvas.text_width(words) < wide + 2 * _RIGHT else "half set to 0")
    box.grid(False, axis="x")
