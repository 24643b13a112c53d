"""The fit of latents and networks to one image, as C3 does it (Kim et al. 2024, arXiv 2312.02753).

First latents are rounded softly, ever more sharply, under noise of Kumaraswamy's distribution that widens to a uniform
one; then they are rounded in earnest, with the gradient passed straight through; at last the networks' parameters are
quantised and kept, and the latents go on alone. The loss is bits per pixel plus lambda times the squared error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from study.codecs.compressai import startup
from study.codecs.overfitted import grids, parameters, rate, synthesis, tables
from study.core import checkpoints
from study.core.errors import StudyError

if TYPE_CHECKING:
    import torch

SOFT, HARD = 0.75, 0.9  # shares of the steps after which rounding is hard, and parameters are kept
RATE_LATENTS, RATE_PARAMETERS = 2e-2, 5e-3
RATE_HARD = 0.1  # of these rates, once rounding is hard
_FIRST_EXPONENT = 6
_TEMPERATURES = (0.3, 0.1)
_SHAPES = (2.0, 1.0)  # of Kumaraswamy's distribution


@dataclass(frozen=True)
class Task:
    """What is fitted: the trade-off, levels of 255 squared against bits per pixel; how long; where."""

    lam: float
    steps: int
    device: str
    form: parameters.Form


class Fit:
    """The state of a fit to an image, uint8 [H, W, 3]; `step` is how many steps are done."""

    def __init__(self, task: Task, rgb: np.ndarray) -> None:
        import torch

        self.task, self.step = task, 0
        self.sites = rate.Sites(task.form.grids, task.device)
        self.target = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1))).to(task.device).float()
        self.start = parameters.start(task.form)
        self.parameters = {name: _leaf(values, task.device) for name, values in self.start.items()}
        self.latents = _leaf(first_latents(task.form, rgb, self.start), task.device)
        self.kept: parameters.Steps | None = None
        startup.complete_torch()  # which the optimizers load
        groups = [{"params": [self.latents]}, {"params": list(self.parameters.values())}]
        self.optimizer = torch.optim.Adam(groups, lr=0.0, fused=True)

    def advance(self) -> tuple[float, float]:
        """One step; gives bits per pixel of the latents and the squared error before it."""
        import torch

        part = self.step / self.task.steps
        chance = torch.Generator().manual_seed(self.step)
        if part >= HARD and self.kept is None:
            self.keep_parameters()
        if part < SOFT:
            along = part / SOFT
            temperature = _TEMPERATURES[0] + (_TEMPERATURES[1] - _TEMPERATURES[0]) * along
            noise = rate.kumaraswamy(self.sites.count, _SHAPES[0] + (_SHAPES[1] - _SHAPES[0]) * along, chance)
            soft = rate.soft_round(self.latents, temperature) + noise.to(self.task.device)
            rounded = rate.soft_round(soft, temperature)
            factor = (1 + math.cos(math.pi * along)) / 2
        else:
            rounded = self.latents + (self.latents.round() - self.latents).detach()
            factor = RATE_HARD * (1 - (part - SOFT) / (1 - SOFT))
        bpp, error = self._bpp(rounded), self._error(rounded)
        loss = bpp + self.task.lam * error
        if not math.isfinite(loss.item()):
            raise StudyError(f"the fit stopped at step {self.step}: its loss isn't finite ({loss.item()})")
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        warm = min(1.0, (self.step + 1) / 50)
        rates = RATE_LATENTS, (RATE_PARAMETERS if self.kept is None else 0.0)
        for group, base in zip(self.optimizer.param_groups, rates):
            group["lr"] = base * factor * warm
        self.optimizer.step()
        self.step += 1
        return bpp.item(), error.item()

    def _bpp(self, rounded: torch.Tensor) -> torch.Tensor:
        return rate.bits(self.sites, rounded, self.parameters).sum() / self.target[0].numel()

    def _error(self, rounded: torch.Tensor) -> torch.Tensor:
        form, values = self.task.form, self.parameters
        shown = synthesis.image(synthesis.features(self.sites.split(rounded), form.grids, values), values)
        return (shown - self.target).square().mean()

    def keep_parameters(self) -> parameters.Steps:
        """Quantise the parameters, each group by the step that makes the loss least, and train them no more."""
        import torch

        fitted = {name: value.detach().cpu().double().numpy() for name, value in self.parameters.items()}
        exponents = dict.fromkeys(fitted, _FIRST_EXPONENT)
        scales, costs = {}, {}
        pixels = self.target[0].numel()
        with torch.no_grad():
            hard = self.latents.round()

            def put(name: str, exponent: int) -> None:
                whole = parameters.quantised(fitted[name], self.start[name], exponent)
                step = 0.0 if exponent == parameters.NEVER else 2.0**-exponent
                self.parameters[name].copy_(torch.from_numpy(self.start[name] + whole * step))
                scales[name], costs[name] = parameters.best_scale(whole, exponent)

            def loss(name: str, exponent: int) -> float:
                """What changes with the step of one group: its own bits, and those of the latents or the error."""
                put(name, exponent)
                if name in parameters.ENTROPY:
                    return self._bpp(hard).item() + costs[name] / pixels
                return self.task.lam * self._error(hard).item() + costs[name] / pixels

            for name in fitted:
                put(name, _FIRST_EXPONENT)
            for reach in (None, 1):
                for name in sorted(fitted, key=lambda name: -costs[name]):
                    tried = parameters.exponents_near(exponents[name], reach)
                    exponents[name] = min((loss(name, exponent), exponent) for exponent in tried)[1]
                    put(name, exponents[name])
        steps = parameters.Steps(exponents, scales)
        self._keep(steps)
        return steps

    def _keep(self, steps: parameters.Steps) -> None:
        self.kept = steps
        for value in self.parameters.values():
            value.requires_grad_(False).grad = None

    def save(self, path: Path) -> None:
        """Write all that the next steps depend on. Raises StudyError, with the step, if it can't be written."""
        content = {
            "latents": self.latents.detach(),
            "parameters": {name: value.detach() for name, value in self.parameters.items()},
            "optimizer": self.optimizer.state_dict(),
            "kept": self.kept and [self.kept.exponents, self.kept.scales],
        }
        checkpoints.save(path, self.task, self.step, content)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint. Raises StudyError for one of another task and for one that can't be read."""
        import torch

        content = checkpoints.resume(path, self.task)
        self.step = content["step"]
        with torch.no_grad():
            self.latents.copy_(content["latents"])
            for name, value in self.parameters.items():
                value.copy_(content["parameters"][name])
        self.optimizer.load_state_dict(content["optimizer"])
        if content["kept"]:
            self._keep(parameters.Steps(*content["kept"]))

    def result(self) -> tuple[parameters.Steps, dict[str, np.ndarray], list[np.ndarray]]:
        """The steps and whole steps of the parameters, and the latents, int64."""
        steps = self.kept or self.keep_parameters()
        whole = {
            name: parameters.quantised(value.detach().cpu().double().numpy(), self.start[name], steps.exponents[name])
            for name, value in self.parameters.items()
        }
        latents = self.latents.detach().round().clamp(-tables.LARGEST, tables.LARGEST)
        return steps, whole, [part.cpu().numpy().astype(np.int64) for part in self.sites.split(latents)]


