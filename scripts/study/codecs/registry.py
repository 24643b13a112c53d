"""From a codec's entry in the catalogue to an object that encodes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from study.codecs.base import Codec
from study.core.errors import StudyError, allowed

SHARED = ("__init__", "base", "ffmpeg", "pillow")  # of classical/: no backends themselves


@dataclass(frozen=True, kw_only=True)
class CodecSpec:
    """What decides a codec's bitstreams at a quality; as a JSON object, the specification of the codec's jobs.

    `backend`: a name of `backends`. `settings`: the backend's own; those left out have the defaults in its module.
    `range`, for targets (`targeted`) alone: the parameter from its worst to its best quality, in steps of `step`; None
    stands for any number between.
    """

    backend: str
    settings: dict[str, Any] = field(default_factory=dict)
    range: list[float] | None = None
    step: float | None = 1


def backend(name: str, settings: Mapping[str, Any] | None = None) -> type[Codec]:
    """The class of a backend, by the name of its module, that codes with these settings.

    Raises StudyError for an unknown backend.
    """
    if name not in backends():
        raise StudyError(f"backend {name!r} is unknown; {allowed(name, backends())}")
    kind = importlib.import_module(backends()[name]).Backend
    return importlib.import_module(kind.module_for(settings or {})).Backend


def load(name: str, quality: float, spec: CodecSpec, weights: Path | None = None) -> Codec:
    """The codec `name` at `quality`, with a file of `weights` if it needs one.

    Raises StudyError for an unknown backend, and for a quality or settings that the backend doesn't have.
    """
    return backend(spec.backend, spec.settings)(name, quality, spec.settings, weights)


@cache
def backends() -> dict[str, str]:
    """The module of every backend by its name: `classical/<name>.py`, or the package <name> with a module `codec`."""
    folder = Path(__file__).parent
    packages = {path.parent.name: f"study.codecs.{path.parent.name}.codec" for path in folder.glob("*/codec.py")}
    modules = {path.stem: f"study.codecs.classical.{path.stem}" for path in (folder / "classical").glob("*.py")}
    return {name: module for name, module in sorted((modules | packages).items()) if name not in SHARED}
