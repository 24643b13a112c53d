"""PSNR-HVS-M: PSNR of DCT coefficients weighted by the eye's sensitivity, less what the block's own contrast masks.

N. Ponomarenko, F. Silvestri, K. Egiazarian, M. Carli, J. Astola, V. Lukin, "On between-coefficient contrast masking of
DCT basis functions", VPQM 2007. Both tables of the authors' program follow from JPEG's luminance table.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

from study.metrics.psnr import BT601, PEAK

SIDE = 8
JPEG = np.array(  # ITU-T T.81, table K.1
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
SENSITIVITY = 25.735088 / JPEG
MASKING = (10 / JPEG) ** 2
BASIS = np.array(  # of the orthonormal DCT, [frequency, sample]
    [[math.cos((2 * n + 1) * k * math.pi / 16) * math.sqrt((1 if k else 0.5) / 4) for n in range(8)] for k in range(8)]
)


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`psnr_hvs_m` in dB of two images, uint8 [H, W, 3], sides >= 8; infinite where no visible error is left."""
    x, y = (_blocks(rgb @ (np.array(BT601) / 1000)) for rgb in (reference, image))
    spectrum_x, spectrum_y = BASIS @ x @ BASIS.T, BASIS @ y @ BASIS.T
    mask = np.maximum(_masking(x, spectrum_x), _masking(y, spectrum_y))
    threshold = mask[:, None, None] / MASKING
    threshold[:, 0, 0] = 0
    errors = np.maximum(np.abs(spectrum_x - spectrum_y) - threshold, 0) * SENSITIVITY
    mean = float((errors**2).mean())
    return {name: 10 * math.log10(PEAK**2 / mean) if mean else math.inf for name in names}


def _blocks(luma: np.ndarray) -> np.ndarray:
    """The whole blocks [n, 8, 8]; what is over at the right and below is left out."""
    height, width = (length // SIDE for length in luma.shape)
    luma = luma[: height * SIDE, : width * SIDE]
    return luma.reshape(height, SIDE, width, SIDE).transpose(0, 2, 1, 3).reshape(-1, SIDE, SIDE)


def _masking(blocks: np.ndarray, spectrum: np.ndarray) -> np.ndarray:
    """How much each block masks: its weighted contrast, less where that comes from one side of an edge."""
    contrast = (spectrum**2 * MASKING).sum(axis=(1, 2)) - spectrum[:, 0, 0] ** 2 * MASKING[0, 0]
    quarters = blocks.reshape(-1, 2, 4, 2, 4).transpose(0, 1, 3, 2, 4).reshape(-1, 4, 16)
    within = quarters.var(axis=2, ddof=1).sum(axis=1) * 16
    whole = blocks.reshape(-1, 64).var(axis=1, ddof=1) * 64
    ratio = np.divide(within, whole, out=np.zeros_like(whole), where=whole > 0)
    return np.sqrt(np.maximum(contrast, 0) * ratio) / 32
