"""Do halves of the channels differ? Rate and quality with half of the channels set to 0, by how they are counted."""

from __future__ import annotations

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
_LEFT, _BETWEEN, _RIGHT, _ROW, _UNDER, _ABOVE = 0.5, 0.62, 0.12, 1.5, 0.4, 0.2


def figure(rows: Sequence[Mapping[str, object]], title: str, notes: Sequence[str]) -> Figure:
    """A row of panels for each policy, a panel for each measure of the rows of `channel_halves.rows`.

    Dashed: the codec without an edit.
    """
    measures = list(dict.fromkeys(str(row["measure"]) for row in rows))
    policies = list(dict.fromkeys(str(row["side_information"]) for row in rows))
    orders = [order for order in WORDS if any(row["order"] == order for row in rows)]
    with canvas.looks():
        text = canvas.note_lines(notes)
        down = len(policies) * (_ROW + _UNDER + _ABOVE)
        layout = canvas.start(
            2 * canvas.MARGIN + canvas.title_height(title) + 0.26 + down + canvas.LINE * len(text), title
        )
        _legend(layout, orders)
        width = (canvas.WIDTH - _LEFT - _RIGHT - (len(measures) - 1) * _BETWEEN) / len(measures)
        for policy in policies:
            words = {"none": "", "recompute": "z recomputed from the edited y", "keep": "z of the original"}[policy]
            canvas.text(layout, canvas.MARGIN, layout.y, words, canvas.SMALL, canvas.GREY)
            layout.y -= _ABOVE
            for column, measure in enumerate(measures):
                box = canvas.panel(layout, _LEFT + column * (width + _BETWEEN), layout.y - _ROW, width, _ROW)
                mine = [row for row in rows if (row["measure"], row["side_information"]) == (measure, policy)]
                _draw(box, mine, orders)
                canvas.y_label(box, "Rate (bpp)" if measure == "bpp" else palette.axis_label(measure))
            layout.y -= _ROW + _UNDER
        canvas.notes(layout, text)
        return layout.figure


def _legend(layout: canvas.Layout, orders: Sequence[str]) -> None:
    x = _LEFT
    for order in orders:
        marker, colour = _LOOKS[order]
        canvas.text(layout, x + 0.1, layout.y - 0.04, WORDS[order])
        dot = Line2D([x], [layout.y - 0.09], marker=marker, color=colour, markersize=4, linestyle="")
        dot.set_transform(layout.figure.dpi_scale_trans)
        layout.figure.add_artist(dot)
        x += canvas.text_width(WORDS[order]) + 0.34
    layout.y -= 0.26


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
    box.set_xlabel("half of the channels that is set to 0")
    box.grid(False, axis="x")
