"""Contact sheets of edits, each decoded image beside its difference from the baseline, and strips of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from study.figures import canvas, tiles

LIMIT, LINEAR = 255.0, 2.0

_GAP, _INNER, _BETWEEN = 0.12, 0.03, 0.07
_TALLEST, _NARROW = 1.5, 5.0
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Shown:
    """A tile: its heading, the lines under it, the image uint8 [H, W, 3], or why there is none.

    `against` is the image that the difference is taken from, None for no difference.
    """

    name: str
    lines: Sequence[str] = field(default=())
    image: np.ndarray | None = None
    against: np.ndarray | None = None
    reason: str = ""


def figure(shown: Sequence[Shown], title: str, notes: Sequence[str]) -> Figure:
    """The contact sheet: a pair of tiles for each edit, the image and the signed difference of its luma.

    A pair without difference, the original's, has the scale of differences in its place.
    """
    shape = _shape(shown)
    room = canvas.width() - 2 * canvas.MARGIN
    across = 2 if len(shown) <= 14 else 3
    if canvas.width() < _NARROW:
        across = 1 if len(shown) <= 5 else 2
    while (room - (across - 1) * _GAP) / across / 2 / shape > _TALLEST and across < 5:
        across += 1
    pair = (room - (across - 1) * _GAP) / across
    width = (pair - _INNER) / 2
    height = min(width / shape, _TALLEST)
    norm = tiles.signed_scale(LIMIT, LINEAR)
    with canvas.looks():
        text = canvas.note_lines(
            [
                *notes,
                f"Differences are in levels of 255; colours are linear up to ±{LINEAR:g}, then logarithmic.",
            ]
        )
        rows = [shown[start : start + across] for start in range(0, len(shown), across)]
        words = [canvas.LINE * max(len(_lines(tile, pair)) for tile in row) + _BETWEEN for row in rows]
        whole = 2 * canvas.MARGIN + canvas.title_height(title) + 0.06 + len(rows) * height + sum(words)
        layout = canvas.start(whole + canvas.LINE * len(text), title)
        layout.y -= 0.06
        for row, under in zip(rows, words):
            for column, tile in enumerate(row):
                x = canvas.MARGIN + column * (pair + _GAP)
                at = (x + width + _INNER, layout.y, width, height)
                _image(layout, tile, (x, layout.y, width, height))
                if tile.against is not None and tile.image is not None:
                    _difference(layout, tile, norm, at)
                elif tile.image is not None:
                    _scale(layout, norm, at)
                _words(layout, tile, x, layout.y - height - 0.02, pair)
            layout.y -= height + under
        canvas.notes(layout, text)
        return layout.figure


def strips(rows: Sequence[Sequence[Shown]], title: str, notes: Sequence[str]) -> Figure:
    """Images side by side, words under each; a row of more than six (three in a narrow figure) goes on in the next."""
    most = 6 if canvas.width() > _NARROW else 3
    broken = [part for row in rows for part in _broken(row, most)]
    across = max(len(row) for row in broken)
    shape = _shape([tile for row in rows for tile in row])
    room = canvas.width() - 2 * canvas.MARGIN
    width = min((room - (across - 1) * _INNER * 2) / across, 2.2)
    height = min(width / shape, 2.2)
    with canvas.looks():
        text = canvas.note_lines(notes)
        lines = max(len(_lines(tile, width)) for row in broken for tile in row)
        down = height + canvas.LINE * lines + _BETWEEN
        whole = 2 * canvas.MARGIN + canvas.title_height(title) + 0.06 + len(broken) * down
        layout = canvas.start(whole + canvas.LINE * len(text), title)
        layout.y -= 0.06
        for row in broken:
            for column, tile in enumerate(row):
                x = canvas.MARGIN + column * (width + 2 * _INNER)
                _image(layout, tile, (x, layout.y, width, height))
                _words(layout, tile, x, layout.y - height - 0.02, width)
            layout.y -= down
        canvas.notes(layout, text)
        return layout.figure


def _broken(row: Sequence[Shown], most: int) -> list[Sequence[Shown]]:
    count = math.ceil(len(row) / most)
    size = math.ceil(len(row) / count)
    return [row[start : start + size] for start in range(0, len(row), size)]


def _shape(shown: Sequence[Shown]) -> float:
    """The tiles' width over height: that of the first image, within reason."""
    sizes = [tile.image.shape for tile in shown if tile.image is not None]
    return min(max(sizes[0][1] / sizes[0][0], 0.5), 2.6) if sizes else 1.5


def _image(layout: canvas.Layout, tile: Shown, at: Sequence[float]) -> None:
    if tile.image is None:
        tiles.missing(layout, tile.reason, *at)
    else:
        tiles.image(layout, tile.image, *at)


def _difference(layout: canvas.Layout, tile: Shown, norm: object, at: Sequence[float]) -> None:
    if tile.image.shape != tile.against.shape:
        sizes = [f"{rgb.shape[1]}×{rgb.shape[0]}" for rgb in (tile.image, tile.against)]
        tiles.missing(layout, f"no difference: the edit turned the image, {sizes[1]}, to {sizes[0]}", *at)
        return
    levels = tile.image @ _LUMA - tile.against @ _LUMA
    tiles.plane(layout, levels, norm, tiles.SIGNED, at)


def _scale(layout: canvas.Layout, norm: object, at: Sequence[float]) -> None:
    x, top, width, height = at
    tiles.bar(
        layout, norm, tiles.SIGNED, (x + 0.08, top - height / 2 + 0.15, width - 0.16),
        "luma difference", [-100, -10, 0, 10, 100] if width > 1.4 else [-100, 0, 100],
    )  # fmt: skip


def _words(layout: canvas.Layout, tile: Shown, x: float, top: float, width: float) -> None:
    for number, (line, size, colour) in enumerate(_lines(tile, width)):
        canvas.text(layout, x, top - number * canvas.LINE, line, size, colour)


def _lines(tile: Shown, width: float) -> list[tuple[str, float, str]]:
    """The lines under a tile, each with its size and colour."""
    heading = [(line, canvas.TEXT, "black") for line in canvas.wrapped(tile.name, width, canvas.TEXT)]
    texts = [line for text in tile.lines for line in canvas.wrapped(text, width, canvas.SMALL)]
    return [*heading, *((line, canvas.SMALL, canvas.GREY) for line in texts)]
