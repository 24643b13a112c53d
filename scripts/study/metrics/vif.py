"""Visual information fidelity in the pixel domain, as `sewar` computes it.

H. R. Sheikh, A. C. Bovik, "Image information and visual quality", IEEE Trans. Image Processing 15 (2006), in the
pixel-domain form of the authors' `vifp_mscale`: Gaussian windows of 17, 9, 5 and 3 taps at four scales.

Where a window of the reference is nearly flat and the image's is not, the definition divides rounding errors by
rounding errors: on photos with clipped skies that changes the eighth digit. So the effect of rounding is bounded
for every such window, and the few that matter are summed again in sewar's own order.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import cache

import numpy as np

from study.metrics.windows import Window, filtered, gaussian, halved, planes, tiles, use_threads

NOISE = 2.0  # variance of the visual noise
EPS = 1e-10  # variance below which a window counts as flat
WINDOWS = tuple(gaussian(taps, taps / 5) for taps in (17, 9, 5, 3))
FAINT = 0.1  # variance of the reference from which rounding does no harm
ROUNDING = 1e-10  # largest difference of two variances by rounding, about 65025 * 2^-50
TRUSTED = 3e-10  # bound of the result's relative rounding error, with which sewar's sums are not asked for
WORTH = 100  # pixels that sewar does in the time of one window alone


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`vifp` of two images, uint8 [H, W, 3]."""
    use_threads(threads)
    return {name: vifp(planes(reference), planes(image)) for name in names}


def vifp(reference: np.ndarray, image: np.ndarray) -> float:
    """VIFp, mean over R', G' and B' (`sewar.vifp`); planes are float64 [3, H, W] of samples 0..255, both sides >= 41.

    NaN where a plane of the reference is flat: there is no information to be preserved.
    """
    return float(np.mean([_plane(x, y) for x, y in zip(reference, image)]))


def _plane(x: np.ndarray, y: np.ndarray) -> float:
    original = x, y
    total = np.zeros(2)
    faint = []
    for scale, window in enumerate(WINDOWS):
        if scale:
            x, y = halved(x, window), halved(y, window)
        for top, left, (tile_x, tile_y) in tiles(len(window), x, y):
            moments = _moments(tile_x, tile_y, window)
            if moments[0].min() < FAINT:
                faint.append(_faint(scale, top, left, *moments))
            total += _information(*moments)
    if faint:
        windows = np.concatenate(faint, axis=1)
        chosen = _doubtful(windows[3:], TRUSTED * total[1])
        if len(chosen) * WORTH > original[0].size:
            return _by_sewar(*original)
        if len(chosen):
            total += _corrections(*original, windows[:, chosen])
    return total[0] / total[1] if total[1] else math.nan


