"""What a generative codec is trained for beside the squared error: LPIPS with AlexNet, and no regular patterns.

The first is the metric `lpips_alex` (`study.metrics.lpips`), differentiable and in batches.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from study.metrics import lpips, network_weights, networks

SMALLEST = 31  # side of an image, in pixels
_PERIOD = 8  # pixels after which a pattern repeats; also 2 and 4 are found
_WINDOW = 32  # side of the windows that are judged one by one
_VISIBLE = 50.0  # variance of an image, of values 0-255, that hides half of a pattern
_EPS = lpips.EPS**2  # under the root, whose derivative at zero is infinite


class Lpips(nn.Module):
    """LPIPS 0.1 (Zhang et al. 2018) of images, float32 [N, 3, H, W] in 0-1; its weights are constants."""

    def __init__(self) -> None:
        super().__init__()
        arrays = network_weights.load("alexnet")
        self.linear = [
            torch.from_numpy(arrays[f"linear{layer}"])[:, None, None] for layer in range(len(networks.ALEXNET))
        ]
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
        layers = zip(networks.ALEXNET, networks.convolutions("alexnet"))
        for layer, ((stride, padding), (kernel, bias)) in enumerate(layers):
            x = functional.relu(functional.conv2d(x, kernel, bias, stride, padding))
            features.append(x / (x.square().sum(1, keepdim=True) + _EPS).sqrt())
            if layer < networks.POOLED:
                x = functional.max_pool2d(x, 3, 2)
        return features


def pattern(image: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """How much an image differs from its reference by a pattern that repeats every 8 pixels; both [N, 3, H, W] in 0-1.

    Transposed convolutions leave such patterns (Odena, Dumoulin and Olah 2016, "Deconvolution and checkerboard
    artifacts"), and LPIPS hardly sees them. In each window of 32x32 pixels the differences, of values 0-255, are
    averaged over all places of the same phase: what is no pattern averages out. Given is the variance over the 64
    phases, less where the reference has texture that hides it; its mean over windows and channels.
    """
    rows, columns = (side // _WINDOW for side in image.shape[2:])
    count = _WINDOW // _PERIOD

    def windows(values: torch.Tensor) -> torch.Tensor:
        cut = values[..., : rows * _WINDOW, : columns * _WINDOW] * 255
        return cut.reshape(*values.shape[:2], rows, count, _PERIOD, columns, count, _PERIOD)

    own = windows(image - reference).mean((3, 6)).var((3, 5), correction=0)
    hidden = windows(reference).var((3, 4, 6, 7), correction=0)
    return (own / (1 + hidden / _VISIBLE)).mean()
