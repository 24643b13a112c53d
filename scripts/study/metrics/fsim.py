"""FSIM and FSIMc: similarity of phase congruency, of gradients and, for FSIMc, of colour.

L. Zhang, L. Zhang, X. Mou, D. Zhang, "FSIM: a feature similarity index for image quality assessment", IEEE Trans. Image
Processing 20 (2011), eqs. 4-12; phase congruency of P. Kovesi, "Image features from phase congruency", Videre 1 (1999),
with log-Gabor filters of 4 scales and 4 orientations. Where they leave a choice, `piq` decides. Double precision.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import lru_cache

import cv2
import numpy as np

from study.metrics.windows import use_threads

YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
SCHARR = np.array([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]) / 16
T_PHASE, T_GRADIENT, T_COLOUR, LAMBDA = 0.85, 160.0, 200.0, 0.03
SCALES, ORIENTATIONS = 4, 4
WAVELENGTH, FACTOR, SIGMA_F, DELTA_THETA = 6, 2, 0.55, 1.2
CUTOFF, ORDER = 0.45, 15  # of the low-pass filter
NOISE, OVERRATED = 2.0, 1.7  # deviations of the noise above its mean; by how much its estimate is too large
SMALL = np.finfo(float).eps


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`fsim` and `fsimc` of two images, uint8 [H, W, 3]; NaN where neither has an edge."""
    use_threads(threads)
    x, y = (_pooled(rgb @ YIQ.T) for rgb in (reference, image))
    phase_x, phase_y = (_congruency(yiq[..., 0]) for yiq in (x, y))
    gradient_x, gradient_y = (_gradient(yiq[..., 0]) for yiq in (x, y))
    weight = np.maximum(phase_x, phase_y)
    similarity = _similarity(phase_x, phase_y, T_PHASE) * _similarity(gradient_x, gradient_y, T_GRADIENT) * weight
    values = {"fsim": similarity}
    if "fsimc" in names:
        colours = _similarity(x[..., 1], y[..., 1], T_COLOUR) * _similarity(x[..., 2], y[..., 2], T_COLOUR)
        values["fsimc"] = similarity * np.abs(colours) ** LAMBDA
    total = weight.sum()
    return {name: float(values[name].sum() / total) if total else math.nan for name in names}


def _similarity(x: np.ndarray, y: np.ndarray, constant: float) -> np.ndarray:
    return (2 * x * y + constant) / (x * x + y * y + constant)


def _pooled(planes: np.ndarray) -> np.ndarray:
    """Means of squares, so that the smaller side has about 256 pixels; what is over is left out."""
    side = max(1, round(min(planes.shape[:2]) / 256))
    height, width = (length // side for length in planes.shape[:2])
    squares = planes[: height * side, : width * side].reshape(height, side, width, side, 3)
    return squares.mean(axis=(1, 3))


def _gradient(luma: np.ndarray) -> np.ndarray:
    parts = [cv2.filter2D(luma, -1, kernel, borderType=cv2.BORDER_CONSTANT) for kernel in (SCHARR, SCHARR.T)]
    return np.hypot(*parts)


def _congruency(luma: np.ndarray) -> np.ndarray:
    """Phase congruency [H, W], 0 to 1: energy over amplitude, both summed over the orientations, less the noise."""
    spectrum = np.fft.fft2(luma)
    energies, amplitudes = np.zeros(luma.shape), np.zeros(luma.shape)
    for filters, power, noise in _filters(*luma.shape):
        responses = [np.fft.ifft2(spectrum * kernel) for kernel in filters]
        total = sum(responses)
        mean = total / (np.abs(total) + SMALL)
        energy = sum(_along(response, mean) - np.abs(_across(response, mean)) for response in responses)
        squares = (responses[0].real ** 2 + responses[0].imag ** 2).ravel()
        middle = (squares.size - 1) // 2
        strength = np.partition(squares, middle)[middle] / math.log(2) / power
        tau = math.sqrt(strength * noise)
        threshold = tau * (math.sqrt(math.pi / 2) + NOISE * math.sqrt(2 - math.pi / 2)) / OVERRATED
        energies += np.maximum(energy - threshold, 0)
        amplitudes += sum(np.abs(response) for response in responses)
    return energies / (amplitudes + SMALL)


def _along(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x.real * y.real + x.imag * y.imag


def _across(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x.real * y.imag - x.imag * y.real


@lru_cache(maxsize=2)
def _filters(height: int, width: int) -> list[tuple[list[np.ndarray], float, float]]:
    """Of each orientation the filters of all scales, the first one's power, and half the energy of noise of power 1."""
    rows, columns = np.meshgrid(_frequencies(height), _frequencies(width), indexing="ij")
    radius, theta = np.hypot(rows, columns), np.arctan2(-columns, rows)
    low_pass = 1 / (1 + (radius / CUTOFF) ** (2 * ORDER))
    radius[0, 0] = 1
    radial = []
    for scale in range(SCALES):
        centre = 1 / (WAVELENGTH * FACTOR**scale)
        band = np.exp(-(np.log(radius / centre) ** 2) / (2 * math.log(SIGMA_F) ** 2)) * low_pass
        band[0, 0] = 0
        radial.append(band)
    kernels = []
    for orientation in range(ORIENTATIONS):
        angle = orientation * math.pi / ORIENTATIONS
        sine = np.sin(theta) * math.cos(angle) - np.cos(theta) * math.sin(angle)
        cosine = np.cos(theta) * math.cos(angle) + np.sin(theta) * math.sin(angle)
        distance = np.abs(np.arctan2(sine, cosine))
        spread = np.exp(-(distance**2) / (2 * (math.pi / (ORIENTATIONS * DELTA_THETA)) ** 2))
        filters = [spread * band for band in radial]
        impulses = [np.fft.ifft2(kernel).real * math.sqrt(height * width) for kernel in filters]
        squares = sum(float((impulse**2).sum()) for impulse in impulses)
        products = sum(float((impulses[i] * impulses[j]).sum()) for i in range(SCALES) for j in range(i + 1, SCALES))
        kernels.append((filters, float((filters[0] ** 2).sum()), squares + 2 * products))
    return kernels


def _frequencies(count: int) -> np.ndarray:
    """Frequencies in cycles per pixel in the order of the FFT, as Kovesi's: of an odd count the ends are at 1/2."""
    if count % 2:
        steps = np.arange(-(count - 1) / 2, count / 2) / (count - 1) if count > 1 else np.zeros(1)
    else:
        steps = np.arange(-count / 2, count / 2) / count
    return np.roll(steps, -(count // 2))
