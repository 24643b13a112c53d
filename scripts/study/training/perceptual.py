"""LPIPS with AlexNet as a loss: the metric `lpips_alex` (`study.metrics.lpips`), differentiable and in batches."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from study.metrics import lpips, network_weights

LAYERS = ((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))  # stride and padding of AlexNet's convolutions
POOLED = 2  # layers that a pool follows
SMALLEST = 31  # side of an image, in pixels
_EPS = lpips.EPS**2  # under the root, whose derivative at zero is infinite


class Lpips(nn.Module):
    """LPIPS 0.1 (Zhang et al. 2018) of images, float32 [N, 3, H, W] in 0-1; its weights are constants."""

    def __init__(self) -> None:
        super().__init__()
        weights = {name: torch.from_numpy(values) for name, values in network_weights.load("alexnet").items()}
        self.kernels = [weights[f"conv{layer}.kernel"].permute(3, 2, 0, 1).contiguous() for layer in range(len(LAYERS))]
        self.biases = [weights[f"conv{layer}.bias"] for layer in range(len(LAYERS))]
        self.linear = [weights[f"linear{layer}"][:, None, None] for layer in range(len(LAYERS))]
        self.shift, self.scale = (torch.tensor(values)[:, None, None] for values in (lpips.SHIFT, lpips.SCALE))

    def forward(self, image: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
        """The distance of each image from its reference, [N]; the gradient is that of `image` alone."""
        with torch.no_grad():
            wanted = self._features(reference)
        return sum(  # type: ignore[return-value]
            ((own - other).square() * weights).sum(1).mean((1, 2))
            for own, other, weights in zip(self._features(image), wanted, self.linear)
        )

    def _features(self, image: torch.Tensor) -> list[torch.Tensor]:
        x = (image * 2 - 1 - self.shift) / self.scale
        features = []
        for layer, (stride, padding) in enumerate(LAYERS):
            x = functional.relu(functional.conv2d(x, self.kernels[layer], self.biases[layer], stride, padding))
            features.append(x / (x.square().sum(1, keepdim=True) + _EPS).sqrt())
            if layer < POOLED:
                x = functional.max_pool2d(x, 3, 2)
        return features
