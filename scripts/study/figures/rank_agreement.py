"""A heat map of how far metrics agree on the order of codecs (above the diagonal) and of images (below it)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from study.analysis.rank_agreement import RATES, Agreement, side_by_side
from study.figures import canvas, matrix, palette

LOWEST = -1.0  # tau of one end of the colours, which are pale at 0
_LARGEST = 0.46
_MAP = "RdBu"
_BAR, _GAP = 0.12, 0.14


def figure(image_set: str, metrics: Sequence[str], codecs: Agreement, images: Agreement) -> Figure:
    """The heat map of an image set. Without an order on either side, the cells say `–`."""
    count = len(metrics)
    order = side_by_side(codecs)
    names = [palette.short(metrics[index]) for index in order]
    heading = (
        f"{image_set}: do metrics agree? Kendall’s τ of the order of codecs (upper right) and of images (lower left)"
    )
    rates = ", ".join(f"{rate:g}" for rate in RATES)
    note = (
        f"Upper right: codecs by their scores at one rate ({rates} bpp, where a codec’s points reach), mean of τ over "
        f"{codecs.orders} orders. Lower left: images by their scores within a quality of a codec, mean over "
        f"{images.orders} orders. 1: the same order; 0: nothing in common; −1: reversed. Where less is better, the "
        "order is turned. Metrics that agree on codecs stand side by side."
    )
    with canvas.looks():
        sizes = matrix.fit(names, canvas.width() - 2 * canvas.MARGIN - 2 * _GAP - 3 * _BAR, _LARGEST)
        hundredths = matrix.number_size(["−.88"], sizes.cell) < canvas.SMALL
        lines = canvas.note_lines([note + " In hundredths." * hundredths])
        left, side, under = canvas.MARGIN + sizes.labels, sizes.cell * count, sizes.labels + 0.02
        height = (
            2 * canvas.MARGIN + canvas.title_height(heading) + 0.06 + side + under + 0.06 + canvas.LINE * len(lines)
        )
        layout = canvas.start(height, heading)
        bottom = layout.y - 0.06 - side
        box = canvas.panel(layout, left, bottom, side, side)
        taus = [agreement.taus[np.ix_(order, order)] for agreement in (codecs, images)]
        whole = np.where(np.triu(np.ones((count, count), bool), 1), *taus)
        np.fill_diagonal(whole, np.nan)
        colours, scale = colormaps[_MAP], Normalize(LOWEST, 1)
        box.imshow(whole, cmap=colours, norm=scale, aspect="auto", interpolation="nearest")
        _numbers(box, whole, colours, scale, sizes.cell, hundredths)
        box.grid(False)
        box.set_xticks(range(count), names, rotation=90)
        box.set_yticks(range(count), names)
        box.tick_params(length=0, labelsize=canvas.points(sizes.size))
        for spine in box.spines.values():
            spine.set_visible(False)
        _key(layout, left + side + _GAP, bottom, side, colours)
        layout.y = bottom - under - 0.06
        canvas.notes(layout, lines)
        return layout.figure


def _numbers(box, taus: np.ndarray, colours, scale: Normalize, cell: float, hundredths: bool) -> None:
    size = canvas.points(matrix.number_size(["−88" if hundredths else "−.88"], cell))
    if not size:
        return
    for row, column in zip(*np.nonzero(~np.eye(len(taus), dtype=bool))):
        value = taus[row, column]
        if np.isnan(value):
            box.text(column, row, "–", ha="center", va="center", size=size, color=canvas.GREY)
            continue
        red, green, blue, _ = colours(scale(value))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
        text = f"{round(100 * value) + 0}" if hundredths else f"{round(value, 2) + 0:.2f}".replace("0.", ".", 1)
        text = text.replace("-", "−")
        box.text(column, row, text, ha="center", va="center", size=size, color="white" if dark else "black")


def _key(layout: canvas.Layout, left: float, bottom: float, side: float, colours) -> None:
    bar = canvas.panel(layout, left, bottom, _BAR, side)
    bar.imshow(np.linspace(1, LOWEST, 256)[:, None], cmap=colours, aspect="auto", extent=(0, 1, LOWEST, 1))
    bar.grid(False)
    bar.set_xticks([])
    bar.yaxis.tick_right()
    bar.set_yticks(np.linspace(LOWEST, 1, 9))
