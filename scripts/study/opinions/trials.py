"""What an opinion test compares: decoded images of like rate, in pairs, and the traps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from study.analysis.opinions.answers import Stimulus
from study.core import outcome
from study.core.errors import StudyError
from study.metrics import registry

METHODS = ("triplet", "pair")


@dataclass(frozen=True)
class Options:
    """How a test is made: `opinions` of rules/schema.yaml, which explains the keys."""

    answers: str | None = None
    method: str = "triplet"
    boosted: bool = False
    rates: list[float] = field(default_factory=lambda: [0.25, 0.75])
    tolerance: float = 0.2
    codecs: list[str] | None = None
    images: int | None = 4
    crop: int = 384
    trials: int = 40
    repeats: int = 4
    traps: int = 4
    least_traps: float = 0.75
    resamples: int = 1000
    seed: int = 0


def chosen(rows: Sequence[Mapping[str, str]], options: Options) -> list[Stimulus]:
    """What is compared: for each image, target rate and codec the cell whose rate is nearest, if it is near enough.

    `rows` are those of rd.csv. Near is a ratio of the rates of at most 1 + `tolerance`.
    """
    cells: dict[tuple[str, str], dict[str, list[Mapping[str, str]]]] = {}
    for row in rows:
        image = cells.setdefault((row["image_set"], row["image"]), {})
        if outcome.is_ok(row) and row["bpp"] and (options.codecs is None or row["codec"] in options.codecs):
            image.setdefault(row["codec"], []).append(row)
    seen: dict[str, int] = {}
    stimuli = []
    for (image_set, _), codecs in cells.items():
        seen[image_set] = seen.get(image_set, 0) + 1
        if options.images is not None and seen[image_set] > options.images:
            continue
        for rate in options.rates:
            for candidates in codecs.values():
                row = min(candidates, key=lambda candidate: _distance(candidate, rate))
                if _distance(row, rate) <= math.log1p(options.tolerance):
                    stimuli.append(stimulus(row, rate))
    return stimuli


def stimulus(row: Mapping[str, str], rate: float) -> Stimulus:
    """The decoded image of a cell of rd.csv, compared at a target rate in bits per pixel."""
    return Stimulus(row["image_set"], row["image"], row["codec"], row["quality"], int(row["bytes"]), rate)


def pairs(stimuli: Sequence[Stimulus]) -> list[tuple[int, int]]:
    """The places of any two stimuli of one image at one target rate."""
    groups: dict[tuple[str, str, float], list[int]] = {}
    for index, stimulus in enumerate(stimuli):
        groups.setdefault((stimulus.image_set, stimulus.image, stimulus.rate), []).append(index)
    return [pair for group in groups.values() for pair in itertools.combinations(group, 2)]


def worst(rows: Sequence[Mapping[str, str]], metric: str) -> dict[tuple[str, str], Mapping[str, str]]:
    """For each (image set, image) the cell that scores worst at a metric: the trap beside the original."""
    sign, scores = registry.entry(metric).sign, {}
    for row in rows:
        key = row["image_set"], row["image"]
        if not outcome.is_ok(row) or not row.get(metric):
            continue
        if key not in scores or sign * float(row[metric]) < sign * float(scores[key][metric]):
            scores[key] = row
    return scores


def check(rows: Sequence[Mapping[str, str]], stimuli: Sequence[Stimulus], options: Options) -> None:
    """Raise StudyError where no two stimuli can be compared: which rates there are, and what to change."""
    if pairs(stimuli):
        return
    rates = sorted(float(row["bpp"]) for row in rows if row["bpp"])
    reach = f"the study's rates go from {rates[0]:.3g} to {rates[-1]:.3g} bpp" if rates else "no cell has a rate"
    asked = ", ".join(f"{rate:g}" for rate in options.rates)
    raise StudyError(
        f"no two codecs have a bitstream of one image within {options.tolerance:.0%} of {asked} bpp; {reach}; name "
        "other `rates`, a larger `tolerance`, or more `codecs` under `opinions` of the study"
    )


def _distance(row: Mapping[str, str], rate: float) -> float:
    return abs(math.log(float(row["bpp"]) / rate))
