"""The sheet of a set's original images, in rows of one height, with names and sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from study.core.errors import StudyError
from study.figures import canvas

MOST = 60
DPI = 250

_GAP = 0.08
_NARROWEST, _WIDEST, _TALLEST = 0.45, 2.6, 3.2
_TOP, _LEAST = 0.08, 3.0
_BELOW = 2 * canvas.LINE + 0.04


def figure(images: Sequence[tuple[Path, Mapping[str, str]]], title: str, most: int = MOST) -> Figure:
    """The sheet of some images: each one's file and its row of images.csv; no more than the first `most`.

    An image is reduced to what the sheet's resolution can show. Raises StudyError for a file that can't be read, and
    if there is none.
    """
    if not images:
        raise StudyError("there are no images to draw: the record of the image set has no row")
    shown = images[:most]
    room = canvas.width() - 2 * canvas.MARGIN
    shapes = [_shape(row) for _, row in shown]
    arranged = arrange(shapes, room)
    heights = [min(_TALLEST, (room - _GAP * (len(row) - 1)) / sum(shapes[box] for box in row)) for row in arranged]
    widest = max(tall * sum(shapes[box] for box in row) for tall, row in zip(heights, arranged))
    narrow = max(widest + _GAP * (len(shown) - 1) + 2 * canvas.MARGIN, _LEAST)
    width = canvas.width() if len(arranged) > 1 else min(narrow, canvas.width())
    with canvas.looks():
        text = canvas.note_lines(_notes(images, shown), width)
        total = sum(heights) + len(heights) * _BELOW
        whole = 2 * canvas.MARGIN + canvas.title_height(title, width) + _TOP + total + canvas.LINE * len(text)
        layout = canvas.start(whole, title, width)
        layout.y -= _TOP
        for row, tall in zip(arranged, heights):
            x = canvas.MARGIN
            for box in row:
                _draw_tile(layout, shown[box], x, tall, tall * shapes[box])
                x += tall * shapes[box] + _GAP
            layout.y -= tall + _BELOW
        canvas.notes(layout, text)
        return layout.figure


def arrange(shapes: Sequence[float], room: float) -> list[list[int]]:
    """The places of the images in rows of about equal width; `shapes` are widths over heights, `room` is in inches.

    There are as many rows as make them about 1.6 inches high, or less for many images.
    """
    height = 1.6 if len(shapes) <= 8 else 1.15 if len(shapes) <= 24 else 0.85
    total = sum(shapes)
    count = max(1, round(total * height / room))
    rows: list[list[int]] = [[] for _ in range(count)]
    before = 0.0
    for index, shape in enumerate(shapes):
        rows[int(count * (before + shape / 2) / total)].append(index)
        before += shape
    return [row for row in rows if row]


def _shape(row: Mapping[str, str]) -> float:
    return min(max(int(row["width"]) / int(row["height"]), _NARROWEST), _WIDEST)


def _notes(images: Sequence, shown: Sequence[tuple[Path, Mapping[str, str]]]) -> list[str]:
    notes = []
    if any(row.get("was_jpeg") == "yes" for _, row in shown):
        notes.append("* was JPEG at this size before, which flatters JPEG.")
    if len(shown) < len(images):
        notes.append(f"The first {len(shown)} of {len(images)} images.")
    return notes


def _draw_tile(
    layout: canvas.Layout, image: tuple[Path, Mapping[str, str]], x: float, height: float, width: float
) -> None:
    path, row = image
    box = canvas.panel(layout, x, layout.y - height, width, height)
    box.set_axis_off()
    pixels = _reduced(path, round(width * DPI * layout.scale), round(height * DPI * layout.scale))
    small = int(row["width"]) < width * 72
    box.imshow(pixels, aspect="equal", interpolation="nearest" if small else "antialiased")
    box.set_anchor("SW")
    star = "*" if row.get("was_jpeg") == "yes" else ""
    for line, text in enumerate((row["image"], f"{row['width']}×{row['height']}{star}")):
        colour = canvas.GREY if line else "black"
        size = canvas.SMALL if line else canvas.TEXT
        canvas.text(
            layout, x, layout.y - height - 0.03 - line * canvas.LINE, canvas.shortened(text, width, size), size, colour
        )


def _reduced(path: Path, width: int, height: int) -> np.ndarray:
    try:
        with Image.open(path) as image:
            rgb = image.convert("RGB")
    except OSError as error:
        raise StudyError(f"can't read the image {path}: {error}; fetch the image set again") from None
    rgb.thumbnail((width, height), Image.Resampling.LANCZOS, reducing_gap=None)
    return np.asarray(rgb)