def _moments(x: np.ndarray, y: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each window the variance of the reference, that of the image, and their covariance; [columns, rows]."""
    means_x, means_y = filtered(x, window), filtered(y, window)
    s1, s2, s12 = (filtered(product, window) for product in (x * x, y * y, x * y))
    s12 -= means_x * means_y
    means_x *= means_x
    s1 -= means_x
    means_y *= means_y
    s2 -= means_y
    return s1, s2, s12


def _information(s1: np.ndarray, s2: np.ndarray, s12: np.ndarray) -> np.ndarray:
    """The information preserved in the image and that available in the reference, in decimal digits.

    With the gain g = s12 / (s1 + EPS) and the distortion v = s2 - g s12 of a window, these are the sums of
    log(1 + g^2 s1 / (v + NOISE)) and of log(1 + s1 / NOISE). The arguments are overwritten.
    """
    if s1.min() < EPS:
        flat = s1 < EPS
        s1[flat] = 0
        s12[flat] = 0
    if s2.min() < EPS:
        s12[s2 < EPS] = 0
    np.maximum(s12, 0, out=s12)
    gain = s1 + EPS
    np.divide(s12, gain, out=gain)
    s12 *= gain
    s2 -= s12
    np.maximum(s2, EPS, out=s2)
    s2 += NOISE
    gain *= gain
    gain *= s1
    gain /= s2
    gain += 1
    s1 *= 1 / NOISE
    s1 += 1
    return np.array([_sum_log10(gain), _sum_log10(s1)])


def _sum_log10(values: np.ndarray) -> float:
    """The sum of the logarithms of values below 10^19, by way of products of 16."""
    return float(np.log10(np.multiply.reduceat(values, range(0, len(values), 16), axis=0)).sum())


def _faint(scale: int, top: int, left: int, s1: np.ndarray, s2: np.ndarray, s12: np.ndarray) -> np.ndarray:
    """The windows of a tile in which the reference is nearly flat: [scale, row, column, s1, s2, s12] of each."""
    faint = np.nonzero((s1 < FAINT) & (s1 > 0.3 * EPS))
    columns, rows = faint
    return np.array([np.full(rows.shape, scale), rows + top, columns + left, s1[faint], s2[faint], s12[faint]])


def _doubtful(moments: np.ndarray, allowed: float) -> np.ndarray:
    """The fewest windows, by number, without which rounding changes the information by no more than `allowed`."""
    s1, s2, s12 = moments
    gain = np.maximum(s12, 0) / (s1 + EPS)
    signal = gain / (np.maximum(s2 - gain * s12, EPS) + NOISE)
    bound = ROUNDING / math.log(10) * (signal * gain + 4 * signal + 1 / NOISE)
    if bound.sum() <= allowed:
        return np.arange(0)
    order = np.argsort(bound)
    return order[np.searchsorted(np.cumsum(bound[order]), allowed, side="right") :]


def _corrections(x: np.ndarray, y: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """What to add to the information of `_information`, so that these windows are summed as sewar does."""
    exact = windows[3:].copy()
    for scale in range(len(WINDOWS)):
        here = windows[0] == scale
        if here.any():
            exact[:, here] = _sewar_moments(x, y, scale, windows[1, here].astype(int), windows[2, here].astype(int))
    return _information(*exact[:, None]) - _information(*windows[3:, None].copy())


def _sewar_moments(x: np.ndarray, y: np.ndarray, scale: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The moments [3, windows] in sewar's arithmetic of windows given by their corners, from the pixels behind them."""
    side = len(WINDOWS[scale])
    for window in WINDOWS[scale:0:-1]:
        side = 2 * (side - 1) + len(window)
    corners = rows * 2**scale, columns * 2**scale
    x, y = (np.lib.stride_tricks.sliding_window_view(plane, (side, side))[corners] for plane in (x, y))
    kernels = _sewar_windows()
    for kernel in kernels[1 : scale + 1]:
        x, y = (_sewar_filtered(planes, kernel)[:, ::2, ::2] for planes in (x, y))
    means = (_sewar_filtered(planes, kernels[scale])[:, 0, 0] for planes in (x, y, x * x, y * y, x * y))
    mean_x, mean_y, xx, yy, xy = means
    return np.array([xx - mean_x * mean_x, yy - mean_y * mean_y, xy - mean_x * mean_y])


def _sewar_filtered(planes: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """`sewar.utils.filter2(plane, kernel, "valid")` of planes [n, H, W], to the last bit.

    SciPy's convolve2d, which it calls, adds the products from the last to the first, of each row four at a time.
    """
    side = len(kernel)
    rows, columns = planes.shape[1] - side + 1, planes.shape[2] - side + 1
    total = np.zeros((len(planes), rows, columns))
    for i in reversed(range(side)):
        products = [kernel[i, j] * planes[:, i : i + rows, j : j + columns] for j in reversed(range(side))]
        fours = len(products) // 4 * 4
        for start in range(0, fours, 4):
            first, second, third, fourth = products[start : start + 4]
            total = total + (((first + second) + third) + fourth)
        for product in products[fours:]:
            total = total + product
    return total


@cache
def _sewar_windows() -> list[np.ndarray]:
    """sewar's own two-dimensional windows, to the last bit (`sewar.utils.fspecial`)."""
    windows = []
    for taps in map(len, WINDOWS):
        x, y = np.mgrid[-(taps // 2) : taps // 2 + 1, -(taps // 2) : taps // 2 + 1]
        window = np.exp(-((x**2 + y**2) / (2.0 * (taps / 5) ** 2)))
        window[window < np.finfo(float).eps * window.max()] = 0
        windows.append(window / window.sum())
    return windows


def _by_sewar(x: np.ndarray, y: np.ndarray) -> float:
    import sewar

    with np.errstate(divide="ignore", invalid="ignore"):
        return float(sewar.vifp(x, y, sigma_nsq=NOISE))
