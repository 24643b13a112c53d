"""SSIMULACRA 2.1: structural similarity and two asymmetric edge maps in XYB, at six scales, with two norms each.

J. Sneyers, "SSIMULACRA 2: Structural SIMilarity Unveiling Local And Compression Related Artifacts" (Cloudinary, version
2.1, April 2023): https://github.com/cloudinary/ssimulacra2. Weights and the final curve were fitted by its author on
CID22, TID2013, KADID-10k and KonFiG-IQA. XYB is JPEG XL's (ISO/IEC 18181-1, annex L). The blur is the one of libjxl:
D. Charalampidis, "Recursive implementation of the Gaussian filter using truncated cosine functions", IEEE Trans. Signal
Processing 64 (2016), with sigma 1.5; its response is finite, so it is filtered with directly, zeros around the image.

Maps whose weight is zero are not computed: that leaves out half of the work.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import cv2
import numpy as np

from study.metrics.windows import use_threads

SIGMA = 1.5
SCALES = 6
SMALLEST = 8
C2 = 0.0009
ABSORBANCE = (
    (0.3, 0.622, 0.078),
    (0.23, 0.692, 0.078),
    (0.24342268924547819, 0.20476744424496821, 0.55180986650955360),
)
BIAS = 0.0037930732552754493
ROWS = 64  # of a strip: its planes stay in the processor's cache

# Of each component (X, Y, B - Y), scale and norm (1, 4): the weights of SSIM's map, the artefacts, the lost detail.
# fmt: off
WEIGHTS = (
    0, 0.0007376606707406586, 0, 0, 0.0007793481682867309, 0,
    0, 0.0004371155730107379, 0, 1.1041726426657346, 0.00066284834129271, 0.00015231632783718752,
    0, 0.0016406437456599754, 0, 1.8422455520539298, 11.441172603757666, 0,
    0.0007989109436015163, 0.000176816438078653, 0, 1.8787594979546387, 10.94906990605142, 0,
    0.0007289346991508072, 0.9677937080626833, 0, 0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053,
    0.0004550992113792063, 0, 0, 0.0013648766163243398, 0, 0,
    0, 0, 0, 7.466890328078848, 0, 17.445833984131262,
    0.0006235601634041466, 0, 0, 6.683678146179332, 0.00037724407979611296, 1.027889937768264,
    225.20515300849274, 0, 0, 19.213238186143016, 0.0011401524586618361, 0.001237755635509985,
    176.39317598450694, 0, 0, 24.43300999870476, 0.28520802612117757, 0.0004485436923833408,
    0, 0, 0, 34.77906344483772, 44.835625328877896, 0,
    0, 0, 0, 0, 0, 0,
    0, 0.0008680556573291698, 0, 0, 0, 0,
    0, 0.0005313191874358747, 0, 0.00016533814161379112, 0, 0,
    0, 0, 0, 0.0004179171803251336, 0.0017290828234722833, 0,
    0.0020827005846636437, 0, 0, 8.826982764996862, 23.19243343998926, 0,
    95.1080498811086, 0.9863978034400682, 0.9834382792465353,
    0.0012286405048278493, 171.2667255897307, 0.9807858872435379,
    0, 0, 0, 0.0005130064588990679, 0, 0.00010854057858411537,
)
# fmt: on


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`ssimulacra2` of two images, uint8 [H, W, 3]."""
    use_threads(threads)
    return {name: ssimulacra2(reference, image) for name in names}


def ssimulacra2(reference: np.ndarray, image: np.ndarray) -> float:
    """SSIMULACRA 2.1 of an image, both uint8 [H, W, 3] sRGB with sides >= 8: 100 at most, no lowest value."""
    pair = [_linear()[rgb] for rgb in (reference, image)]
    norms = []
    for scale in range(SCALES):
        if min(pair[0].shape[:2]) < SMALLEST:
            break
        if scale:
            pair = [_halved(linear) for linear in pair]
        norms.append(pair)
    return _score(norms)


def _score(pyramid: list[list[np.ndarray]]) -> float:
    """The weights are taken in a row, so an image of fewer scales has other weights, as in the author's program."""
    weights = np.reshape(WEIGHTS[: 18 * len(pyramid)], (3, len(pyramid), 2, 3))
    total: float = sum(
        float((weights[:, scale] * _norms(reference, image, weights[:, scale] != 0)).sum())
        for scale, (reference, image) in enumerate(pyramid)
    )
    total *= 0.9562382616834844
    total = (6.248496625763138e-05 * total - 0.020884521182843837) * total**2 + 2.326765642916932 * total
    return 100 - 10 * total**0.6276336467831387 if total > 0 else 100.0


