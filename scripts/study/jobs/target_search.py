"""The search for the parameter at which an image reaches a target: a score or a rate.

It is a bisection with interpolation (regula falsi) between parameters on both sides of the target, from the middle of
the range. A codec need not be monotone: where the two sides don't meet, the widest gaps are tried as well. At most
`MOST` encodings are made; an image that doesn't reach the target has no bitstream, but a reason.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.codecs.registry import CodecSpec
from study.codecs.targeted import RATES, Target, Targeted, parsed
from study.core.errors import CodecError, StudyError
from study.metrics import engine
from study.metrics.engine import Recipe

MOST = 12
ENOUGH = 5  # encodings after which a codec that was monotone so far is taken to be so
FINEST = 1e-5  # of the range of a continuous parameter
LOGARITHMIC = 200  # the ratio of a range's ends from which its parameter is searched by its logarithm


class Scale:
    """A codec's parameter as a place from 0 (worst) to 1 (best): whole steps of it, or any number."""

    def __init__(self, ends: list[float], step: float | None) -> None:
        self._worst, self._best = ends
        low, high = sorted(map(abs, ends))
        self._logarithmic = min(ends) > 0 and high / low >= LOGARITHMIC
        self._step = step
        self._count = max(1, math.floor(abs(self._best - self._worst) / step + 1e-9)) if step else 0

    def parameter(self, position: float) -> float:
        """The parameter at a place; a whole number where it is one."""
        if self._step:
            steps = round(position * self._count)
            value = self._worst + math.copysign(self._step * steps, self._best - self._worst)
        elif self._logarithmic:
            value = self._worst * (self._best / self._worst) ** position
        else:
            value = self._worst + (self._best - self._worst) * position
        value = float(f"{value:.6g}")
        return int(value) if value.is_integer() else value

    def between(self, start: float, end: float, share: float) -> float | None:
        """The place at a share of the way between two, strictly between them; None where there is none."""
        if not self._count:
            return start + share * (end - start) if end - start > FINEST else None
        first, last = round(start * self._count) + 1, round(end * self._count) - 1
        if first > last:
            return None
        index = (start + share * (end - start)) * self._count
        if self._logarithmic:
            value = self.parameter(start) * (self.parameter(end) / self.parameter(start)) ** share
            index = abs(value - self._worst) / (self._step or 1)
        return min(max(round(index), first), last) / self._count


def next_position(gaps: dict[float, float], scale: Scale) -> float | None:
    """Where to try next, from the gaps to the target at the places tried (below 0: too low); None to give up."""
    if not gaps:
        return scale.between(0, 1, 0.5) or 0.0
    places = sorted(gaps)
    pairs = list(itertools.pairwise(places))
    meeting = [pair for pair in pairs if (gaps[pair[0]] < 0) != (gaps[pair[1]] < 0)]
    open_pairs = [pair for pair in meeting if scale.between(*pair, 0.5) is not None]
    if open_pairs:
        pair = min(open_pairs, key=lambda pair: min(abs(gaps[pair[0]]), abs(gaps[pair[1]])))
        return scale.between(*pair, _share(gaps[pair[0]], gaps[pair[1]], halve=len(gaps) % 3 == 2))
    if not meeting:
        upwards = gaps[places[-1]] < 0
        last, end = (places[-1], 1.0) if upwards else (places[0], 0.0)
        if last != end:
            middle = scale.between(*sorted((last, end)), 0.5)
            return middle if len(gaps) == 1 and middle is not None else end
    rising = all(gaps[start] <= gaps[end] for start, end in pairs)
    if rising and (meeting or len(gaps) >= ENOUGH):
        return None
    return next(
        (
            position
            for start, end in sorted([(0.0, places[0]), *pairs, (places[-1], 1.0)], key=lambda pair: pair[0] - pair[1])
            if (position := scale.between(start, end, 0.5)) is not None
        ),
        None,
    )


def _share(below: float, above: float, halve: bool) -> float:
    """How far between two places the target lies, if it were linear; the middle where that can't be told."""
    if halve or not (math.isfinite(below) and math.isfinite(above)) or below == above:
        return 0.5
    return min(max(below / (below - above), 0.1), 0.9)