def _leaf(values: np.ndarray, device: str) -> torch.Tensor:
    import torch

    return torch.from_numpy(values).float().to(device).requires_grad_()


def first_latents(form: parameters.Form, rgb: np.ndarray, start: dict[str, np.ndarray]) -> np.ndarray:
    """The latents that a fit begins with: a pyramid of differences (Burt and Adelson 1983), float [count].

    The grids of luma below the image's level hold what upsampling the coarser one leaves, in steps of their gains; the
    finest grid of each channel is left to the fit.
    """
    import torch

    matrix = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    pixels = torch.from_numpy(rgb.astype(np.float32) - 128)
    planes = torch.einsum("kc,hwc->khw", matrix, pixels)
    taps = torch.from_numpy(start["upsampling.w"]).float()
    levels = [planes]
    for level in range(1, grids.LEVELS):
        rows, columns = (-(-side // 2**level) for side in rgb.shape[:2])
        finer = levels[-1]
        wide = torch.nn.functional.pad(
            finer[None], (0, 2 * columns - finer.shape[2], 0, 2 * rows - finer.shape[1]), mode="replicate"
        )
        levels.append(torch.nn.functional.avg_pool2d(wide, 2)[0])
    gains = 2.0 ** start["gain"]
    latents, shown = [], torch.zeros_like(levels[-1])
    for level in reversed(range(grids.LEVELS)):
        if level < grids.LEVELS - 1:
            rows, columns = levels[level].shape[1:]
            shown = synthesis.upsampled(shown, (rows, columns), taps)
        for index, grid in enumerate(form.grids):
            if grid.level == level:
                latents.append((levels[level] - shown)[grid.channel] / gains[index])
        present = {grid.channel for grid in form.grids if grid.level == level}
        shown = torch.stack([levels[level][c] if c in present else shown[c] for c in range(grids.CHANNELS)])
    return torch.cat([values.flatten() for values in latents]).double().numpy()
