"""Structural similarity with Gaussian and uniform windows, and its two multi-scale forms.

Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error visibility to structural
similarity", IEEE Trans. Image Processing 13 (2004), eq. 13; Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multi-scale
structural similarity for image quality assessment", Asilomar 2003, eq. 7. Where the papers leave a choice, the
libraries `sewar` and `pytorch-msssim` decide. Pictures are planes, float64 [3, H, W], of samples 0..255.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from study.filters import box, filtered, gaussian, strips

TAPS = 11
SIGMA = 1.5
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
_WINDOW = gaussian(TAPS, SIGMA)


def ssim_uniform(reference: np.ndarray, picture: np.ndarray) -> float:
    """SSIM with a uniform window of 11x11, mean over windows and then over R', G', B' (`sewar.ssim`)."""
    return float(_channels(reference, picture, lambda plane: box(plane, TAPS))[0].mean())


def ssim_gaussian(reference: np.ndarray, picture: np.ndarray, names: Collection[str]) -> dict[str, float]:
    """Those of `ssim`, `ms_ssim` and `msssim_sewar` that are in `names`; they share the windows of the first scale."""
    first = _channels(reference, picture, _gaussian)
    values = {"ssim": float(first[0].mean())}
    if "ms_ssim" in names:
        values["ms_ssim"] = _ms_ssim(reference, picture, first)
    if "msssim_sewar" in names:
        values["msssim_sewar"] = _msssim_sewar(reference, picture, first)
    return {name: values[name] for name in values if name in names}


def _ms_ssim(reference: np.ndarray, picture: np.ndarray, first: np.ndarray) -> float:
    """As pytorch-msssim: five scales, negative terms set to 0, a product for each colour, mean over the colours."""
    product = np.maximum(first[1], 0) ** WEIGHTS[0]
    for scale in range(1, len(WEIGHTS)):
        reference, picture = _pooled(reference), _pooled(picture)
        ssim, structure = _channels(reference, picture, _gaussian)
        term = structure if scale < len(WEIGHTS) - 1 else ssim
        product = product * np.maximum(term, 0) ** WEIGHTS[scale]
    return float(product.mean())


def _msssim_sewar(reference: np.ndarray, picture: np.ndarray, first: np.ndarray) -> float:
    """As sewar: mean over the colours at each scale, one product of complex powers, its real part.

    A picture under 176 pixels has fewer scales, with the weights of the first ones: 11 pixels are left at the last.
    """
    scales = min(len(WEIGHTS), int(np.floor(np.log2(min(reference.shape[1:]) / TAPS))) + 1)
    terms = [first.mean(axis=1)]
    for _ in range(1, scales):
        reference, picture = _mixed(reference), _mixed(picture)
        terms.append(_channels(reference, picture, _gaussian).mean(axis=1))
    factors = [structure for _, structure in terms[:-1]] + [terms[-1][0]]
    return float(np.prod(np.array(factors, dtype=complex) ** WEIGHTS[:scales]).real)


def _channels(reference: np.ndarray, picture: np.ndarray, average: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """For each colour the mean of SSIM (first row) and of its contrast-structure term (second): [2, 3]."""
    windows = (reference.shape[1] - TAPS + 1) * (reference.shape[2] - TAPS + 1)
    sums = [sum(_sums(*strip, average) for _, strip in strips(TAPS, x, y)) for x, y in zip(reference, picture)]
    return np.array(sums).T / windows


def _sums(x: np.ndarray, y: np.ndarray, average: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The sums of SSIM and of its contrast-structure term over the windows of a strip; `average` takes their means."""
    squares = x * x
    squares += y * y
    product = x * y
    product *= 2
    means_x, means_y = average(x), average(y)
    variances, covariance = average(squares), average(product)  # the sum of both variances, twice the covariance
    luminance = means_x * means_y
    luminance *= 2
    means_x *= means_x
    means_y *= means_y
    means_x += means_y
    variances -= means_x
    covariance -= luminance
    covariance += C2
    variances += C2
    covariance /= variances
    luminance += C1
    means_x += C1
    luminance /= means_x
    luminance *= covariance
    return np.array([luminance.sum(), covariance.sum()])


def _gaussian(plane: np.ndarray) -> np.ndarray:
    return filtered(plane, _WINDOW)


def _pooled(planes: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels (torch's avg_pool2d); an odd side has a line of zeros before the first one."""
    planes = np.pad(planes, ((0, 0), (planes.shape[1] % 2, 0), (planes.shape[2] % 2, 0)))
    pooled = planes[:, ::2] + planes[:, 1::2]
    pooled = pooled[..., ::2] + pooled[..., 1::2]
    pooled *= 0.25
    return pooled


def _mixed(planes: np.ndarray) -> np.ndarray:
    """SciPy's uniform_filter(size=2) over rows, columns *and colours*, then every second row and column."""
    mixed = _with_previous(_with_previous(planes, 1)[:, ::2], 2)[..., ::2]
    mixed = _with_previous(mixed, 0)
    mixed *= 0.125
    return mixed


def _with_previous(planes: np.ndarray, axis: int) -> np.ndarray:
    """Each line plus the one before it along an axis; the first is doubled."""
    lines = np.moveaxis(planes, axis, 0)
    total = planes.copy()
    sums = np.moveaxis(total, axis, 0)
    sums[1:] += lines[:-1]
    sums[0] += lines[0]
    return total
