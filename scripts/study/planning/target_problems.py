"""What is wrong with a target that a study gives a codec."""

from __future__ import annotations

import math
from collections.abc import Iterator

from study.codecs import registry, targeted
from study.core.errors import StudyError, allowed
from study.metrics.registry import REGISTRY
from study.planning.entries import CodecEntry, TargetValues, check_codec


def problems(codec: str, target: TargetValues, entry: CodecEntry) -> Iterator[str]:
    """A sentence for each thing that makes a codec's target impossible."""
    where = f"codecs.{codec}.target"
    known = (*targeted.RATES, *REGISTRY)
    if target.metric not in known:
        yield f"{where}.metric: {target.metric!r} is unknown; {allowed(target.metric, known)}"
    labels: dict[str, float] = {}
    for part in target.all():
        if not math.isfinite(part.value) or (part.metric in targeted.RATES and part.value <= 0):
            wanted = "more than 0" if part.metric in targeted.RATES else "a finite number"
            yield f"{where}.values: found {part.value!r}; allowed: {wanted}"
        elif part.label in labels:
            yield f"{where}.values: {labels[part.label]!r} and {part.value!r} are the same"
        labels[part.label] = part.value
    if entry.range is None:
        yield (
            f"{where}: this codec declares no range of its parameter to search, since each of its qualities has "
            "weights or a file of its own, or nobody said one; list qualities, or give its entry `range: [worst, best]`"
        )
        return
    yield from _range_problems(where, codec, entry)


def _range_problems(where: str, codec: str, entry: CodecEntry) -> Iterator[str]:
    worst, best = entry.range or (0, 0)
    if worst == best or not all(map(math.isfinite, (worst, best))):
        yield f"{where}: the codec's range is {entry.range}; allowed: two different numbers, the worst first"
        return
    try:
        files = set()
        for quality in (worst, best):
            check_codec(codec, quality, entry)
            source = registry.backend(entry.backend, entry.settings).weights_source(entry.settings, quality)
            files.add(source and source.file)
    except StudyError as error:
        yield f"{where}: {error}"
        return
    if len(files) > 1:
        yield f"{where}: each quality of this codec has weights of its own; list qualities instead"
