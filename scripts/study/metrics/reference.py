"""The metrics by the libraries that define them: `sewar`, and `pytorch-msssim` in double precision."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any

import numpy as np

from study.metrics.psnr import BT601, PEAK
from study.metrics.ssim import SIGMA, TAPS


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """The metrics `names` of an image against its reference, uint8 [H, W, 3], large enough for each."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")
        return {name: float(_METRICS[name](reference, image, threads)) for name in names}


def _psnr_rgb(reference: np.ndarray, image: np.ndarray, threads: int) -> float:
    import sewar

    return sewar.psnr(reference, image)


def _psnr_y(reference: np.ndarray, image: np.ndarray, threads: int) -> float:
    import sewar

    return sewar.psnr(reference @ np.array(BT601), image @ np.array(BT601), MAX=1000 * PEAK)


def _ssim(reference: np.ndarray, image: np.ndarray, threads: int) -> float:
    from pytorch_msssim import ssim

    return ssim(*_tensors(reference, image, threads), data_range=PEAK, win=_window())


def _ms_ssim(reference: np.ndarray, image: np.ndarray, threads: int) -> float:
    from pytorch_msssim import ms_ssim

    return ms_ssim(*_tensors(reference, image, threads), data_range=PEAK, win=_window())


def _ssim_sewar(reference: np.ndarray, image: np.ndarray, threads: int) -> float:
    import sewar

    return sewar.ssim(reference, image)[0]


def _msssim_sewar(reference: np.ndarray, image: np.ndarray, threads: int) -> float:
    import sewar

    return sewar.msssim(reference, image)


def _vifp_sewar(reference: np.ndarray, image: np.ndarray, threads: int) -> float:
    import sewar

    return sewar.vifp(reference, image)


def _tensors(reference: np.ndarray, image: np.ndarray, threads: int) -> list:
    import torch

    torch.set_num_threads(threads)
    return [torch.from_numpy(rgb.transpose(2, 0, 1)[None].astype(np.float64)) for rgb in (reference, image)]


def _window() -> Any:
    """pytorch-msssim's own window is single precision even for tensors in double; this is the same one in double."""
    import torch

    from study.metrics.windows import gaussian

    return torch.tensor(gaussian(TAPS, SIGMA), dtype=torch.float64).repeat(3, 1, 1, 1)


_METRICS = {
    "psnr_rgb": _psnr_rgb,
    "psnr_y": _psnr_y,
    "ssim": _ssim,
    "ms_ssim": _ms_ssim,
    "ssim_sewar": _ssim_sewar,
    "msssim_sewar": _msssim_sewar,
    "vifp_sewar": _vifp_sewar,
}
