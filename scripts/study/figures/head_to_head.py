"""The matrix of all pairs of codecs: each row's BD-rate against each column's codec, over the range that both cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from study.analysis import head_to_head
from study.figures import canvas, palette
from study.figures.palette import Style

_CELL = 0.255  # inches
_WHITE_FROM = 0.62  # share of the colour scale from which text is white
_CLIPPED = 70.0  # percent, the ends of the colour scale


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
    notes = [
        f"Percent of rate at equal score over the range that both codecs cover, mean of {n} images. Below 0 (blue), "
        "the row's codec needs less rate. "
        f"Ordered by BD-rate against {anchor_label}; framed: the {len(turned) // 2} of {count} pairs that turn that "
        "order round. In italics: the 95% interval (Student) contains 0. ×: too little overlap, or an image without a "
        "figure.",
        *about_images,
    ]
    notes = [line for note in notes for line in canvas.wrapped(note, canvas.WIDTH - 2 * canvas.MARGIN)]
    with canvas.looks():
        labels = max(canvas.text_width(codecs[codec].label) for codec in order) + 0.1
        side = _CELL * len(order)
        width = max(canvas.WIDTH, labels + side + 2 * canvas.MARGIN)
        below = labels * 0.72 + 0.1
        height = 2 * canvas.MARGIN + canvas.title_height(title) + 0.1 + side + below + canvas.LINE * len(notes) + 0.1
        layout = canvas.start(height, title, width)
        bottom = layout.y - 0.06 - side
        box = canvas.panel(layout, canvas.MARGIN + labels, bottom, side, side)
        box.imshow(np.clip(values, -_CLIPPED, _CLIPPED), cmap="RdBu_r", vmin=-_CLIPPED, vmax=_CLIPPED, aspect="auto")
        for row, codec in enumerate(order):
            for column, other in enumerate(order):
                _cell(box, row, column, rates.get((codec, other)), (codec, other) in turned)
        names = [codecs[codec].label for codec in order]
        box.set_yticks(range(len(order)), names)
        box.set_xticks(range(len(order)), names, rotation=45, ha="right", rotation_mode="anchor")
        box.tick_params(length=0)
        box.grid(False)
        for spine in box.spines.values():
            spine.set_visible(False)
        layout.y = bottom - below
        canvas.notes(layout, notes)
        return layout.figure


def _order(rates: Mapping[tuple[str, str], Mapping[str, str]], codecs: Mapping[str, Style], anchor: str) -> list[str]:
    known = {codec for codec, _ in rates} | {anchor}
    against = {codec: rates.get((codec, anchor), {}).get("bd_rate") for codec in known}

    def place(codec: str) -> tuple[float, int]:
        rate = 0.0 if codec == anchor else float(against[codec] or "inf")
        return rate, list(codecs).index(codec)

    return sorted((codec for codec in codecs if codec in known), key=place)


def _cell(box: Axes, row: int, column: int, pair: Mapping[str, str] | None, turned: bool) -> None:
    if row == column or pair is None:
        return
    if not pair["bd_rate"]:
        box.text(column, row, "×", ha="center", va="center", size=canvas.SMALL, color=canvas.GREY)
        return
    rate = float(pair["bd_rate"])
    undecided = bool(pair["bd_rate_lo"]) and float(pair["bd_rate_lo"]) < 0 < float(pair["bd_rate_hi"])
    colour = "white" if abs(rate) > _WHITE_FROM * _CLIPPED else "black"
    text = f"{rate:+.0f}".replace("-", "−") if abs(rate) < 999.5 else ">999"
    box.text(
        column, row, text, ha="center", va="center_baseline", size=canvas.SMALL - (len(text) > 3),
        color=colour, style="italic" if undecided else "normal",
    )  # fmt: skip
    if turned:
        box.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, edgecolor="black", linewidth=0.9))
