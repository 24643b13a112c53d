"""GMSD: the spread of the similarity of gradient magnitudes over the image.

W. Xue, L. Zhang, X. Mou, A. C. Bovik, "Gradient magnitude similarity deviation: a highly efficient perceptual image
quality index", IEEE Trans. Image Processing 23 (2014), eqs. 2-6; where it leaves a choice, `piq` decides.
"""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np

from study.metrics.psnr import BT601
from study.metrics.windows import use_threads

C = 170.0  # of samples 0..255
PREWITT = np.array([[-1, 0, 1]] * 3) / 3


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`gmsd` of two images, uint8 [H, W, 3]; 0 for identical ones."""
    use_threads(threads)
    x, y = (_gradient(_halved(rgb @ (np.array(BT601) / 1000))) for rgb in (reference, image))
    similarity = (2 * x * y + C) / (x * x + y * y + C)
    return {name: float(similarity.std()) for name in names}


def _halved(luma: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels; an odd side has a line of zeros after it."""
    height, width = luma.shape
    luma = np.pad(luma, ((0, height % 2), (0, width % 2)))
    return (luma[::2, ::2] + luma[1::2, ::2] + luma[::2, 1::2] + luma[1::2, 1::2]) / 4


def _gradient(luma: np.ndarray) -> np.ndarray:
    parts = [cv2.filter2D(luma, -1, kernel, borderType=cv2.BORDER_CONSTANT) for kernel in (PREWITT, PREWITT.T)]
    return np.hypot(*parts)
