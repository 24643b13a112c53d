"""How trainings went: loss, rate and distortion over the steps, a line for each quality of one model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.core.errors import StudyError
from study.figures import axes, canvas

COLUMNS = ("step", "bpp", "distortion", "loss")
PANELS = {"loss": "Loss", "bpp": "Rate (bpp)", "distortion": "Distortion"}

_LEFT, _BETWEEN, _RIGHT, _ROW, _UNDER = 0.45, 0.45, 0.1, 1.9, 0.36
_NARROWEST, _ENTRY = 1.5, 0.95
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))


def figure(title: str, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> Figure:
    """The figure of one model: the table of training (rows of `COLUMNS`) of each quality, in the order to draw.

    Raises StudyError if there is no table, and for one without rows.
    """
    if not tables:
        raise StudyError("there are no trainings to draw: name at least one table")
    for quality, rows in tables.items():
        if not rows:
            raise StudyError(f"the table of training of quality {quality} has no row; train the model again")
    lines = {
        quality: {name: [float(row[name]) for row in rows] for name in COLUMNS} for quality, rows in tables.items()
    }
    looks = dict(zip(lines, _looks(len(lines))))
    with canvas.looks():
        text = canvas.note_lines(
            [
                "A point is the mean over the batches since the point before. Distortion: mean squared error of values"
                " 0-255, or 1 - MS-SSIM, and the loss the rate plus λ times it; of a generative codec λ MSE + LPIPS,"
                " and the loss that plus the discriminator's part. The rate is the estimated one, of crops."
            ]
        )
        room = canvas.width() - _LEFT - _RIGHT
        entries = max(1, int(room / max(_ENTRY, *(0.5 + canvas.text_width(f"quality {name}") for name in lines))))
        above = 0.04 + 0.15 * math.ceil(len(lines) / entries)
        across = len(PANELS) if canvas.across(len(PANELS), room, _NARROWEST, _BETWEEN) == len(PANELS) else 1
        down = len(PANELS) // across
        block = down * (_ROW + _UNDER)
        height = 2 * canvas.MARGIN + canvas.title_height(title) + above + block + canvas.LINE * len(text)
        layout = canvas.start(height, title)
        layout.y -= above
        width = (room - (across - 1) * _BETWEEN) / across
        for number, (name, label) in enumerate(PANELS.items()):
            left, bottom = number % across * (width + _BETWEEN), layout.y - _ROW - number // across * (_ROW + _UNDER)
            box = canvas.panel(layout, _LEFT + left, bottom, width, _ROW)
            _panel(box, name, lines, looks)
            canvas.y_label(box, label)
        layout.figure.axes[0].legend(
            handles=[Line2D([], [], label=f"quality {quality}", **looks[quality]) for quality in lines],
            frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, borderpad=0.2, ncols=entries,
        )  # fmt: skip
        layout.y -= block
        canvas.notes(layout, text)
        return layout.figure


def _panel(box: Axes, name: str, lines: Mapping[str, Mapping[str, list]], looks: Mapping[str, dict]) -> None:
    drawn = []
    for quality, columns in lines.items():
        values = columns[name]
        box.plot(columns["step"], values, gid=f"{name}-{quality}", **looks[quality])
        drawn += [value for value in values if math.isfinite(value) and value > 0]
    box.set_xlim(0, max(columns["step"][-1] for columns in lines.values()))
    if drawn:
        axes.log(box, "y", min(drawn) / 1.08, max(drawn) * 1.08)
    else:
        axes.empty(box, "no finite value")
    box.set_xlabel("Step")


def _looks(count: int) -> list[dict]:
    """Colours of one scale from the lowest quality to the highest, and dashes that tell neighbours apart."""
    scale = matplotlib.colormaps["viridis"]
    shades = [0.0] if count == 1 else [0.85 * index / (count - 1) for index in range(count)]
    return [
        {"color": scale(index), "linestyle": _DASHES[number % len(_DASHES)], "linewidth": 1.0}
        for number, index in enumerate(shades)
    ]
