"""How a trained network does on photos that were held out, larger than the crops that it saw.

A hyperprior's latent z has a position for 64x64 pixels. Trained on crops of 128x128, it sees 2x2 of them, all at a
border, and may spend more bits on a whole image than on its parts (tools/whole_images.py). A validation on such crops
can't show that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from study.core.errors import StudyError
from study.training import crops, loop

if TYPE_CHECKING:
    from compressai.models import CompressionModel

LARGEST = 512  # pixels a side
SMALLEST = {"mse": 64, "msssim": 192}  # MS-SSIM's five scales need more than 160


def photos(recipe: loop.Recipe, packed: Path) -> list[np.ndarray]:
    """The middle of each packed photo, uint8 [H, W, 3]: sides are multiples of 64, at most `LARGEST`.

    Raises StudyError for a photo that is too small, and for the metric perceptual, whose training holds photos out by
    itself.
    """
    if recipe.metric not in SMALLEST:
        raise StudyError(f"the metric {recipe.metric} holds photos out by itself; leave --validation out")
    return [_middle(photo, SMALLEST[recipe.metric]) for photo in crops.unpack(packed)]


def _middle(photo: np.ndarray, smallest: int) -> np.ndarray:
    height, width = photo.shape[:2]
    if min(height, width) < smallest:
        raise StudyError(f"a photo for validation has {width}x{height} pixels; allowed: at least {smallest} a side")
    rows, columns = (min(LARGEST, side // 64 * 64) for side in (height, width))
    top, left = (height - rows) // 2, (width - columns) // 2
    return np.ascontiguousarray(photo[top : top + rows, left : left + columns])


def notes(net: CompressionModel, recipe: loop.Recipe, held_out: list[np.ndarray]) -> dict[str, str]:
    """Bits per pixel of rounded latents, distortion and loss, for the file of weights: means over photos, [H, W, 3]."""
    import torch

    rows = []
    net.eval()
    with torch.no_grad():
        for photo in held_out:
            x = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255
            rows.append([float(value) for value in loop.rate_distortion(net, x, recipe)])
    bpp, distortion = np.mean(rows, 0).tolist()
    values = {"bpp": bpp, "distortion": distortion, "loss": bpp + recipe.lam * distortion}
    return {f"validation_{name}": f"{value:.5g}" for name, value in values.items()}
