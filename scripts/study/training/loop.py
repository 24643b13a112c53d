"""Training of learned codecs: rate-distortion loss, SOAP, checkpoints, and the file of weights at the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.codecs.compressai import architectures
from study.core import atomic_io, checkpoints
from study.core.errors import StudyError, allowed
from study.training import defaults, pca_init
from study.training.crops import Crops

if TYPE_CHECKING:
    import torch
    from compressai.models import CompressionModel

LOG = ("step", "bpp", "distortion", "loss")
METRICS = ("mse", "msssim", "perceptual")
AVERAGED = 50
QUANTILES_EVERY = 250
_UNUSED_STEP = 2**40
_USUAL = 0.01
_PRIORS = ("entropy_bottleneck.", "context_prediction.", "entropy_parameters.")
_PRIOR_RATE = 3.0


@dataclass(frozen=True)
class Recipe:
    """What is trained and how. Equal recipes, photos and starts give equal weights on one machine.

    `model`, `n`, `m`, `h`: the network (see `architectures.build`). `metric`: mse (of values 0-255), msssim
    (1 - MS-SSIM) or perceptual (`generative`); the loss of the first two is bits per pixel + `lam` * distortion. `lr`
    rises over `warmup` steps, and falls over the last `decay` part of all steps as a cosine. `precision`: bf16 runs the
    transforms in mixed precision, twice as fast on CPUs with AMX; the entropy models always run in float32. `init`,
    without other weights to start from: random, or principal (see `pca_init`), for the models of
    `architectures.SLICED`; the others start at random. `average`: the weights at the end are an exponential moving
    average, in which each step keeps this part of those before it (Tarvainen and Valpola 2017, arXiv 1703.01780); 0
    takes the last step's.

    Of the metric perceptual alone: `lpips`, `pattern` and `adversarial` are the weights of LPIPS, of regular patterns
    (`perceptual.pattern`) and of the discriminator's judgement beside `lam`, and `pretraining` is the part of the steps
    before the discriminator joins.
    """

    model: str
    metric: str
    n: Any
    m: int
    h: Any
    lam: float
    steps: int
    batch: int = defaults.BATCH
    crop: int = defaults.CROP
    lr: float = 3e-3
    warmup: int = 100
    decay: float = 0.5
    seed: int = defaults.SEED
    precision: str = "bf16"
    init: str = defaults.INIT
    average: float = 0.0
    lpips: float = 1.0
    adversarial: float = 0.15
    pretraining: float = 0.4
    pattern: float = 0.0

    def __post_init__(self) -> None:
        architectures.check(self.model, self.n, self.m, self.h)
        if self.metric not in METRICS:
            raise StudyError(f"metric {self.metric!r} is unknown in training; {allowed(self.metric, METRICS)}")
        if self.precision not in ("bf16", "f32"):
            raise StudyError(f"precision {self.precision!r} is unknown; {allowed(self.precision, ('bf16', 'f32'))}")
        if self.crop % 64 or self.crop < (192 if self.metric == "msssim" else 64):
            raise StudyError(
                f"a crop of {self.crop} pixels can't be used; "
                "allowed: multiples of 64, at least 64 (msssim: at least 192)"
            )
        if self.init not in (defaults.INIT, "random"):
            raise StudyError(f"init {self.init!r} is unknown; {allowed(self.init, ('principal', 'random'))}")
        if (self.metric == "perceptual") != (self.model == "hific"):
            raise StudyError(f"metric {self.metric} and model {self.model}: perceptual and hific go together alone")
        if min(self.lpips, self.adversarial, self.pattern) < 0 or not 0 <= self.pretraining <= 1:
            raise StudyError("lpips, adversarial and pattern must be at least 0, pretraining between 0 and 1")
        if self.steps < 1 or self.batch < 1 or self.lam <= 0 or self.lr <= 0 or not 0 <= self.decay <= 1:
            raise StudyError("steps and batch must be at least 1, lambda and lr more than 0, decay between 0 and 1")
        if not 0 <= self.average < 1 or (self.average and self.metric == "perceptual"):
            raise StudyError("average must be at least 0 and less than 1, and 0 for the metric perceptual")

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        rise = min(1.0, (step + 1) / max(1, self.warmup))
        falling = self.decay * self.steps
        left = (self.steps - step) / falling if falling else 1.0
        return self.lr * rise * (0.5 - 0.5 * math.cos(math.pi * min(1.0, left)))


def train(
    recipe: Recipe,
    crops: Crops,
    checkpoint: Path,
    start: Path | None = None,
    every: int = 500,
    stop: int | None = None,
    tell: Callable[[Mapping[str, float]], None] = lambda row: None,
) -> tuple[CompressionModel, list[dict[str, float]]]:
    """Train until `recipe.steps` (or `stop`, for a test of resuming); the network and the log's rows.

    Goes on from `checkpoint` if it is there, else from the weights `start`, else from random ones; a checkpoint is
    written each `every` steps. Raises StudyError for a checkpoint of another recipe.
    """
    import torch

    torch.manual_seed(recipe.seed)
    net = architectures.build(recipe.model, recipe.n, recipe.m, recipe.h).train()
    parameters = _trained(net)
    optimizer = _optimizer(net, parameters, recipe)
    first, log, averaged = 0, [], []
    if checkpoint.exists():
        content = checkpoints.resume(checkpoint, recipe)
        net.load_state_dict(content["net"])
        optimizer.load_state_dict(content["optimizer"])
        first, log, averaged = content["step"], content["log"], content["averaged"]
    else:
        _begin(net, recipe, crops, start)
        averaged = [parameter.detach().clone() for parameter in parameters] if recipe.average else []
    sums = [0.0, 0.0, 0.0]
    for step in range(first, min(recipe.steps, stop or recipe.steps)):
        if step % QUANTILES_EVERY == 0:
            net.entropy_bottleneck.update(force=True, update_quantiles=True)
        values = _step(net, parameters, optimizer, recipe, crops, step, checkpoint)
        _average(averaged, parameters, recipe.average, step)
        sums = [total + value for total, value in zip(sums, values)]
        if (step + 1) % AVERAGED == 0:
            log.append(dict(zip(LOG, [step + 1, *(total / AVERAGED for total in sums)])))
            sums = [0.0, 0.0, 0.0]
            tell(log[-1])
        if (step + 1) % whole(every) == 0 and step + 1 < recipe.steps:
            state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "log": log, "averaged": averaged}
            checkpoints.save(checkpoint, recipe, step + 1, state)
    with torch.no_grad():
        for parameter, value in zip(parameters, averaged):
            parameter.copy_(value)
    if averaged:
        net.entropy_bottleneck.update(force=True, update_quantiles=True)
    return net, log


def _average(averaged: list[torch.Tensor], parameters: list[torch.Tensor], kept: float, step: int) -> None:
    """Move the averages towards the parameters; at first less is kept, so that the start is soon forgotten."""
    import torch

    if averaged:
        torch._foreach_lerp_(
            averaged, [value.detach() for value in parameters], 1 - min(kept, (1 + step) / (10 + step))
        )


def save(net: CompressionModel, recipe: Recipe, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write the weights (safetensors), rounded as `architectures.state` says, with the tables of the rounded ones."""
    import torch
    from safetensors.torch import save_file

    final = architectures.build(recipe.model, recipe.n, recipe.m, recipe.h)
    parameters = {name: value.detach() for name, value in net.named_parameters()}
    with torch.no_grad():
        for name, parameter in final.named_parameters():
            parameter.copy_(parameters[name].half() if parameter.ndim == 4 else parameters[name])
    final.entropy_bottleneck.update(force=True, update_quantiles=True)
    description = architectures.description(recipe.model, recipe.metric, recipe.n, recipe.m, recipe.h)
    description |= {name: str(value) for name, value in asdict(recipe).items() if name not in description}
    with atomic_io.replacing(path) as temporary:
        save_file(
            architectures.state(final),
            temporary,
            metadata=architectures.as_metadata({**description, "torch": torch.__version__, **(notes or {})}),
        )


