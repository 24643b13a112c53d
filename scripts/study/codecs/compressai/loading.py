"""Networks of other classes than `architectures` has: the library in full, a class from a folder, weights into it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from study.codecs.compressai import startup, tables
from study.codecs.compressai.network_codec import described
from study.core.errors import StudyError, allowed

if TYPE_CHECKING:
    import torch

_TABLES = ("_quantized_cdf", "_cdf_length", "_offset", "scale_table")  # whose sizes only an update settles


def load_library() -> None:
    """Import CompressAI as it is meant to be, for code that imports what it likes from it."""
    startup.keep_freed_memory()
    startup.load_whole()


def class_of(module: str, name: str, folder: Path | None) -> type[torch.nn.Module]:
    """The class `name` of a module, one of `folder` or an installed one. This runs the module's code.

    Raises StudyError where there is none, where its code ends with an exception, and for one that is no network.
    """
    import torch

    load_library()
    if folder is not None:
        sys.path.insert(0, str(folder.resolve()))
    try:
        loaded = importlib.import_module(module)
    except Exception as error:  # of whoever's code
        raise StudyError(f"can't import {module}{_of(folder)}: {described(error)}") from None
    kind = getattr(loaded, name, None)
    if kind is None:
        classes = [key for key, value in vars(loaded).items() if isinstance(value, type) and _is_net(value)]
        raise StudyError(f"{module}{_of(folder)} has no class {name}; {allowed(name, classes)}")
    if not isinstance(kind, type) or not issubclass(kind, torch.nn.Module):
        raise StudyError(f"{module}:{name} is no network; a subclass of torch.nn.Module is needed")
    return kind


def _is_net(kind: type) -> bool:
    import torch

    return issubclass(kind, torch.nn.Module)


def _of(folder: Path | None) -> str:
    return f" from {folder}" if folder is not None else ""


def fill(net: torch.nn.Module, weights: Mapping[str, torch.Tensor], origin: str, settings: str) -> None:
    """Load weights into a network, entropy tables included, of whatever size they are.

    `origin` names the weights, `settings` what describes the network. Raises StudyError, in one sentence, if they are
    another network's, not finite, or with tables that the coder can't use.
    """
    import torch

    title = type(net).__name__
    weights = _without_prefix(weights)
    tables.check(weights, origin)
    wanted = net.state_dict()
    free = [name for name in (*wanted, *weights) if name.rpartition(".")[2] in _TABLES]
    missing = [name for name in wanted if name not in weights and name not in free]
    unknown = [name for name in weights if name not in wanted and name not in free]
    if missing or unknown:
        parts = [f"lacks {_some(missing)} of {title}"] * bool(missing)
        parts += [f"has {_some(unknown)}, which {title} hasn't"] * bool(unknown)
        raise StudyError(f"{origin} {' and '.join(parts)}; correct {settings}, or take another checkpoint")
    for name, value in weights.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise StudyError(f"{origin}: {name} holds values that are not finite (NaN or infinity); train it anew")
        if name not in free and value.shape != wanted[name].shape:
            raise StudyError(
                f"{origin}: {name} is {list(value.shape)}, and {title} with these {settings} has "
                f"{list(wanted[name].shape)}; correct {settings}, or take another checkpoint"
            )
    full = {name: weights.get(name, value) for name, value in wanted.items()}
    for owner, part in net.named_modules():
        for name in _TABLES:
            key = f"{owner}.{name}" if owner else name
            if isinstance(getattr(part, name, None), torch.Tensor) and key in weights:
                setattr(part, name, torch.empty_like(weights[key]))
    try:
        net.load_state_dict(full)
    except Exception as error:  # of whoever's code
        raise StudyError(f"{origin}: load_state_dict() of {title} ended with {described(error)}") from None


def without_tables(net: torch.nn.Module) -> list[str]:
    """The entropy models of a network that have no tables yet."""
    return [
        owner
        for owner, part in net.named_modules()
        if hasattr(part, "_quantized_cdf") and not part._quantized_cdf.numel()
    ]


def _without_prefix(weights: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
    """Weights under the network's names, where a wrapper for several GPUs has put `module.` before each."""
    if weights and all(isinstance(name, str) and name.startswith("module.") for name in weights):
        return {name.removeprefix("module."): value for name, value in weights.items()}
    return weights


def _some(names: list[str]) -> str:
    return f"{len(names)} tensor{'s' * (len(names) > 1)} ({', '.join(names[:2])}{', …' * (len(names) > 2)})"
