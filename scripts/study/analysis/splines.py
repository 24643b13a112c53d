"""Piecewise cubic Hermite curves in batches: many curves at once, each with its own points.

`scipy.interpolate` takes one set of points at a time, too slow for thousands of bootstrap resamples. The definitions
are those of its `Akima1DInterpolator` and `PchipInterpolator`, which the library `bjontegaard` uses.
"""

from __future__ import annotations

import numpy as np


def integral(x: np.ndarray, y: np.ndarray, low: np.ndarray, high: np.ndarray, method: str) -> np.ndarray:
    """The integrals from `low` to `high` ([R], within the points' range) of the curves through `x`, `y` ([R, K]).

    `method` is `akima` or `pchip`; x rises strictly in each row, and K is at least 3.
    """
    width, left, square, cubic = _pieces(x, y, method)

    def up_to(end: np.ndarray) -> np.ndarray:
        step = np.clip(end[:, None] - x[:, :-1], 0, width)
        return (step * (y[:, :-1] + step * (left / 2 + step * (square / 3 + step * cubic / 4)))).sum(axis=1)

    return up_to(high) - up_to(low)


def values(x: np.ndarray, y: np.ndarray, at: np.ndarray, method: str) -> np.ndarray:
    """The curves through `x`, `y` ([R, K]) at the places `at` ([R, M], within the points' range); straight of K = 2."""
    _, left, square, cubic = _pieces(x, y, method)
    piece = (at[:, :, None] >= x[:, None, 1:-1]).sum(axis=2)
    start, value, left, square, cubic = (
        np.take_along_axis(part, piece, axis=1) for part in (x, y, left, square, cubic)
    )
    step = at - start
    return value + step * (left + step * (square + step * cubic))


def _pieces(x: np.ndarray, y: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each cubic between two points: its width, and its coefficients from the first power to the third."""
    width = np.diff(x)
    slope = np.diff(y) / width
    if slope.shape[1] == 1:
        tangent = slope.repeat(2, axis=1)
    else:
        tangent = _akima(slope) if method == "akima" else _pchip(width, slope)
    left, right = tangent[:, :-1], tangent[:, 1:]
    return width, left, (3 * slope - 2 * left - right) / width, (left + right - 2 * slope) / width**2


def _akima(slope: np.ndarray) -> np.ndarray:
    """Tangents after Akima, J. ACM 17(4), 1970, with two slopes extrapolated on either side."""
    before = 2 * slope[:, 0] - slope[:, 1]
    after = 2 * slope[:, -1] - slope[:, -2]
    ends = (2 * before - slope[:, 0], before), (after, 2 * after - slope[:, -1])
    slope = np.column_stack([*ends[0], slope, *ends[1]])
    bend = np.abs(np.diff(slope))
    weight, other = bend[:, 2:], bend[:, :-2]
    total = weight + other
    flat = total <= 1e-9 * total.max(axis=1, keepdims=True)
    share = other / np.where(flat, 1, total)
    tangent = slope[:, 1:-2] + share * (slope[:, 2:-1] - slope[:, 1:-2])
    return np.where(flat, (slope[:, 3:] + slope[:, :-3]) / 2, tangent)


def _pchip(width: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Tangents after Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5(2), 1984; at the ends after Moler's pchiptx."""
    first, second = 2 * width[:, 1:] + width[:, :-1], width[:, 1:] + 2 * width[:, :-1]
    turn = slope[:, 1:] * slope[:, :-1] <= 0
    here, there = np.where(turn, 1, slope[:, :-1]), np.where(turn, 1, slope[:, 1:])
    inner = np.where(turn, 0, (first + second) / (first / here + second / there))
    start = _pchip_end(width[:, 0], width[:, 1], slope[:, 0], slope[:, 1])
    end = _pchip_end(width[:, -1], width[:, -2], slope[:, -1], slope[:, -2])
    return np.column_stack([start, inner, end])


def _pchip_end(width: np.ndarray, next_width: np.ndarray, slope: np.ndarray, next_slope: np.ndarray) -> np.ndarray:
    tangent = ((2 * width + next_width) * slope - width * next_slope) / (width + next_width)
    limited = np.where((slope * next_slope <= 0) & (np.abs(tangent) > 3 * np.abs(slope)), 3 * slope, tangent)
    return np.where(tangent * slope <= 0, 0, limited)
