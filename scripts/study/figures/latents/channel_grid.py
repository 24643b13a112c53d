"""Atlases of a latent's channels: its values, and what the synthesis transform paints for one coefficient of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from study.core.errors import StudyError
from study.figures import canvas, tiles

MOST, MOST_NARROW = 80, 40
LEAST_PEAK = 8.0

_LINEAR = 0.5
_FELT = 0.05
_GAP, _WORDS = 0.06, 0.13
_NARROWEST, _NARROW = 0.62, 5.0


def latent(y: np.ndarray, order: Sequence[int], shares: np.ndarray | None, title: str, notes: Sequence[str]) -> Figure:
    """The channels of a latent float [channel, row, column] on one symmetric scale, the first `MOST` of `order`.

    `shares` are the channels' shares of the bits, None where they aren't known. The scale ends at the 99.9th percentile
    of what is drawn, and is linear only within half a quantisation step of 0.
    """
    shown = _shown(order)
    limit = float(max(4.0, np.percentile(np.abs(y[shown]), 99.9)))
    norm = tiles.signed_scale(limit, _LINEAR)
    labels = [_label(channel, shares) for channel in shown]
    text = [
        *notes,
        *_left_out(order, shown, shares),
        f"Colours are linear within half a step of quantisation, logarithmic up to ±{limit:.3g}, and saturate there.",
    ]

    def draw(layout: canvas.Layout, number: int, at: Sequence[float]) -> None:
        tiles.plane(layout, np.clip(y[shown[number]], -limit, limit), norm, tiles.SIGNED, at)

    def bar(layout: canvas.Layout) -> None:
        ticks = tiles.signed_ticks(limit, _LINEAR)
        tiles.bar(layout, norm, tiles.SIGNED, (canvas.MARGIN + 0.1, layout.y, 2.6), "y, before quantisation", ticks)

    return _grid(labels, y.shape[2] / y.shape[1], title, text, draw, bar)


def impulse(
    response: np.ndarray,
    middle: tuple[float, float],
    order: Sequence[int],
    shares: np.ndarray | None,
    title: str,
    notes: Sequence[str],
) -> Figure:
    """The responses float [channel, row, column, colour] in levels of 255, the first `MOST` channels of `order`.

    All tiles show the same window about `middle` (row, column in pixels): the least square that holds what is at least
    a twentieth of a response's peak. Each has a scale of its own, from grey to its peak, or to `LEAST_PEAK` levels.
    """
    shown = _shown(order)
    window = _window(response, middle)
    peaks = np.abs(response).max((1, 2, 3))
    labels = [f"{_label(channel, shares)} ±{peaks[channel]:.0f}" for channel in shown]
    side = window[0].stop - window[0].start
    text = [
        *notes,
        *_left_out(order, shown, shares),
        f"Tiles are {side}×{side} pixels. Grey is no change; colours are stretched for each channel so that its peak, "
        f"the number after ± in levels of 255, is white or black; peaks under {LEAST_PEAK:g} as if they were that.",
    ]

    def draw(layout: canvas.Layout, number: int, at: Sequence[float]) -> None:
        channel = shown[number]
        scaled = response[channel][window] / max(peaks[channel], LEAST_PEAK)
        tiles.image(layout, np.rint(127.5 + 127.5 * scaled).astype(np.uint8), *at)

    return _grid(labels, 1.0, title, text, draw)


def _shown(order: Sequence[int]) -> list[int]:
    if not len(order):
        raise StudyError("the latent has no channels to draw")
    return list(map(int, order[: MOST if canvas.width() > _NARROW else MOST_NARROW]))


def _label(channel: int, shares: np.ndarray | None) -> str:
    if shares is None:
        return f"{channel}"
    percent = 100 * shares[channel]
    return f"{channel}: {percent:.1f} %" if percent >= 0.05 else f"{channel}: {percent:.2g} %"


def _left_out(order: Sequence[int], shown: Sequence[int], shares: np.ndarray | None) -> list[str]:
    rest = [int(channel) for channel in order[len(shown) :]]
    if not rest:
        return []
    words = f"The {len(shown)} strongest of {len(order)} channels"
    if shares is None:
        return [f"{words}; {len(rest)} are left out."]
    percent = 100 * shares[rest].sum()
    return [f"{words}; the {len(rest)} left out have {percent:.2g} % of the bits together."]


def _window(response: np.ndarray, middle: tuple[float, float]) -> tuple[slice, slice]:
    size = np.abs(response)
    touched = (size >= np.maximum(_FELT * size.max((1, 2, 3), keepdims=True), 0.5)).any((0, 3))
    reach = 8
    for axis in (0, 1):
        places = np.flatnonzero(touched.any(1 - axis))
        if len(places):
            reach = max(reach, math.ceil(max(middle[axis] - places[0], places[-1] + 1 - middle[axis])))
    room = min(min(at, side - at) for at, side in zip(middle, touched.shape))
    reach = min(reach, int(room))
    return tuple(slice(int(at) - reach, int(at) + reach) for at in middle)


def _grid(
    labels: Sequence[str],
    shape: float,
    title: str,
    notes: Sequence[str],
    draw: Callable[[canvas.Layout, int, Sequence[float]], None],
    bar: Callable[[canvas.Layout], None] | None = None,
) -> Figure:
    """Tiles of one shape (width over height) in rows, `draw(layout, number, at)` each, under it its label."""
    room = canvas.width() - 2 * canvas.MARGIN
    across = max(min(10 if len(labels) > 40 else 8, len(labels)), 4)
    across = canvas.across(across, room, _NARROWEST, _GAP)
    width = (room - (across - 1) * _GAP) / across
    height = min(width / shape, 1.2 * width)
    down = math.ceil(len(labels) / across)
    with canvas.looks():
        text = canvas.note_lines(notes)
        under = tiles.bar_height() if bar else 0.0
        whole = 2 * canvas.MARGIN + canvas.title_height(title) + 0.1 + down * (height + _WORDS) + under
        layout = canvas.start(whole + canvas.LINE * len(text), title)
        layout.y -= 0.06
        for number, label in enumerate(labels):
            x = canvas.MARGIN + number % across * (width + _GAP)
            top = layout.y - number // across * (height + _WORDS)
            draw(layout, number, (x, top, width, height))
            canvas.text(layout, x, top - height - 0.02, canvas.shortened(label, width, tiles.TINY), tiles.TINY)
        layout.y -= down * (height + _WORDS) + 0.04
        if bar:
            bar(layout)
            layout.y -= under
        canvas.notes(layout, text)
        return layout.figure
