"""The fit of latents and networks to one image, as C3 does it (Kim et al. 2024, arXiv 2312.02753).

First latents are rounded softly, ever more sharply, under noise of Kumaraswamy's distribution; then they stay as they
are, rounded in earnest, and the networks' parameters alone are fitted to them, which are quantised at the end. The loss
is bits per pixel, those of the parameters estimated, plus lambda times the squared error.

C3 goes on with the latents in its second stage. Here that did harm: a gradient that is passed straight through rounding
doesn't see the bits that leaving zero costs, so the latents wander off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from study.codecs.compressai import startup
from study.codecs.overfitted import parameters, rate, synthesis, tables
from study.core import checkpoints
from study.core.errors import StudyError

if TYPE_CHECKING:
    import torch

SOFT = 0.9  # the share of the steps after which rounding is hard
RATE_LATENTS, RATE_PARAMETERS = 2e-2, 5e-3
RATE_HARD = 0.2  # of the second of these rates, once rounding is hard
_TEMPERATURES = (0.3, 0.1)
_SHAPE = 2.0  # of Kumaraswamy's distribution
_PARAMETER_STEP = 2.0**-5  # that the estimate of the parameters' bits supposes


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
        self._first = [_tensor(values.ravel(), task.device) for values in self.start.values()]
        self._group_sizes = torch.tensor([float(values.size) for values in self.start.values()], device=task.device)
        self.latents = _leaf(first_latents(task.form, rgb, self.start), task.device)
        startup.complete_torch()  # which the optimizers load
        groups = [{"params": [self.latents]}, {"params": list(self.parameters.values())}]
        self.optimizer = torch.optim.Adam(groups, lr=0.0, fused=True)

    def advance(self) -> tuple[float, float]:
        """One step; gives bits per pixel of the latents and the squared error before it."""
        import torch

        part = self.step / self.task.steps
        chance = torch.Generator().manual_seed(self.step)
        if part < SOFT:
            along = part / SOFT
            temperature = _TEMPERATURES[0] + (_TEMPERATURES[1] - _TEMPERATURES[0]) * along
            noise = rate.kumaraswamy(self.sites.count, _SHAPE, chance)
            soft = rate.soft_round(self.latents, temperature) + noise.to(self.task.device)
            rounded = rate.soft_round(soft, temperature)
            factors = ((1 + math.cos(math.pi * along)) / 2,) * 2
        else:
            rounded = self.latents.detach().round()
            factors = 0.0, RATE_HARD * (1 - part) / (1 - SOFT)
        bpp, error = self._bpp(rounded), self._error(rounded)
        loss = bpp + self.task.lam * error + self._parameter_bits() / self.target[0].numel()
        if not math.isfinite(loss.item()):
            raise StudyError(f"the fit stopped at step {self.step}: its loss isn't finite ({loss.item()})")
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        warm = min(1.0, (self.step + 1) / 50)
        for group, base, factor in zip(self.optimizer.param_groups, (RATE_LATENTS, RATE_PARAMETERS), factors):
            group["lr"] = base * factor * warm
        self.optimizer.step()
        self.step += 1
        return bpp.item(), error.item()

    def _bpp(self, rounded: torch.Tensor) -> torch.Tensor:
        return rate.bits(self.sites, rounded, self.parameters) / self.target[0].numel()

    def _parameter_bits(self) -> torch.Tensor:
        """About what the parameters cost: differences from the start, in steps, each group's a Laplace distribution."""
        import torch

        spreads = [(value.view(-1) - first).abs().mean() for value, first in zip(self.parameters.values(), self._first)]
        return (self._group_sizes * torch.log2(1 + 2 * math.e / _PARAMETER_STEP * torch.stack(spreads))).sum()

    def _error(self, rounded: torch.Tensor) -> torch.Tensor:
        form, values = self.task.form, self.parameters
        shown = synthesis.image(synthesis.features(self.sites.split(rounded), form.grids, values), values)
        return (shown - self.target).square().mean()

    def keep_parameters(self) -> parameters.Steps:
        """Quantise the parameters, each group by the step that makes the loss least.

        All begin with the finest step: groups act on each other, and none may answer to another's coarse one.
        """
        import torch

        fitted = {name: value.detach().cpu().double().numpy() for name, value in self.parameters.items()}
        exponents = dict.fromkeys(fitted, parameters.FINEST)
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
                put(name, parameters.FINEST)
            for reach in (None, 1):
                for name in sorted(fitted, key=lambda name: -costs[name]):
                    tried = parameters.exponents_near(exponents[name], reach)
                    exponents[name] = min((loss(name, exponent), exponent) for exponent in tried)[1]
                    put(name, exponents[name])
        return parameters.Steps(exponents, scales)

    def save(self, path: Path) -> None:
        """Write all that the next steps depend on. Raises StudyError, with the step, if it can't be written."""
        content = {
            "latents": self.latents.detach(),
            "parameters": {name: value.detach() for name, value in self.parameters.items()},
            "optimizer": self.optimizer.state_dict(),
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

    def result(self) -> tuple[parameters.Steps, dict[str, np.ndarray], list[np.ndarray]]:
        """The steps and whole steps of the parameters, and the latents, int64."""
        steps = self.keep_parameters()
        whole = {
            name: parameters.quantised(value.detach().cpu().double().numpy(), self.start[name], steps.exponents[name])
            for name, value in self.parameters.items()
        }
        latents = self.latents.detach().round().clamp(-tables.LARGEST, tables.LARGEST)
        return steps, whole, [part.cpu().numpy().astype(np.int64) for part in self.sites.split(latents)]


def _leaf(values: np.ndarray, device: str) -> torch.Tensor:
    return _tensor(values, device).requires_grad_()


def _tensor(values: np.ndarray, device: str) -> torch.Tensor:
    import torch

    return torch.from_numpy(values).float().to(device)


def first_latents(form: parameters.Form, rgb: np.ndarray, start: dict[str, np.ndarray]) -> np.ndarray:
    """The latents that a fit begins with: the bands of Y'CbCr in steps of their gains, float [count]."""
    import torch

    matrix = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    found = synthesis.bands(torch.einsum("kc,hwc->khw", matrix, torch.from_numpy(rgb.astype(np.float32) - 128)))
    gains = 2.0 ** start["gain"]
    return torch.cat([(found[grid.key] / gain).flatten() for grid, gain in zip(form.grids, gains)]).double().numpy()
