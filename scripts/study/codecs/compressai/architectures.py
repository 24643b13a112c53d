"""Networks of learned codecs, built from CompressAI's classes at the widths asked for.

With plain widths (`n`, `m` numbers, no `h`) a network is CompressAI's own, as published. Otherwise its transforms
are put together anew from the library's layers, each with a width of its own: `n` is [after the first, second, third
layer] of the analysis (the synthesis mirrors it), `m` the latent's channels, `h` the hyper transforms' widths:
[z, then the hidden layers of the hyper synthesis], with a context model also [its channels, the hidden layers of the
entropy parameters]. Almost all the cost sits in the layers at high resolution, so widths that grow with depth give more
per operation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from study.codecs.compressai import startup, tables
from study.core.errors import StudyError, allowed

if TYPE_CHECKING:
    import torch
    from compressai.models import CompressionModel

MODELS = {
    "bmshj2018-factorized": "FactorizedPrior",
    "bmshj2018-factorized-relu": "FactorizedPriorReLU",
    "bmshj2018-hyperprior": "ScaleHyperprior",
    "mbt2018-mean": "MeanScaleHyperprior",
    "mbt2018": "JointAutoregressiveHierarchicalPriors",
    "cheng2020-anchor": "Cheng2020Anchor",
    "cheng2020-attn": "Cheng2020Attention",
    "b2018-gdn": "FactorizedPrior",
    "b2018-leaky_relu": "FactorizedPrior",
    "hific": "MeanScaleHyperprior",
    "checkerboard": "JointAutoregressiveHierarchicalPriors",
    "cae": "FactorizedPrior",
}
SLICED: tuple[str, ...] = ("bmshj2018-factorized", "bmshj2018-factorized-relu", "bmshj2018-hyperprior", "mbt2018-mean")
SLICED += ("b2018-gdn", "b2018-leaky_relu", "hific", "mbt2018", "checkerboard")
CONTEXT = ("mbt2018", "checkerboard")
# How many numbers `h` has, for those whose hyper transforms can have widths of their own, and a list `n`.
HYPER = dict.fromkeys(("bmshj2018-hyperprior", "mbt2018-mean", "hific"), 3) | dict.fromkeys(CONTEXT, 5)
_LISTED = dict.fromkeys(SLICED, 3) | {"cae": 2}
_WORDS = {2: "two", 3: "three", 5: "five"}
_TABLE, _LENGTHS = "entropy_bottleneck._quantized_cdf", "entropy_bottleneck._cdf_length"


def build(model: str, n: int | Sequence[int], m: int, h: Sequence[int] | None = None) -> CompressionModel:
    """A network with random weights.

    Ballé et al. 2018 (arXiv 1802.01436), Ballé 2018 (arXiv 1802.00847), Minnen et al. 2018 (arXiv 1809.02736), Cheng et
    al. 2020 (arXiv 2001.01568), and three of parts: `hific`, a mean-scale hyperprior with the generator of `generator`
    for a synthesis, after Mentzer et al. 2020 (arXiv 2006.09965); `checkerboard`, mbt2018 with the context of He et al.
    2021 (arXiv 2103.15306); `cae`, the transforms of Theis et al. 2017 (arXiv 1703.00395, see `autoencoder`) with the
    factorized prior.

    Raises StudyError for an unknown model and for widths that it can't have.
    """
    check(model, n, m, h)
    google, waseda, _ = startup.load()
    kind = getattr(waseda if model.startswith("cheng2020") else google, MODELS[model])
    widths = [n] * 3 if isinstance(n, int) else list(n)
    if model.startswith("cheng2020"):
        return kind(widths[0])
    z = widths[0] if h is None else h[0]
    net = kind(z, m)
    if model == "cae":
        from study.codecs.compressai import autoencoder

        net.g_a, net.g_s = autoencoder.transforms(widths, m)
    elif model.startswith("b2018") or model == "hific" or not isinstance(n, int):
        net.g_a, net.g_s = _transforms(model, widths, m)
    if model == "hific":
        from study.codecs.compressai.generator import generator

        net.g_s = generator(widths, m)
    if h is not None:
        net.h_s = _hyper_synthesis(model, h[:3], m)
    if h is not None and model in CONTEXT:
        net.entropy_parameters = _entropy_parameters(h[3], h[4], m)
    if model in CONTEXT and (h is not None or model == "checkerboard"):
        from compressai.layers import CheckerboardMaskedConv2d, MaskedConv2d

        masked = CheckerboardMaskedConv2d if model == "checkerboard" else MaskedConv2d
        net.context_prediction = masked(m, 2 * m if h is None else h[3], kernel_size=5, padding=2)
    return net


def check(model: str, n: object, m: object, h: object) -> None:
    """Raise StudyError if `build` can't make a network of these widths."""
    if model not in MODELS:
        raise StudyError(f"model {model!r} is unknown; {allowed(model, MODELS)}")
    count = _LISTED.get(model, 0)
    single, listed = model != "cae" and _width(n), count and _widths(n, count)
    if not (single or listed):
        ways = ["a number"] if model != "cae" else []
        ways += [f"a list of {_WORDS[count]} numbers"] if count else []
        raise StudyError(f"model {model}: n is {n!r}; allowed: {' or '.join(ways)}, each at least 1")
    if not _width(m) or (model.startswith("cheng2020") and m != n):
        raise StudyError(f"model {model}: m is {m!r}; allowed: a number at least 1 (for cheng2020, n itself)")
    if h is not None and not (model in HYPER and _widths(h, HYPER[model])):
        which = f"{_WORDS[HYPER[model]]} numbers, each at least 1, or none" if model in HYPER else "none here"
        raise StudyError(f"model {model}: h is {h!r}; allowed: {which}")


