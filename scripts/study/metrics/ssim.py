"""Structural similarity with Gaussian and uniform windows, and its two multi-scale forms.

Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error visibility to structural
similarity", IEEE Trans. Image Processing 13 (2004), eq. 13; Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multi-scale
structural similarity for image quality assessment", Asilomar 2003, eq. 7. Where the papers leave a choice, the
libraries `sewar` and `pytorch-msssim` decide. Images are planes, float64 [3, H, W], of samples 0..255.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import numpy as np

from study.metrics.windows import box, filtered, gaussian, planes, tiles, use_threads

TAPS = 11
SIGMA = 1.5
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
_WINDOW = gaussian(TAPS, SIGMA)


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`similarity` of two images, uint8 [H, W, 3], with sides as large as each metric needs."""
    use_threads(threads)
    return similarity(planes(reference), planes(image), names)


def similarity(reference: np.ndarray, image: np.ndarray, names: Collection[str]) -> dict[str, float]:
    """Those of `ssim`, `ms_ssim`, `ssim_sewar` and `msssim_sewar` that are in `names`; they share what they can.

    Images are uint8 [H, W, 3].
    `ssim` has a Gaussian window, `ssim_sewar` a uniform one, both of 11x11; each is a mean over windows, then over
    R', G' and B'.
    """
    averages = {"gaussian": _gaussian} if {"ssim", "ms_ssim", "msssim_sewar"} & set(names) else {}
    if "ssim_sewar" in names:
        averages["uniform"] = _uniform
    if not averages:
        return {}
    terms = dict(zip(averages, _terms(reference, image, *averages.values())))
    values = {}
    if "ssim" in names:
        values["ssim"] = float(terms["gaussian"][0].mean())
    if "ms_ssim" in names:
        values["ms_ssim"] = _ms_ssim(reference, image, terms["gaussian"])
    if "ssim_sewar" in names:
        values["ssim_sewar"] = float(terms["uniform"][0].mean())
    if "msssim_sewar" in names:
        values["msssim_sewar"] = _msssim_sewar(reference, image, terms["gaussian"])
    return values


def _ms_ssim(reference: np.ndarray, image: np.ndarray, first: np.ndarray) -> float:
    """As pytorch-msssim: five scales, negative terms set to 0, a product for each colour, mean over the colours."""
    product = np.maximum(first[1], 0) ** WEIGHTS[0]
    for scale in range(1, len(WEIGHTS)):
        reference, image = _pooled(reference), _pooled(image)
        ssim, structure = _terms(reference, image, _gaussian)[0]
        term = structure if scale < len(WEIGHTS) - 1 else ssim
        product = product * np.maximum(term, 0) ** WEIGHTS[scale]
    return float(product.mean())


def _msssim_sewar(reference: np.ndarray, image: np.ndarray, first: np.ndarray) -> float:
    """As sewar: mean over the colours at each scale, one product of complex powers, its real part.

    An image under 176 pixels has fewer scales, with the weights of the first ones: 11 pixels are left at the last.
    """
    scales = min(len(WEIGHTS), int(np.floor(np.log2(min(reference.shape[1:]) / TAPS))) + 1)
    terms = [first.mean(axis=1)]
    for _ in range(1, scales):
        reference, image = _mixed(reference), _mixed(image)
        terms.append(_terms(reference, image, _gaussian)[0].mean(axis=1))
    factors = [structure for _, structure in terms[:-1]] + [terms[-1][0]]
    return float(np.prod(np.array(factors, dtype=complex) ** WEIGHTS[:scales]).real)


def _terms(reference: np.ndarray, image: np.ndarray, *averages: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The mean SSIM and the mean contrast-structure term, for each way to average and each colour: [ways, 2, 3]."""
    windows = (reference.shape[1] - TAPS + 1) * (reference.shape[2] - TAPS + 1)
    sums = [
        sum((_sums(tile_x, tile_y, averages) for _, _, (tile_x, tile_y) in tiles(TAPS, x, y)), np.zeros((1, 1)))
        for x, y in zip(reference, image)
    ]
    return np.stack(sums, axis=-1) / windows


def _sums(x: np.ndarray, y: np.ndarray, averages: Iterable[Callable[[np.ndarray], np.ndarray]]) -> np.ndarray:
    squares = x * x
    squares += y * y
    products = x * y
    products *= 2
    return np.array([_similarities(*map(average, (x, y, squares, products))) for average in averages])


def _similarities(mean_x: np.ndarray, mean_y: np.ndarray, variances: np.ndarray, covariance: np.ndarray) -> list[float]:
    """The sums of SSIM and of its contrast-structure term, from the windows' means of x, y, xx + yy, 2xy."""
    luminance = mean_x * mean_y
    luminance *= 2
    mean_x *= mean_x
    mean_y *= mean_y
    mean_x += mean_y
    variances -= mean_x
    covariance -= luminance
    covariance += C2
    variances += C2
    covariance /= variances
    luminance += C1
    mean_x += C1
    luminance /= mean_x
    luminance *= covariance
    return [luminance.sum(), covariance.sum()]


def _gaussian(plane: np.ndarray) -> np.ndarray:
    return filtered(plane, _WINDOW)


def _uniform(plane: np.ndarray) -> np.ndarray:
    return box(plane, TAPS)


def _pooled(planes: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels (torch's avg_pool2d); an odd side has a line of zeros before the first one."""
    if planes.shape[1] % 2 or planes.shape[2] % 2:
        planes = np.pad(planes, ((0, 0), (planes.shape[1] % 2, 0), (planes.shape[2] % 2, 0)))
    rows = planes[:, ::2] + planes[:, 1::2]
    pooled = rows[..., ::2] + rows[..., 1::2]
    pooled *= 0.25
    return pooled


def _mixed(planes: np.ndarray) -> np.ndarray:
    """SciPy's uniform_filter(size=2) over rows, columns *and colours*, then every second row and column."""
    rows = planes[:, ::2].copy()
    rows[:, 0] += planes[:, 0]
    rows[:, 1:] += planes[:, 1:-1:2]
    mixed = rows[..., ::2].copy()
    mixed[..., 0] += rows[..., 0]
    mixed[..., 1:] += rows[..., 1:-1:2]
    mixed[1:] += mixed[:-1].copy()
    mixed[0] *= 2
    mixed *= 0.125
    return mixed
