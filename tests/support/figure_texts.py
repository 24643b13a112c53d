"""Where the texts of a drawn figure are: which leave the canvas, and which overlap, turned ones too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from study.figures import canvas

SLACK = 1.0  # pixels


@dataclass(frozen=True)
class Placed:
    """A text and the corners of its box, float [4, 2], in pixels of the figure."""

    words: str
    corners: np.ndarray


def placed(figure: Figure) -> list[Placed]:
    """Every text that is seen; numbers of ticks outside their axes aren't drawn."""
    with canvas.looks():
        figure.set_dpi(canvas.DPI)
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()
        undrawn = set()
        for axis in (axis for box in figure.axes for axis in (box.xaxis, box.yaxis)):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= tick.get_loc() <= high or not (axis.get_visible() and axis.axes.axison):
                    undrawn |= {tick.label1, tick.label2}
        seen = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        return [_placed(text, renderer) for text in seen if text not in undrawn]


def leaving(figure: Figure, texts: list[Placed]) -> list[str]:
    """Those of its `placed` texts that reach beyond the figure's edge."""
    width, height = figure.bbox.size
    return [
        text.words
        for text in texts
        if text.corners.min() < -SLACK or (text.corners.max(0) > (width + SLACK, height + SLACK)).any()
    ]


def overlapping(texts: list[Placed]) -> list[tuple[str, str]]:
    """The pairs of texts that overlap by more than `SLACK` in every direction."""
    if not texts:
        return []
    low, high = (np.array([function(text.corners, 0) for text in texts]) for function in (np.min, np.max))
    near = (np.minimum(high[:, None], high) - np.maximum(low[:, None], low) > SLACK).all(2)
    pairs = zip(*np.nonzero(np.triu(near, 1)))
    return [(texts[one].words, texts[other].words) for one, other in pairs if _overlap(texts[one], texts[other])]


def _placed(text: Text, renderer) -> Placed:
    whole = text.get_window_extent(renderer)
    middle = np.array([(whole.x0 + whole.x1) / 2, (whole.y0 + whole.y1) / 2])
    turn, mode = text.get_rotation(), text.get_rotation_mode()
    text.set_rotation(0)
    flat = text.get_window_extent(renderer)
    text.set_rotation(turn)
    text.set_rotation_mode(mode)
    angle = np.radians(turn)
    along, up = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    half_width, half_height = along * flat.width / 2, up * flat.height / 2
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return Placed(text.get_text(), np.array([middle + x * half_width + y * half_height for x, y in signs]))


def _overlap(one: Placed, other: Placed) -> bool:
    """Whether two boxes overlap: on the direction of each side, their shadows do by more than `SLACK`."""
    for box in (one.corners, other.corners):
        for side in (box[1] - box[0], box[3] - box[0]):
            direction = side / (np.linalg.norm(side) or 1)
            first, second = one.corners @ direction, other.corners @ direction
            if min(first.max(), second.max()) - max(first.min(), second.min()) <= SLACK:
                return False
    return True
