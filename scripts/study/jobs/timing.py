"""Times of one codec at one quality, measured apart from the study: repeated calls, on one core, with nothing beside.

Every image has the same warm-up: one whole encoding and decoding of it, which aren't counted. That nothing runs beside
is the workflow's part (the rule `time_codec` takes all cores); that it is one core is this module's. A machine's speed
drifts over minutes, so a study's codecs are timed in rounds: each once, then each again.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from study.codecs.base import Codec
from study.core import atomic_io, columns, isolation, outcome, readers
from study.core.isolation import Limit
from study.images import png
from study.jobs import supervised


def time_set(
    codec: Codec, images: Path, record: Path, *, count: int, repeats: int, machine: str, limit: Limit | None = None
) -> None:
    """Time a codec on the first `count` of an image set's record, and write `record` (CSV, `columns.TIMING`).

    Seconds are wall-clock: the median of `repeats` calls (`_s`), the shortest and the longest (`_s_lo`, `_s_hi`);
    `_cpu_s` is the median of processor time, that of programs which the codec runs included. `machine` names this one.
    """
    sources = readers.read_record(images, ("image", "file", "width", "height", "sha256"))[:count]

    def start() -> Callable[[Mapping], dict]:
        _pin()
        skip, versions = supervised.state(codec)
        if skip is None:
            supervised.quietly(codec.prepare)

        def work(source: Mapping) -> dict:
            if skip is not None:
                return outcome.without(outcome.SKIPPED, skip)
            return supervised.attempted(lambda: timed(source) | {"versions": versions} | outcome.ok())

        def timed(source: Mapping) -> dict:
            rgb = np.ascontiguousarray(png.verified(images.parent / source["file"], source["sha256"]))
            data = codec.encode(rgb)
            codec.decode(data)
            taken = {"encode": [], "decode": []}
            for _ in range(repeats):
                taken["encode"].append(measured(lambda: codec.encode(rgb)))
                taken["decode"].append(measured(lambda: codec.decode(data)))
            return {f"{stage}_{name}": value for stage in taken for name, value in summary(taken[stage]).items()}

        return work

    rows = [
        {name: source[name] for name in ("image", "width", "height")}
        | {"repeats": repeats, "machine": machine}
        | supervised.ended(codec, source["image"], result)
        for source, result in zip(sources, isolation.run(sources, start, limit or Limit()))
    ]
    atomic_io.write_rows(record, columns.TIMING, rows)


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and processor seconds of a call; the latter with those of programs that it ran and waited for."""
    cpu, wall = _cpu(), time.perf_counter()
    call()
    return time.perf_counter() - wall, _cpu() - cpu


def summary(taken: list[tuple[float, float]]) -> dict[str, float]:
    """The figures of a stage from (wall, processor) seconds of its calls."""
    walls, cpus = zip(*taken)
    values = statistics.median(walls), min(walls), max(walls), statistics.median(cpus)
    return {name: round(value, 6) for name, value in zip(columns.TIMES, values)}


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _pin() -> None:
    """Keep this process, and what it starts, to one core: the last of those that it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