@dataclass(frozen=True)
class Try:
    """One encoding: its parameter, the value that it has, its bitstream and its seconds."""

    parameter: float
    value: float
    data: bytes
    seconds: float


class Searched(Targeted):
    """A codec at a target, that encodes an image by searching its parameter.

    `recipes` has the target's metric, unless that is a rate; `sign` is -1 for a metric of which less is better.
    """

    def __init__(
        self,
        name: str,
        quality: str,
        spec: CodecSpec,
        weights: Path | None = None,
        recipes: Mapping[str, Recipe] | None = None,
        sign: int = 1,
    ) -> None:
        super().__init__(name, quality, spec, weights)
        target = parsed(quality)
        if target is None:
            raise StudyError(f"codec {name}: the quality {quality!r} is no target, such as psnr_rgb=35")
        if target.metric not in (*RATES, *(recipes or ())):
            raise StudyError(f"codec {name}: the recipe of the target's metric {target.metric} is missing")
        self.target, self._recipes, self._sign = target, recipes or {}, sign
        self._scale = Scale(spec.range or [math.nan, math.nan], spec.step)
        self._record: dict[str, object] = {}

    def encode(self, rgb: np.ndarray) -> bytes:
        """The first bitstream within the tolerance. Raises CodecError, with the nearest, where there is none."""
        self._record = {}
        nearest, count = search(self._try(rgb), self.target, self._scale, self._sign)
        self._record = {"parameter": nearest.parameter, "reached": nearest.value, "encodes": count}
        self._record["encode_s"] = round(nearest.seconds, 6)
        return nearest.data

    def recorded(self) -> dict[str, object]:
        """What the last encode adds to its row: `parameter`, `reached`, `encodes`, `encode_s` (s)."""
        return self._record

    def _try(self, rgb: np.ndarray) -> Callable[[float], Try]:
        def attempt(parameter: float) -> Try:
            codec = self.at(parameter)
            start = time.perf_counter()
            data = codec.encode(rgb)
            seconds = time.perf_counter() - start
            if self.target.metric in RATES:
                size = len(data) if self.target.metric == "bpp" else codec.payload_bytes(data)
                return Try(parameter, 8 * size / (rgb.shape[0] * rgb.shape[1]), data, seconds)
            values, reasons = engine.score(rgb, codec.decode(data), self._recipes)
            if self.target.metric not in values:
                raise CodecError(f"{self.target.metric} can't be a target here: {reasons[self.target.metric]}")
            return Try(parameter, values[self.target.metric], data, seconds)

        return attempt


def search(attempt: Callable[[float], Try], target: Target, scale: Scale, sign: int = 1) -> tuple[Try, int]:
    """The first try within the tolerance of the target, and how many were made.

    `sign` is -1 for a metric of which less is better. Raises CodecError, in one sentence, where none is.
    """
    gaps: dict[float, float] = {}
    tries: list[Try] = []
    while len(tries) < MOST and (position := next_position(gaps, scale)) is not None:
        tries.append(attempt(scale.parameter(position)))
        gaps[position] = sign * (tries[-1].value - target.value)
        if abs(gaps[position]) <= target.tolerance * (1 + 1e-9):
            return tries[-1], len(tries)
    raise CodecError(_unreached(tries, list(gaps.values()), target))


def _unreached(tries: list[Try], gaps: list[float], target: Target) -> str:
    near = min(tries, key=lambda attempt: abs(attempt.value - target.value))
    low, high = min(attempt.value for attempt in tries), max(attempt.value for attempt in tries)
    if min(gaps) < 0 < max(gaps):
        why = f"the parameter's steps are too coarse for it: allow a tolerance of {abs(near.value - target.value):.3g}"
        why = why if len(tries) < MOST else "allow a larger tolerance"
    else:
        why = f"the codec's range gave {low:.5g} to {high:.5g}: choose a value in it"
    return (
        f"{target.metric} {target.value:g} within {target.tolerance:g} isn't reached in {len(tries)} encodes, the "
        f"nearest is {near.value:.5g} at {near.parameter:g}; {why}"
    )
