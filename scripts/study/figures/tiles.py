"""Images and planes of numbers as tiles of a figure, with words under them; a tile without image tells why."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from study.figures import canvas

DPI = 250
SIGNED = "RdBu_r"
TINY = 5.5
BAR = 0.08

_EDGE = "#bbbbbb"
_MOST_LINES = 7


def image(layout: canvas.Layout, rgb: np.ndarray, x: float, top: float, width: float, height: float) -> Axes:
    """An image uint8 [H, W, 3] in the middle of a tile, whose upper left corner is at `x`, `top`; all in inches."""
    return _image(layout, reduced(rgb, width, height), x, top, width, height)


def plane(layout: canvas.Layout, values: np.ndarray, norm: Normalize, colours: str, at: Sequence[float]) -> Axes:
    """Numbers [H, W] as colours of a scale in a tile at `at`: x, top, width, height in inches."""
    return _image(layout, reduced(values, *at[2:]), *at, norm=norm, cmap=colours)


def missing(layout: canvas.Layout, reason: str, x: float, top: float, width: float, height: float) -> None:
    """An empty tile, its upper left corner at `x`, `top`, all in inches, that tells why there is no image."""
    box = canvas.panel(layout, x, top - height, width, height)
    box.set(xticks=[], yticks=[], facecolor="#f6f6f6")
    box.grid(False)
    for spine in box.spines.values():
        spine.set(visible=True, color=_EDGE, linewidth=0.5)
    lines = canvas.wrapped(reason, width - 0.1, TINY)
    fitting = max(1, min(_MOST_LINES, int((height - 0.06) / 0.095)))
    if len(lines) > fitting:
        lines = [*lines[: fitting - 1], canvas.shortened(f"{lines[fitting - 1]} …", width - 0.1, TINY)]
    for number, line in enumerate(lines):
        canvas.text(layout, x + 0.05, top - 0.04 - 0.095 * number, line, TINY, canvas.GREY)


def reduced(values: np.ndarray, width: float, height: float) -> np.ndarray:
    """An image uint8 [H, W, 3], or numbers [H, W], as large as a tile in inches can show at `DPI`, or as it is."""
    rows, columns = values.shape[:2]
    dots = DPI * canvas.scale()
    factor = max(rows / (height * dots), columns / (width * dots))
    if factor <= 1:
        return values
    size = max(1, round(columns / factor)), max(1, round(rows / factor))
    if values.ndim == 3:
        return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.LANCZOS))
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, Image.Resampling.BOX))


def signed_scale(limit: float, linear: float) -> AsinhNorm:
    """The scale from -`limit` to `limit`, linear about 0 up to `linear`, logarithmic beyond."""
    return AsinhNorm(linear, vmin=-limit, vmax=limit)


def signed_ticks(limit: float, linear: float, most: int = 4) -> list[float]:
    """Round numbers on both sides of 0 for such a scale, at most `most` a side."""
    powers = range(math.floor(math.log10(linear)), math.ceil(math.log10(limit)) + 1)
    ticks = [step * 10.0**power for power in powers for step in (1, 3) if linear <= step * 10.0**power <= limit]
    ticks = ticks[:: math.ceil(len(ticks) / most)] if ticks else [limit]
    return [*(-tick for tick in reversed(ticks)), 0.0, *ticks]


def bar(
    layout: canvas.Layout, norm: Normalize, colours: str, at: Sequence[float], label: str, ticks: Sequence[float] = ()
) -> None:
    """A horizontal colour bar at `at`: x, top, width in inches, its label under it; it takes `bar_height`."""
    x, top, width = at
    box = canvas.panel(layout, x, top - BAR, width, BAR)
    drawn = Colorbar(box, ScalarMappable(norm, colours), orientation="horizontal", extend="neither")
    drawn.outline.set_linewidth(0.4)
    if len(ticks):
        drawn.set_ticks(ticks, labels=[f"{tick:g}".replace("-", "−") for tick in ticks])
    else:
        drawn.locator = MaxNLocator(max(2, int(width / 0.45)))
        drawn.formatter = FuncFormatter(lambda value, _: f"{value:.6g}")
        drawn.update_ticks()
    drawn.ax.minorticks_off()
    drawn.ax.tick_params(labelsize=canvas.small(), width=0.5, length=2, pad=1.5)
    drawn.ax.set_xlabel(label, size=canvas.small(), labelpad=1.5)


def bar_height() -> float:
    """The height of a colour bar with its numbers and label, in inches."""
    return BAR + 0.3


def gap(title: str, reason: str) -> Figure:
    """A figure that tells why there is none."""
    with canvas.looks():
        text = canvas.note_lines([f"Not drawn: {canvas.clipped(reason, 600)}"])
        layout = canvas.start(2 * canvas.MARGIN + canvas.title_height(title) + canvas.LINE * len(text) + 0.06, title)
        layout.y -= 0.04
        canvas.notes(layout, text)
        return layout.figure


def _image(
    layout: canvas.Layout, values: np.ndarray, x: float, top: float, width: float, height: float, **options: object
) -> Axes:
    shape = values.shape[1] / values.shape[0]
    wide, tall = (width, width / shape) if width / shape <= height else (height * shape, height)
    box = canvas.panel(layout, x + (width - wide) / 2, top - height + (height - tall) / 2, wide, tall)
    enlarged = values.shape[1] < wide * 72
    box.imshow(values, aspect="auto", interpolation="nearest" if enlarged else "antialiased", **options)
    box.set(xticks=[], yticks=[])
    box.grid(False)
    for spine in box.spines.values():
        spine.set(visible=True, color=_EDGE, linewidth=0.3)
    return box
