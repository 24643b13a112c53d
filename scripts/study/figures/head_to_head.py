"""The matrix of all pairs of codecs: each row's BD-rate against each column's codec, over the range that both cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from study.analysis import head_to_head
from study.figures import canvas, matrix, palette, tiles
from study.figures.palette import Style

_CELL = 0.255  # inches
_STEEP_FROM = 0.2  # inches: names of narrower columns stand upright
_WHITE_FROM = 0.62  # share of the colour scale from which text is white
_CLIPPED = 70.0  # percent, the ends of the colour scale
_COLOURS = "RdBu_r"


def figure(
    rows: Sequence[Mapping[str, str]], codecs: Mapping[str, Style], anchor: str, about_images: Sequence[str] = ()
) -> Figure:
    """The matrix of one image set and metric, from its rows of head_to_head.csv; best codec first by `anchor`.

    `about_images` are notes on the set's images (`image_notes.of`).
    """
    rates = {(row["codec"], row["anchor"]): row for row in rows}
    order = _order(rates, codecs, anchor)
    metric, image_set = rows[0]["metric"], rows[0]["image_set"]
    turned = head_to_head.reversed_pairs(rows, anchor)
    values = np.full((len(order), len(order)), np.nan)
    for (codec, other), row in rates.items():
        if row["bd_rate"]:
            values[order.index(codec), order.index(other)] = float(row["bd_rate"])
    title = f"{image_set}: BD-rate of each row's codec against each column's, {palette.short(metric)}"
    n = rows[0]["n_images"]
    anchor_label = codecs[anchor].label
    count = len(order) * (len(order) - 1) // 2
    numbers = [_number(row) for row in rates.values() if row["bd_rate"]]
    names = [codecs[codec].label for codec in order]
    room = canvas.width() - 2 * canvas.MARGIN
    sizes = matrix.fit(names, room, _CELL)
    size = matrix.number_size(numbers, sizes.cell)
    italics = "In italics: the 95% interval (Student) contains 0. " if size else "The numbers are in head_to_head.csv. "
    notes = [
        f"Percent of rate at equal score over the range that both codecs cover, mean of {n} images. Below 0 (blue), "
        "the row's codec needs less rate. "
        f"Ordered by BD-rate against {anchor_label}; framed: the {len(turned) // 2} of {count} pairs that turn that "
        f"order round. {italics}×: too little overlap, or an image without a figure.",
        *about_images,
    ]
    lines = canvas.note_lines(notes)
    with canvas.looks():
        side = sizes.cell * len(order)
        steep = sizes.cell < _STEEP_FROM
        below = sizes.labels * (1.0 if steep else 0.72) + 0.1
        key = 0.0 if size else tiles.bar_height() + 0.06
        above = 2 * canvas.MARGIN + canvas.title_height(title) + 0.1
        layout = canvas.start(above + side + below + key + canvas.LINE * len(lines) + 0.1, title)
        bottom = layout.y - 0.06 - side
        box = canvas.panel(layout, canvas.MARGIN + sizes.labels, bottom, side, side)
        box.imshow(np.clip(values, -_CLIPPED, _CLIPPED), cmap=_COLOURS, vmin=-_CLIPPED, vmax=_CLIPPED, aspect="auto")
        for row, codec in enumerate(order):
            for column, other in enumerate(order):
                if row != column and (pair := rates.get((codec, other))) is not None:
                    _cell(box, row, column, pair, size)
                if (codec, other) in turned and row != column:
                    _frame(box, row, column)
        box.set_yticks(range(len(order)), names)
        turn = {"rotation": 90} if steep else {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        box.set_xticks(range(len(order)), names, **turn)
        box.tick_params(length=0, labelsize=canvas.points(sizes.size))
        box.grid(False)
        for spine in box.spines.values():
            spine.set_visible(False)
        layout.y = bottom - below
        if not size:
            scale = Normalize(-_CLIPPED, _CLIPPED)
            at = (canvas.MARGIN + sizes.labels, layout.y, side)
            tiles.bar(layout, scale, _COLOURS, at, "BD-rate (%)", [-_CLIPPED, 0, _CLIPPED])
            layout.y -= key
        canvas.notes(layout, lines)
        return layout.figure


def _order(rates: Mapping[tuple[str, str], Mapping[str, str]], codecs: Mapping[str, Style], anchor: str) -> list[str]:
    known = {codec for codec, _ in rates} | {anchor}
    against = {codec: rates.get((codec, anchor), {}).get("bd_rate") for codec in known}

    def rank(codec: str) -> tuple[float, int]:
        rate = 0.0 if codec == anchor else float(against[codec] or "inf")
        return rate, list(codecs).index(codec)

    return sorted((codec for codec in codecs if codec in known), key=rank)


def _number(pair: Mapping[str, str]) -> str:
    rate = float(pair["bd_rate"])
    return f"{rate:+.0f}".replace("-", "−") if abs(rate) < 999.5 else ">999"


def _cell(box: Axes, row: int, column: int, pair: Mapping[str, str], size: float) -> None:
    """The number of a cell, in points of `size`; with 0, only the sign of a pair without one."""
    if not pair["bd_rate"]:
        small = canvas.points(size or matrix.LEAST)
        box.text(column, row, "×", ha="center", va="center", size=small, color=canvas.GREY)
        return
    if not size:
        return
    rate = float(pair["bd_rate"])
    undecided = bool(pair["bd_rate_lo"]) and float(pair["bd_rate_lo"]) < 0 < float(pair["bd_rate_hi"])
    colour = "white" if abs(rate) > _WHITE_FROM * _CLIPPED else "black"
    box.text(
        column, row, _number(pair), ha="center", va="center_baseline", size=canvas.points(size),
        color=colour, style="italic" if undecided else "normal",
    )  # fmt: skip


def _frame(box: Axes, row: int, column: int) -> None:
    thin = 0.9 if box.get_position().width * box.figure.get_figwidth() > 4 else 0.5
    box.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, edgecolor="black", linewidth=thin))
