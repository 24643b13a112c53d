"""NLPD: the distance of two images' Laplacian pyramids, each coefficient divided by the amplitude around it.

V. Laparra, J. Balle, A. Berardino, E. P. Simoncelli, "Perceptual image quality assessment using a normalized Laplacian
pyramid", Human Vision and Electronic Imaging 2016. The weights of the neighbours and the constants are those that the
authors fitted to natural images, as in their program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import cv2
import numpy as np

from study.metrics import pyramid
from study.metrics.psnr import BT601, PEAK
from study.metrics.windows import use_threads

SMALLEST = 33  # the fifth split has planes of 3 pixels or more
CONSTANTS = (0.0248, 0.0185, 0.0179, 0.0191, 0.0220, 0.2782)
NEIGHBOURS = (  # of each band: weights of the amplitudes above, left, right, one further right, below
    (0.1011, 0.1493, 0.1460, 0.0072, 0.1015),
    (0.0757, 0.1986, 0.1846, 0, 0.0837),
    (0.0477, 0.2138, 0.2243, 0, 0.0467),
    (0, 0.2503, 0.2616, 0, 0),
    (0, 0.2598, 0.2552, 0, 0),
    (0, 0.2215, 0.0717, 0, 0),
)


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`nlpd` of two images, uint8 [H, W, 3] with sides >= 33; 0 for identical ones."""
    use_threads(threads)
    bands = zip(*(_normalised(rgb @ (np.array(BT601) / (1000 * PEAK))) for rgb in (reference, image)), strict=True)
    distance = np.mean([np.sqrt(np.mean((x - y) ** 2)) for x, y in bands])
    return {name: float(distance) for name in names}


def _normalised(luma: np.ndarray) -> Iterator[np.ndarray]:
    """The six bands of the normalised pyramid of luma, float64 [H, W] in 0..1, from the finest to the mean."""
    for number, constant in enumerate(CONSTANTS):
        band = luma
        if number + 1 < len(CONSTANTS):
            luma, band = pyramid.split(luma, mirrored=True)
        amplitudes = cv2.filter2D(np.abs(band), cv2.CV_64F, _kernel(number), borderType=cv2.BORDER_CONSTANT)
        yield band / (constant + amplitudes)


def _kernel(band: int) -> np.ndarray:
    above, left, right, further, below = NEIGHBOURS[band]
    kernel = np.zeros((5, 5))
    kernel[1, 2], kernel[3, 2] = above, below
    kernel[2, [1, 3, 4]] = left, right, further
    return kernel
