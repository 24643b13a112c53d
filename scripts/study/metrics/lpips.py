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
    by_name = {name: "alexnet" if name == "lpips_alex" else "vgg16" for name in names}
    return {name: distance(reference, image, network, threads) for name, network in by_name.items()}


def skip_alex() -> str | None:
    """Why LPIPS with AlexNet can't be computed here, or None."""
    return network_weights.missing("alexnet")


def skip_vgg() -> str | None:
    """Why LPIPS with VGG-16 can't be computed here, or None."""
    return network_weights.missing("vgg16")


def distance(reference: np.ndarray, image: np.ndarray, network: str, threads: int = 1) -> float:
    """LPIPS of two images, uint8 [H, W, 3]."""
    linear = network_weights.load(network)
    total = 0.0
    original = networks.of_original(
        reference, f"lpips-{network}", network, lambda: _directions(reference, network, threads)
    )
    for layer, (x, y) in enumerate(zip(original, _directions(image, network, threads))):
        y -= x
        y *= y
        total += float((y.reshape(-1, y.shape[2]) @ linear[f"linear{layer}"]).mean(dtype=np.float64))
    return total


def _directions(rgb: np.ndarray, network: str, threads: int) -> Iterator[np.ndarray]:
    """The activations [H, W, C] of each layer, scaled to length 1 over the channels."""
    for features in _activations(rgb, network, threads):
        yield features / (np.sqrt(np.einsum("hwc,hwc->hw", features, features)) + EPS)[..., None]


def _activations(rgb: np.ndarray, network: str, threads: int) -> Iterator[np.ndarray]:
    scaled = (rgb.astype(np.float32) / np.float32(127.5) - 1 - np.array(SHIFT, np.float32)) / np.array(
        SCALE, np.float32
    )
    if network == "alexnet":
        return networks.alexnet(scaled, threads)
    return networks.vgg16(scaled, lambda x: networks.max_pooled(x, 2, 2), threads)