def warm_start(net: CompressionModel, path: Path, recipe: Recipe) -> set[str]:
    """Start from the weights of another network: all parameters of equal name and shape, whose names are returned.

    If the other one was trained for the same distortion with another lambda, the latent is scaled by the root of the
    lambdas' ratio, which is what the finer or coarser quantisation asks for; all that follows it is scaled back.
    Raises StudyError if no parameter of the transforms fits.
    """
    import torch

    weights, description = read_weights(path)
    taken = set()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name in weights and weights[name].shape == parameter.shape:
                parameter.copy_(weights[name])
                taken.add(name)
    if not any(name.startswith("g_a.") for name in taken):
        raise StudyError(f"can't start from {path}: none of its transforms has the widths n {recipe.n}, m {recipe.m}")
    if description.get("metric") == recipe.metric and "lam" in description:
        _scale_latent(net, math.sqrt(recipe.lam / float(description["lam"])), taken)
    return taken


def read_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a file of weights, float32, and what it says of its training. Raises StudyError if it is none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            description = architectures.from_metadata(file.metadata())
            return {name: file.get_tensor(name).float() for name in file.keys()}, description  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise StudyError(f"can't start from {path}: {error}") from None


def rate_distortion(net: CompressionModel, x: torch.Tensor, recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Bits per pixel and distortion of images, float32 [B, 3, H, W] in 0-1, differentiable.

    The rate is that of a latent with uniform noise; the synthesis sees the rounded latent and passes its gradient
    straight through (Minnen and Singh 2020, arXiv 2007.08739).
    """
    import torch
    from pytorch_msssim import ms_ssim

    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16"):
        x_hat, likelihoods = _mixed(net, x, recipe.model != "bmshj2018-hyperprior")
    pixels = x.shape[0] * x.shape[2] * x.shape[3]
    bpp = sum(likelihood.log2().sum() for likelihood in likelihoods) / -pixels
    x_hat = x_hat.float()
    if recipe.metric == "mse":
        return bpp, (x_hat - x).square().mean() * 255**2
    return bpp, 1 - ms_ssim(x_hat, x, data_range=1.0)


def _mixed(net: CompressionModel, x: torch.Tensor, mean: bool) -> tuple[torch.Tensor, list[torch.Tensor]]:
    import torch

    from study.training import context

    y = net.g_a(x)
    if not hasattr(net, "h_a"):
        with torch.autocast("cpu", enabled=False):
            y = y.float()
            _, likelihood = net.entropy_bottleneck(y)
            return_likelihoods = [likelihood]
            y_hat = context.rounded(y, _medians(net))
        return net.g_s(y_hat), return_likelihoods
    with torch.autocast("cpu", enabled=False):
        y = y.float()
        z = net.h_a(y if mean else y.abs())
        _, z_likelihood = net.entropy_bottleneck(z)
        parameters = net.h_s(context.rounded(z, _medians(net)))
        if hasattr(net, "context_prediction"):
            parameters = context.parameters(net, y, parameters)
        scales, means = parameters.chunk(2, 1) if mean else (parameters, None)
        _, y_likelihood = net.gaussian_conditional(y, scales, means=means)
        y_hat = context.rounded(y, 0.0 if means is None else means)
    return net.g_s(y_hat), [y_likelihood, z_likelihood]


def _medians(net: CompressionModel) -> torch.Tensor:
    return net.entropy_bottleneck.quantiles[:, 0, 1].detach().reshape(1, -1, 1, 1)


def _begin(net: CompressionModel, recipe: Recipe, crops: Crops, start: Path | None) -> None:
    """The weights before the first step; an entropy bottleneck that `start` doesn't have is fitted to the latent."""
    import torch

    taken: set[str] = set()
    images = crops.batch(_UNUSED_STEP, 64)
    if start is not None:
        taken = warm_start(net, start, recipe)
    elif recipe.init == defaults.INIT and recipe.model in architectures.SLICED:
        pca_init.start(net, images, recipe.lam if recipe.metric == "mse" else _USUAL)
    if "entropy_bottleneck.matrices.0" not in taken:
        with torch.no_grad():
            y = net.g_a(torch.from_numpy(images[:16]).permute(0, 3, 1, 2).float() / 255)
            if hasattr(net, "h_a"):
                y = net.h_a(y.abs() if recipe.model == "bmshj2018-hyperprior" else y)
        pca_init.fit_prior(net.entropy_bottleneck, y)


def _trained(net: CompressionModel) -> list[torch.Tensor]:
    """What the loss trains: the transforms, then what learns faster; the bottleneck's quantiles are solved for."""
    named = [(name, value) for name, value in net.named_parameters() if not name.endswith("quantiles")]
    return [value for name, value in sorted(named, key=lambda pair: pair[0].startswith(_PRIORS))]


def _optimizer(net: CompressionModel, parameters: list[torch.Tensor], recipe: Recipe) -> torch.optim.Optimizer:
    """SOAP over views of the parameters, a convolution as [out, in, taps]: a mode less to precondition.

    The second group is that of the entropy bottleneck and the context model, which learn faster.
    """
    from pytorch_optimizer import SOAP

    views = [_view(parameter.detach()) for parameter in parameters]
    priors = sum(name.startswith(_PRIORS) for name, _ in net.named_parameters()) - 1  # the quantiles are left out
    groups = [{"params": views[:-priors]}, {"params": views[-priors:]}]
    return SOAP(groups, lr=recipe.lr, weight_decay=0.0, precondition_frequency=10, max_precondition_dim=800)


def _view(values: torch.Tensor) -> torch.Tensor:
    return values.view(*values.shape[:2], -1) if values.ndim == 4 else values


def _step(
    net: CompressionModel,
    parameters: list[torch.Tensor],
    optimizer: Any,
    recipe: Recipe,
    crops: Crops,
    step: int,
    checkpoint: Path,
) -> list[float]:
    import torch

    torch.manual_seed(recipe.seed * 1_000_003 + step)
    batch = torch.from_numpy(crops.batch(step, recipe.batch)).permute(0, 3, 1, 2)
    # channels last is quicker; so, the blocks of Cheng et al. damage PyTorch 2.14's heap in their backward pass
    order = torch.contiguous_format if recipe.model.startswith("cheng2020") else torch.channels_last
    x = batch.contiguous(memory_format=order).float() / 255
    bpp, distortion = rate_distortion(net, x, recipe)
    loss = bpp + recipe.lam * distortion
    gradients = torch.autograd.grad(loss, parameters)
    views = [view for group in optimizer.param_groups for view in group["params"]]
    for view, gradient in zip(views, gradients):
        view.grad = _view(gradient.contiguous())
    norm = torch.nn.utils.clip_grad_norm_(views, 1.0)
    checkpoints.check_finite(step + 1, recipe.lr, checkpoint, loss=loss.item(), gradient=norm.item())
    for group, factor in zip(optimizer.param_groups, (1.0, _PRIOR_RATE)):
        group["lr"] = recipe.rate(step) * factor
    optimizer.step()
    return [bpp.item(), distortion.item(), loss.item()]


def _scale_latent(net: CompressionModel, factor: float, taken: set[str]) -> None:
    """Multiply the latent by `factor` and leave everything else that the network computes as it was.

    Transforms that don't meet the latent with a plain convolution (Cheng et al. 2020) stay as they are.
    """
    import torch

    if not hasattr(net.g_s[0], "weight"):
        return
    context = "entropy_parameters.0.weight" in taken
    larger, smaller = [net.g_a[-1]], [net.g_s[0].weight]
    if "h_a.0.weight" in taken:
        last = net.entropy_parameters if context else net.h_s
        larger.append([layer for layer in last if hasattr(layer, "weight")][-1])
        smaller += [net.h_a[0].weight, *([net.context_prediction.weight] if context else [])]
    with torch.no_grad():
        for layer in larger:
            layer.weight.mul_(factor)
            layer.bias.mul_(factor)
        for weight in smaller:
            weight.div_(factor)
        if not hasattr(net, "h_a") and "entropy_bottleneck.matrices.0" in taken:
            matrix = net.entropy_bottleneck.matrices[0]
            matrix.copy_(torch.log(torch.expm1(torch.nn.functional.softplus(matrix) / factor)))


def whole(every: int) -> int:
    """Checkpoints come with a whole number of the log's rows behind them, so that a resumed log has no gap."""
    return max(AVERAGED, every // AVERAGED * AVERAGED)
