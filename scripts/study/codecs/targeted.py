"""Codecs at a quality that is a target: a score or a rate that each image is to reach, by a parameter of its own.

Such a quality is a label, `psnr_rgb=35`, or `psnr_rgb=35+-0.5` where the tolerance isn't the usual one. The encoder
searches the parameter (`study.jobs.target_search`); what it found is in the record, where the decoder finds it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.codecs import registry
from study.codecs.base import Codec
from study.codecs.registry import CodecSpec
from study.core import readers
from study.core.errors import StudyError

TOLERANCE = 0.1  # the usual one, in units of the metric
RATES = ("bpp", "payload_bpp")  # targets beside the metrics: bits per pixel of the file, and of its payload
_LABEL = re.compile(r"([a-z][a-z0-9_]*)=([0-9.eE-]+)(?:\+-([0-9.eE-]+))?", re.ASCII)


@dataclass(frozen=True)
class Target:
    """A value of a metric, or of a rate, that each image is to reach but for the tolerance, in the metric's unit."""

    metric: str
    value: float
    tolerance: float = TOLERANCE

    @property
    def label(self) -> str:
        """The quality that stands for it, in tables, paths and command lines."""
        ending = "" if self.tolerance == TOLERANCE else f"+-{self.tolerance:g}"
        return f"{self.metric}={self.value:.12g}{ending}"


def parsed(quality: object) -> Target | None:
    """The target that a quality is the label of; None for any other quality."""
    match = _LABEL.fullmatch(quality) if isinstance(quality, str) else None
    if match is None:
        return None
    try:
        target = Target(match[1], float(match[2]), float(match[3]) if match[3] else TOLERANCE)
    except ValueError:
        return None
    return target if math.isfinite(target.value) and 0 < target.tolerance < math.inf else None


def load(name: str, quality: float | str, spec: CodecSpec, weights: Path | None = None) -> Codec:
    """The codec `name` at a quality, which may be the label of a target. Raises StudyError as `registry.load` does."""
    if parsed(quality) is None:
        return registry.load(name, quality, spec, weights)  # type: ignore[arg-type]
    return Targeted(name, str(quality), spec, weights)


class Targeted(Codec):
    """A codec at a target, whose parameter each image has for itself; it decodes by `decoder_of`."""

    def __init__(self, name: str, quality: str, spec: CodecSpec, weights: Path | None = None) -> None:
        if spec.range is None:
            raise StudyError(
                f"codec {name}: it declares no `range` of its parameter, which a target needs; choose qualities instead"
            )
        self._spec, self._given = spec, weights
        self._at: tuple[float, Codec] | None = None
        self.name, self.quality = name, quality  # type: ignore[assignment]
        best = self.at(spec.range[1])
        self.settings, self.weights, self.extension = best.settings, best.weights, best.extension  # type: ignore[misc]

    def at(self, parameter: float) -> Codec:
        """The codec at a parameter; the last one is kept."""
        if self._at is None or self._at[0] != parameter:
            self._at = parameter, registry.load(self.name, parameter, self._spec, self._given)
        self._at[1].largest_pixels = self.largest_pixels
        return self._at[1]

    def decoder_of(self, row: Mapping[str, str]) -> Codec:
        parameter = readers.number(row.get("parameter") or "")
        if isinstance(parameter, str):
            raise StudyError(f"the record of {row['image']} has no parameter; delete it and run the study again")
        return self.at(parameter)

    def encode(self, rgb: np.ndarray) -> bytes:
        raise StudyError(f"codec {self.name}: encode_target.py encodes for the target {self.quality}")

    def decode(self, bitstream: bytes) -> np.ndarray:
        raise StudyError(f"codec {self.name}: the parameter of an image is in the record of its bitstream alone")

    def skip(self) -> str | None:
        return self.at(self.best).skip()

    def versions(self) -> str:
        return self.at(self.best).versions()

    def payload_bytes(self, bitstream: bytes) -> int:
        return self.at(self.best).payload_bytes(bitstream)

    @property
    def best(self) -> float:
        """The end of the range with the best quality."""
        return (self._spec.range or [math.nan])[1]
