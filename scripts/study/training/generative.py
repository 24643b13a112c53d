"""Training of a generative codec against a discriminator, after Mentzer et al. 2020 (HiFiC, arXiv 2006.09965).

The analysis, the hyperprior and the entropy models are those of a mean-scale hyperprior that was trained for squared
error, and stay as they are: so does every bitstream's payload, and the rate target is the start's rate exactly. What is
trained is the synthesis, a generator with residual blocks, for

    lam * MSE + lpips * LPIPS + adversarial * -log D(image, latent) + pattern * P

(their k_M, k_P and beta; MSE of values 0-255; P is `perceptual.pattern`), first without the discriminator's term. The
squared error is that of the generator's values, the other terms see what a decoder shows, values from 0 to 1. The
discriminator D then learns along, one step for each of the generator's. It starts from random weights and isn't kept.

One photo in `HELD_OUT` is never trained on. Of the generators at every `VALIDATED` steps of the last `LAST` part that
one is kept whose images of those photos have the lowest distortion, all terms but the discriminator's.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from study.codecs.compressai import architectures, generator
from study.core import checkpoints
from study.core.errors import StudyError
from study.metrics import networks
from study.training import loop, perceptual
from study.training.crops import Crops
from study.training.discriminator import Discriminator, discriminator_loss, generator_loss
from study.training.loop import AVERAGED, Recipe

if TYPE_CHECKING:
    from compressai.models import CompressionModel

LOG = (*loop.LOG, "mse", "lpips", "pattern", "adversarial", "discriminator", "validation")
HELD_OUT = 12
VALIDATED, LAST = 100, 0.3
VALIDATION_CROPS = 32
_BETAS = (0.9, 0.99)
_FASTER = 4.0  # the discriminator's learning rate against the generator's (Heusel et al. 2017, arXiv 1706.08500)
_CLIPPED = 1.0  # norm of the generator's gradient
_TERMS = LOG[1:-1]


def train(
    recipe: Recipe,
    crops: Crops,
    checkpoint: Path,
    start: Path | None = None,
    every: int = 500,
    stop: int | None = None,
    tell: Callable[[Mapping[str, float]], None] = lambda row: None,
) -> tuple[CompressionModel, list[dict[str, float]]]:
    """Train until `recipe.steps` (or `stop`, for a test of resuming); the best network and the log's rows.

    `start` has the weights of a mean-scale hyperprior of the same widths. Goes on from `checkpoint` if it is there; one
    is written each `every` steps. Raises StudyError for a start of other widths, a checkpoint of another recipe, a loss
    that isn't finite and a checkpoint that can't be written.
    """
    torch.manual_seed(recipe.seed)
    training, validation = _split(crops)
    run = _Run(recipe, checkpoint)
    first, log = 0, []
    if checkpoint.exists():
        content = checkpoints.resume(checkpoint, recipe)
        run.load(content["run"])
        first, log = content["step"], content["log"]
    else:
        begin(run.net, start)
    sums = np.zeros(len(_TERMS))
    last = min(recipe.steps, stop or recipe.steps)
    for step in range(first, last):
        sums += run.step(training, step)
        if (step + 1) % VALIDATED == 0 or step + 1 == recipe.steps:
            run.validate(validation, step + 1)
        if (step + 1) % AVERAGED == 0:
            log.append({"step": step + 1, **dict(zip(_TERMS, (sums / AVERAGED).tolist())), "validation": run.validated})
            sums[:], run.validated = 0, None
            tell(log[-1])
        if (step + 1) % loop.whole(every) == 0 and step + 1 < recipe.steps:
            checkpoints.save(checkpoint, recipe, step + 1, {"run": run.state(), "log": log})
    if last == recipe.steps:
        run.net.g_s.load_state_dict(run.best)
    return run.net, log


def begin(net: CompressionModel, start: Path | None) -> None:
    """Give a network the weights of a mean-scale hyperprior; its residual blocks stay random.

    Raises StudyError if `start` is None, or has another network's weights.
    """
    if start is None:
        raise StudyError("a generative codec needs --start: the weights of a mean-scale hyperprior of the same widths")
    weights, _ = loop.read_weights(start)
    places = generator.shared_layers(net.g_s)
    own = dict(net.named_parameters())
    taken = set()
    with torch.no_grad():
        for name, values in weights.items():
            if name.startswith("g_s."):
                _, layer, rest = name.split(".", 2)
                name = f"g_s.{places[int(layer)]}.{rest}" if int(layer) < len(places) else name
            if name in own and own[name].shape == values.shape:
                own[name].copy_(values)
                taken.add(name)
    blocks = {f"g_s.{index}." for index in range(len(net.g_s)) if index not in places}
    missing = [name for name in own if name not in taken and not name.startswith(tuple(blocks))]
    if missing:
        raise StudyError(
            f"can't start from {start}: it has no {missing[0]} of shape {list(own[missing[0]].shape)}; "
            "name the weights of a mean-scale hyperprior (mbt2018-mean) of the same n, m and h"
        )


class _Run:
    """The state of a training: the network, the discriminator, their optimisers, the best generator so far."""

    def __init__(self, recipe: Recipe, checkpoint: Path) -> None:
        self.recipe, self.checkpoint = recipe, checkpoint
        self.net = architectures.build(recipe.model, recipe.n, recipe.m, recipe.h).requires_grad_(False).eval()
        self.net.g_s.requires_grad_(True)
        self.net.to(memory_format=torch.channels_last)
        self.discriminator = Discriminator(recipe.m).to(memory_format=torch.channels_last)
        self.lpips = perceptual.Lpips()
        self.optimizers = [
            torch.optim.Adam(part.parameters(), betas=_BETAS) for part in (self.net.g_s, self.discriminator)
        ]
        self.validated: float | None = None  # since the log's last row
        self.lowest = math.inf
        self.best: dict[str, Any] = {}

    def step(self, crops: Crops, step: int) -> list[float]:
        """One step of the generator, and of the discriminator where it has joined; the values of `_TERMS`."""
        recipe, (own, other) = self.recipe, self.optimizers
        torch.manual_seed(recipe.seed * 1_000_003 + step)
        for optimizer, factor in zip(self.optimizers, (1.0, _FASTER)):
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(step) * factor
        x = _images(crops.batch(step, recipe.batch))
        joined = recipe.adversarial > 0 and step >= recipe.pretraining * recipe.steps
        latent, bpp = self._coded(x)
        # AlexNet sees every fourth row and column: at a fixed place the generator would learn a grid that LPIPS misses.
        top, left = torch.randint(networks.ALEXNET[0][0], (2,)).tolist()
        image, *terms = self._distorted(latent, x, top, left)
        distortion = self._distortion(terms)
        judged = opposed = torch.zeros(())
        if joined:
            judged = generator_loss(self.discriminator(image, latent))
        loss = distortion + recipe.adversarial * judged
        parameters = list(self.net.g_s.parameters())
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            parameter.grad = gradient
        norm = nn.utils.clip_grad_norm_(parameters, _CLIPPED)
        if joined:
            logits = self.discriminator(torch.cat((x, image.detach())), torch.cat((latent, latent)))
            opposed = discriminator_loss(*logits.chunk(2))
            other.zero_grad()
            opposed.backward()
        figures = {"loss": loss.item(), "gradient": norm.item(), "discriminator_s_loss": opposed.item()}
        checkpoints.check_finite(step + 1, recipe.lr, self.checkpoint, **figures)
        own.step()
        if joined:
            other.step()
        return [value.item() for value in (bpp, distortion, loss, *terms, judged, opposed)]

    def validate(self, crops: Crops, step: int) -> None:
        """Compute the distortion of held-out photos, and keep the generator if it is the lowest of the last part."""
        x = _images(crops.batch(0, VALIDATION_CROPS))
        with torch.no_grad():
            _, *terms = self._distorted(self._coded(x)[0], x)
        self.validated = value = self._distortion(terms).item()
        if step > (1 - LAST) * self.recipe.steps and (value < self.lowest or not self.best):
            self.lowest, self.best = value, copy.deepcopy(self.net.g_s.state_dict())

    def state(self) -> dict[str, Any]:
        """Everything that `load` needs to go on."""
        parts = {"net": self.net.state_dict(), "discriminator": self.discriminator.state_dict(), "best": self.best}
        optimizers = [optimizer.state_dict() for optimizer in self.optimizers]
        return {**parts, "optimizers": optimizers, "validated": self.validated, "lowest": self.lowest}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.net.load_state_dict(state["net"])
        self.discriminator.load_state_dict(state["discriminator"])
        for optimizer, own in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(own)
        self.best, self.validated, self.lowest = state["best"], state["validated"], state["lowest"]

    def _coded(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The latents of images as a decoder gets them, and bits per pixel by the entropy models."""
        net = self.net
        with torch.no_grad():
            y = net.g_a(x)
            z_hat, z_likelihood = net.entropy_bottleneck(net.h_a(y))
            scales, means = net.h_s(z_hat).chunk(2, 1)
            y_hat, y_likelihood = net.gaussian_conditional(y, scales, means=means)
            bits = sum(-likelihood.log2().sum() for likelihood in (y_likelihood, z_likelihood))
        return y_hat, bits / x[:, 0].numel()

    def _distorted(
        self, latent: torch.Tensor, x: torch.Tensor, top: int = 0, left: int = 0
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The generator's images; their squared error (of values 0-255), LPIPS and pattern.

        LPIPS is taken without the first `top` rows and `left` columns.
        """
        values = self.net.g_s(latent)
        image = values.clamp(0, 1)
        perceived = self.lpips(image[..., top:, left:], x[..., top:, left:]).mean()
        return image, (values - x).square().mean() * 255**2, perceived, perceptual.pattern(image, x)

    def _distortion(self, terms: Sequence[torch.Tensor]) -> torch.Tensor:
        mse, perceived, pattern = terms
        return self.recipe.lam * mse + self.recipe.lpips * perceived + self.recipe.pattern * pattern


def _split(crops: Crops) -> tuple[Crops, Crops]:
    """Crops of the photos that are trained on, and of those held out."""
    if len(crops.images) < 2:
        raise StudyError(
            f"{len(crops.images)} photo of at least {crops.side} pixels a side; a generative codec needs two or "
            f"more, one in {HELD_OUT} of which is held out for validation"
        )
    held = crops.images[::HELD_OUT]
    rest = [image for index, image in enumerate(crops.images) if index % HELD_OUT]
    return Crops(rest, crops.side, crops.seed), Crops(held, crops.side, crops.seed)


def _images(batch: np.ndarray) -> torch.Tensor:
    """Crops, uint8 [N, H, W, 3], as float32 [N, 3, H, W] in 0-1."""
    return torch.from_numpy(batch).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last).float() / 255