def has_hyperprior(model: str) -> bool:
    """Whether a model has a hyperprior, that is a latent z beside y."""
    return "factorized" not in model and not model.startswith("b2018") and model != "cae"


def latent_stride(model: str) -> int:
    """How many pixels a position of the latent y stands for along each side."""
    return 8 if model == "cae" else 16


def state(net: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The network's weights for a file: convolutions in half precision, the rest as it is, no tables of the Gaussian.

    Those tables follow from constants alone, as do the masks of context models; the entropy bottleneck's are kept,
    since they decide how bits are read, its rows one after another without their padding.
    """
    import torch

    kept = {
        name: (value.half() if value.ndim == 4 and value.dtype == torch.float32 else value).contiguous().clone()
        for name, value in net.state_dict().items()
        if not _constant(name)
    }
    table, lengths = kept[_TABLE], kept[_LENGTHS].tolist()
    kept[_TABLE] = torch.cat([row[:length] for row, length in zip(table, lengths)]) if lengths else table
    return kept


def fill(net: CompressionModel, weights: Mapping[str, torch.Tensor], origin: str) -> None:
    """Load weights into a network. Raises StudyError if they are another network's, not finite, or with odd tables.

    `origin` names them.
    """
    import torch

    tables.check(weights, origin)
    full = {name: value.float() if value.dtype == torch.float16 else value for name, value in weights.items()}
    for name, value in net.state_dict().items():
        if _constant(name):
            full.setdefault(name, value)
    if _TABLE in full and full[_TABLE].ndim == 1 and full[_TABLE].numel():
        parts = torch.split(full[_TABLE], full[_LENGTHS].tolist())
        full[_TABLE] = torch.nn.utils.rnn.pad_sequence(list(parts), batch_first=True)
    for name, value in full.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise StudyError(
                f"{origin}: the weights {name!r} hold values that are not finite (NaN or infinity), so nothing can be "
                "coded with them; get or train them anew"
            )
    rows, channels = full.get(_LENGTHS), net.entropy_bottleneck.channels
    if rows is not None and rows.numel() not in (0, channels):
        raise StudyError(f"{origin}: it has entropy tables for {rows.numel()} channels; the network has {channels}")
    try:
        net.load_state_dict(full)
    except (RuntimeError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise StudyError(
            f"{origin}: these weights don't fit the network that the codec's settings (model, n, m, h) describe: "
            f"{' '.join(str(error).split())[:300]}"
        ) from None


def description(model: str, metric: str, n: Any, m: int, h: Any) -> dict[str, str]:
    """What a file of weights says of its network, as text."""
    widths = n if isinstance(n, int) else list(n)
    return {"model": model, "metric": metric, "n": str(widths), "m": str(m), "h": str(None if h is None else list(h))}


def as_metadata(statements: Mapping[str, str]) -> dict[str, str]:
    """What a file says, as safetensors' metadata: under one key, since several would be written in a random order."""
    return {"recipe": json.dumps(statements, sort_keys=True)}


def from_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """What a file says of its network and its training, from its metadata; nothing if it has none."""
    metadata = metadata or {}
    return json.loads(metadata["recipe"]) if "recipe" in metadata else dict(metadata)


def _constant(name: str) -> bool:
    return name.startswith("gaussian_conditional.") or name == "context_prediction.mask"


def _width(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _widths(value: object, count: int) -> bool:
    return isinstance(value, list | tuple) and len(value) == count and all(map(_width, value))


def _transforms(model: str, n: Sequence[int], m: int) -> tuple[torch.nn.Sequential, torch.nn.Sequential]:
    from compressai.layers import GDN
    from compressai.models.utils import conv, deconv
    from torch import nn

    def nonlinearity(width: int, inverse: bool = False) -> nn.Module:
        if model == "bmshj2018-factorized-relu":
            return nn.ReLU(inplace=True)
        if model == "b2018-leaky_relu":
            return nn.LeakyReLU(inplace=True)
        return GDN(width, inverse=inverse)

    a, b, c = n
    analysis = nn.Sequential(
        conv(3, a), nonlinearity(a), conv(a, b), nonlinearity(b), conv(b, c), nonlinearity(c), conv(c, m)
    )
    synthesis = nn.Sequential(
        deconv(m, c), nonlinearity(c, True), deconv(c, b), nonlinearity(b, True), deconv(b, a), nonlinearity(a, True),
        deconv(a, 3),
    )  # fmt: skip
    return analysis, synthesis


def _hyper_synthesis(model: str, h: Sequence[int], m: int) -> torch.nn.Sequential:
    from compressai.models.utils import conv, deconv
    from torch import nn

    z, first, second = h
    if model == "bmshj2018-hyperprior":
        return nn.Sequential(
            deconv(z, first), nn.ReLU(inplace=True), deconv(first, second), nn.ReLU(inplace=True),
            conv(second, m, stride=1, kernel_size=3), nn.ReLU(inplace=True),
        )  # fmt: skip
    return nn.Sequential(
        deconv(z, first), nn.LeakyReLU(inplace=True), deconv(first, second), nn.LeakyReLU(inplace=True),
        conv(second, 2 * m, stride=1, kernel_size=3),
    )  # fmt: skip


def _entropy_parameters(context: int, hidden: int, m: int) -> torch.nn.Sequential:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(2 * m + context, hidden, 1), nn.LeakyReLU(inplace=True),
        nn.Conv2d(hidden, hidden, 1), nn.LeakyReLU(inplace=True), nn.Conv2d(hidden, 2 * m, 1),
    )  # fmt: skip
