"""What the settings of a `tfci` codec mean: the metagraph's file and the model's second input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.codecs.base import Weights
from study.core.errors import StudyError

PUBLISHED = "https://storage.googleapis.com/tensorflow_compression/metagraphs"
_MODELS = "allowed: the id of a published model, or a path ending in .metagraph"


def weights(settings: Mapping[str, Any], quality: float) -> Weights:
    """The metagraph that `model` and `url` name. Raises StudyError for a name that can't be one."""
    model = settings["model"]
    if not isinstance(model, str) or not model:
        raise StudyError(f"tfci: model: found {model!r}; {_MODELS}")
    model = model.replace("{quality}", _text(quality))
    if model.endswith(".metagraph"):
        return Weights(Path(model).name, path=model)
    if "/" in model or not model.isascii() or not model.isprintable():
        raise StudyError(f"tfci: model: found {model!r}; {_MODELS}")
    return Weights(f"{model}.metagraph", url=f"{str(settings['url']).rstrip('/')}/{model}.metagraph")


def rate(settings: Mapping[str, Any], quality: float) -> float | None:
    """The value of the model's second input, None for a model without. Raises StudyError for what is no number."""
    parameter = settings["rd_parameter"]
    if parameter is None:
        return None
    try:
        return float(quality if parameter == "{quality}" else parameter)
    except (TypeError, ValueError):
        raise StudyError(f"tfci: rd_parameter: found {parameter!r}; allowed: a number, or {{quality}}") from None


def _text(quality: float | str) -> str:
    return quality if isinstance(quality, str) else f"{quality:g}"
