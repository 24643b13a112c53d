"""IW-SSIM: multi-scale SSIM of a Laplacian pyramid, pooled with the information that each neighbourhood carries.

Z. Wang, Q. Li, "Information content weighting for perceptual image quality assessment", IEEE Trans. Image Processing 20
(2011): eqs. 22-29 (information, by a Gaussian scale mixture of 3x3 neighbours and the parent), 31-34 (scales and
pooling). Where the paper leaves a choice, the authors' program as carried over into `piq` decides. Double precision.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import cv2
import numpy as np

from study.metrics import pyramid
from study.metrics.psnr import BT601, PEAK
from study.metrics.ssim import WEIGHTS
from study.metrics.windows import use_threads

SMALLEST = 161
C1, C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2
TAPS, SIGMA = 11, 1.5
NOISE = 0.4  # variance of the noise of vision
SMALL = float(np.finfo(float).eps)

Bands = list[np.ndarray]


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`iw_ssim` of two images, uint8 [H, W, 3] with sides >= 161; NaN where neither has structure at one of the scales.

    Identical images have 1.
    """
    use_threads(threads)
    x, y = (_bands(rgb @ (np.array(BT601) / 1000)) for rgb in (reference, image))
    value = 1.0
    for scale, power in enumerate(np.array(WEIGHTS) / sum(WEIGHTS)):
        luminance, structure = _similarity(x[scale], y[scale])
        if scale == len(WEIGHTS) - 1:
            mean = float((luminance * structure).mean())
        else:
            parent = x[scale + 1] if scale < len(WEIGHTS) - 2 else None
            margin = TAPS // 2 - 1  # the information has a margin of one pixel itself
            information = _information(x[scale], y[scale], parent)[margin:-margin, margin:-margin]
            total = float(information.sum())
            mean = float((structure * information).sum()) / total if total else math.nan
        value *= abs(mean) ** power
    return dict.fromkeys(names, value)


def _bands(luma: np.ndarray) -> Bands:
    """Four bands of the Laplacian pyramid of luma, float64 [H, W], and what is left.

    The authors' pyramid takes one filter down and up, so that each low band has doubled samples.
    """
    bands = []
    for _ in range(len(WEIGHTS) - 1):
        luma, band = pyramid.split(luma, mirrored=False)
        bands.append(band)
        luma *= 2
    return [*bands, luma]


def _similarity(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The luminance and the contrast-structure terms of SSIM of the windows wholly inside, [H - 10, W - 10]."""
    mean_x, mean_y, xx, yy, xy = (_windows(plane) for plane in (x, y, x * x, y * y, x * y))
    products = mean_x * mean_y
    variances = np.maximum(xx - mean_x**2, 0) + np.maximum(yy - mean_y**2, 0)
    luminance = (2 * products + C1) / (mean_x**2 + mean_y**2 + C1)
    return luminance, (2 * (xy - products) + C2) / (variances + C2)


def _windows(plane: np.ndarray) -> np.ndarray:
    taps = cv2.getGaussianKernel(TAPS, SIGMA, cv2.CV_64F)
    margin = TAPS // 2
    return cv2.sepFilter2D(plane, cv2.CV_64F, taps, taps)[margin:-margin, margin:-margin]


def _information(x: np.ndarray, y: np.ndarray, parent: np.ndarray | None) -> np.ndarray:
    """The bits that the reference x and the image y tell together at each pixel with all 8 neighbours, [H - 2, W - 2].

    The distortion is a gain and noise for each neighbourhood; the reference's neighbours (and `parent`, its next
    coarser band) are a Gaussian of one covariance, scaled at each pixel. A covariance that isn't regular counts in the
    directions in which the neighbours vary.
    """
    gain, noise = _distortion(x, y)
    height, width = gain.shape
    around = [x[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    if parent is not None:
        around.append(_enlarged(parent)[1 : 1 + height, 1 : 1 + width])
    samples = np.stack([plane.ravel() for plane in around])
    values, vectors = np.linalg.eigh(samples @ samples.T / samples.shape[1])
    regular = values > max(values.max(), 0) * len(values) * SMALL
    share = values.sum() / values[values > 0].sum() if regular.any() else 0
    values, vectors = values[regular] * share, vectors[:, regular]
    scales = np.zeros(gain.size)
    for value, vector in zip(values, vectors.T):
        scales += (vector @ samples) ** 2 / value
    scales /= len(samples)
    squares, noise = gain.ravel() ** 2, noise.ravel()
    signal = (noise + (1 + squares) * NOISE) * scales / NOISE**2
    noise = 1 + noise / NOISE
    bits = np.log2(noise) * (len(samples) - len(values))
    for value in values:
        bits += np.log2(noise + signal * value)
    bits[bits < SMALL] = 0
    return bits.reshape(height, width)


def _distortion(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gain and the variance of the noise by which 3x3 pixels of x become those of y, [H - 2, W - 2]."""
    mean_x, mean_y, xx, yy, xy = (_means(plane) for plane in (x, y, x * x, y * y, x * y))
    variance_x, variance_y = np.maximum(xx - mean_x**2, 0), np.maximum(yy - mean_y**2, 0)
    covariance = xy - mean_x * mean_y
    gain = covariance / (variance_x + SMALL)
    noise = variance_y - gain * covariance
    flat_x, flat_y = variance_x < SMALL, variance_y < SMALL
    noise[flat_x] = variance_y[flat_x]
    gain[flat_x | flat_y] = 0
    noise[flat_y] = 0
    return gain, noise


def _means(plane: np.ndarray) -> np.ndarray:
    """The means of 3x3 pixels, not as running sums: their rounding would be a signal where an image is flat."""
    taps = np.full(3, 1 / 3)
    return cv2.sepFilter2D(plane, cv2.CV_64F, taps, taps)[1:-1, 1:-1]


def _enlarged(band: np.ndarray) -> np.ndarray:
    """The band at twice its size: every second sample of four times its size, with its edges continued straight."""
    height, width = band.shape
    fine = cv2.resize(band, (4 * width - 3, 4 * height - 3), interpolation=cv2.INTER_LINEAR)
    fine = np.pad(fine, 1)
    fine[0], fine[-1] = 2 * fine[1] - fine[2], 2 * fine[-2] - fine[-3]
    fine[:, 0], fine[:, -1] = 2 * fine[:, 1] - fine[:, 2], 2 * fine[:, -2] - fine[:, -3]
    return fine[::2, ::2]