def _norms(reference: np.ndarray, image: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The norms [component, norm, map] of one scale, from linear light [H, W, 3]; those not `wanted` are 0."""
    height = len(reference)
    margin = len(_window()) // 2
    sums = np.zeros((3, 2, 3))
    for top in range(0, height, ROWS):
        first, last = max(0, top - margin), min(height, top + ROWS + margin)
        inner = slice(top - first, min(top + ROWS, height) - first)
        planes_x, planes_y = (_xyb(linear[first:last]) for linear in (reference, image))
        for component in range(3):
            if wanted[component].any():
                sums[component] += _sums(planes_x[component], planes_y[component], inner, wanted[component])
    sums /= reference[..., 0].size
    sums[:, 1] **= 0.25
    return sums


def _sums(x: np.ndarray, y: np.ndarray, inner: slice, wanted: np.ndarray) -> np.ndarray:
    """Sums of the three maps and of their fourth powers over the rows `inner` of a strip, [norm, map]."""
    sums = np.zeros((2, 3))
    mean_x, mean_y = _blurred(x)[inner], _blurred(y)[inner]
    if wanted[:, 0].any():
        errors = _dissimilarity(x, y, mean_x, mean_y, inner)
        sums[:, 0] = _powers(errors)
    if wanted[:, 1:].any():
        ratio: Any = cv2.absdiff(y[inner], mean_y)
        ratio += 1
        edges: Any = cv2.absdiff(x[inner], mean_x)
        edges += 1
        ratio /= edges
        ratio -= 1
        if wanted[:, 1].any():
            sums[:, 1] = _powers(np.maximum(ratio, 0))
        if wanted[:, 2].any():
            sums[:, 2] = _powers(np.minimum(ratio, 0))
            sums[0, 2] *= -1
    return sums


def _dissimilarity(x: np.ndarray, y: np.ndarray, mean_x: np.ndarray, mean_y: np.ndarray, inner: slice) -> np.ndarray:
    """1 - SSIM', negative ones set to 0; the luminance term of SSIM' is 1 - (mx - my)^2, without a denominator.

    With d = mx - my and E the variance of x - y it is d^2 + (1 - d^2) E / (vx + vy + C2), which loses no digits where
    the images are nearly the same. The author's program subtracts means of squares, in single precision: at scores
    above 85 that costs it 0.1 to 0.4.
    """
    errors = x - y
    errors = _blurred(errors * errors)[inner]
    luminance = mean_x - mean_y
    luminance *= luminance
    errors -= luminance
    variances = _blurred(x * x + y * y)[inner]
    variances -= mean_x * mean_x
    variances -= mean_y * mean_y
    variances += C2
    errors /= variances
    errors -= luminance * errors
    errors += luminance
    return np.maximum(errors, 0, out=errors)


def _powers(values: np.ndarray) -> tuple[float, float]:
    squares = values * values
    return cv2.sumElems(values)[0], float(cv2.norm(squares, cv2.NORM_L2SQR))


def _blurred(plane: np.ndarray) -> np.ndarray:
    return cv2.sepFilter2D(plane, cv2.CV_32F, _window(), _window(), borderType=cv2.BORDER_CONSTANT)


def _xyb(linear: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, Y and B - Y, each scaled and shifted to about 0..1, of linear light [H, W, 3]."""
    cones: Any = cv2.split(cv2.pow(cv2.transform(linear, _absorbance()), 1 / 3))
    shift = np.float32(BIAS ** (1 / 3))
    long, medium, short = cones
    y = (long + medium) * np.float32(0.5)
    x = (long - medium) * np.float32(7)
    x += np.float32(0.42)
    short -= y
    short += np.float32(0.55)
    y -= shift - np.float32(0.01)
    return x, y, short


def _halved(linear: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels; the last row or column of an odd side is taken twice."""
    height, width = linear.shape[:2]
    if height % 2 or width % 2:
        linear = cv2.copyMakeBorder(linear, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return cv2.resize(linear, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


@cache
def _linear() -> np.ndarray:
    """Linear light of the 256 values of a sample (IEC 61966-2-1)."""
    values = np.arange(256) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _absorbance() -> np.ndarray:
    return np.column_stack([np.array(ABSORBANCE), np.full(3, BIAS)]).astype(np.float32)


@cache
def _window() -> np.ndarray:
    """The response of the recursive filter: three cosines that end at `radius`, Charalampidis (2016), eqs. 37-57.

    Their amplitudes give it the sum 1, the Gaussian's variance, and the relation of eq. 52 between them.
    """
    radius = round(3.2795 * SIGMA + 0.2546)
    orders = np.array([1, 3, 5])
    omega = orders * np.pi / (2 * radius)
    p = np.array([1, -1, 1]) / np.tan(omega / 2)
    r = np.array([1, -1, 1]) * p**2 / np.sin(omega)
    rho = np.exp(-((SIGMA * omega) ** 2) / 2) / radius
    zeta = np.cross(p, r)
    zeta = zeta / zeta[2]
    amplitudes = np.linalg.solve(np.array([p, r, zeta]), [1, radius**2 - SIGMA**2, zeta @ rho])
    offsets = np.arange(1 - radius, radius)
    return (amplitudes[:, None] * np.cos(omega[:, None] * offsets)).sum(axis=0)
