"""LPIPS 0.1 with AlexNet or VGG-16: distances of a network's activations, weighted to agree with people's judgements.

R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang, "The unreasonable effectiveness of deep features as a perceptual
metric", CVPR 2018, eq. 1; weights and constants of the authors' package `lpips`, version 0.1 (the linear layers).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from study.metrics import network_weights, networks

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of the authors' ScalingLayer
EPS = 1e-10


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`lpips_alex` (sides >= 31) or `lpips_vgg` (>= 16) of two images, uint8 [H, W, 3]; 0 for identical ones."""
    return {name: distance(reference, image, "alexnet" if name == "lpips_alex" else "vgg16") for name in names}


def skip_alex() -> str | None:
    """Why LPIPS with AlexNet can't be computed here, or None."""
    return network_weights.missing("alexnet")


def skip_vgg() -> str | None:
    """Why LPIPS with VGG-16 can't be computed here, or None."""
    return network_weights.missing("vgg16")


def distance(reference: np.ndarray, image: np.ndarray, network: str) -> float:
    """LPIPS of two images, uint8 [H, W, 3]."""
    weights = network_weights.load(network)
    total = 0.0
    for layer, pair in enumerate(zip(*(_activations(rgb, network, weights) for rgb in (reference, image)))):
        x, y = (
            features / (np.sqrt(np.einsum("hwc,hwc->hw", features, features)) + EPS)[..., None] for features in pair
        )
        x -= y
        x *= x
        total += float((x.reshape(-1, x.shape[2]).mean(axis=0, dtype=np.float64) * weights[f"linear{layer}"]).sum())
    return total


def _activations(rgb: np.ndarray, network: str, weights: networks.Weights) -> Iterator[np.ndarray]:
    scaled = (rgb.astype(np.float32) / np.float32(127.5) - 1 - np.array(SHIFT, np.float32)) / np.array(
        SCALE, np.float32
    )
    if network == "alexnet":
        return networks.alexnet(scaled, weights)
    return networks.vgg16(scaled, weights, lambda x: networks.max_pooled(x, 2, 2))
