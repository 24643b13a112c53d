"""What of a codec is bit-exact: encoded again, decoded in other processes and thread counts, and beside the records."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from study.codecs.registry import CodecSpec
from study.core import outcome
from study.core.errors import StudyError
from study.core.paths import ROOT

CHECKS = {
    "encode_again": "the same process encodes twice",
    "encode_process": "another process encodes",
    "encode_threads": "processes with other thread counts encode",
    "encode_record": "the study's bitstream is the one encoded here",
    "decode_process": "another process decodes the same bitstream",
    "decode_threads": "processes with other thread counts decode it",
    "decode_record": "the study's image is what its bitstream decodes to here",
}
COLUMNS = ("codec", "cells", *CHECKS, "reason")
SCRIPT = ROOT / "tools" / "audit.py"


class Cell(NamedTuple):
    """An image (its file) at a quality, and what the study has of it: bitstream and decoded image, if anything."""

    quality: float | str
    image: str
    weights: str | None = None
    bitstream: str | None = None
    decoded: str | None = None

    def __str__(self) -> str:
        return f"quality {self.quality}, {Path(self.image).stem}"


def row(
    codec: str, spec: CodecSpec, python: str, cells: Sequence[Cell], threads: Sequence[int], folder: Path
) -> dict[str, object]:
    """A row of `COLUMNS` for a codec: of each of `CHECKS`, in how many of the cells the bytes or samples are equal.

    `spec` is the codec's entry, `python` the interpreter of its environment. The first process and the one that is to
    be like it have one thread, further ones those of `threads`; the bitstreams are put into `folder`. `reason` tells
    the cells that differ or fail, the first of each kind.
    """
    plain = {"backend": spec.backend, "settings": spec.settings}
    jobs = [
        {"codec": codec, "spec": plain, "out": str(folder / str(number)), **cell._asdict()}
        for number, cell in enumerate(cells)
    ]
    first = _process(python, 1, [{**job, "first": True} for job in jobs])
    again = _process(python, 1, jobs[::-1])[::-1]  # another order: with other images before
    others = [_process(python, count, jobs) for count in threads]
    equal_cells: dict[str, dict[Cell, bool]] = {check: {} for check in CHECKS}
    failed: dict[tuple[str, str], Cell] = {}
    for number, cell in enumerate(cells):
        results = [first[number], again[number], *(other[number] for other in others)]
        ended = [(result["status"], outcome.in_words(result)) for result in results if not outcome.is_ok(result)]
        if ended:
            failed.setdefault(ended[0], cell)
            continue
        for check, equal in _compared(*results).items():
            equal_cells[check][cell] = equal
    return {
        "codec": codec,
        "cells": len(cells),
        **{check: f"{sum(equal.values())} of {len(equal)}" if equal else None for check, equal in equal_cells.items()},
        "reason": "; ".join([*_differing(equal_cells), *_failing(failed)]) or None,
    }


def work(job: Mapping) -> dict[str, object]:
    """What a process finds of a job: the sha256 of what it encodes and decodes, or the reason why there is none."""
    from study.codecs import registry as codec_registry
    from study.images import png

    weights = Path(job["weights"]) if job["weights"] else None
    codec = codec_registry.load(job["codec"], job["quality"], codec_registry.CodecSpec(**job["spec"]), weights)
    skip = codec.skip()
    if skip:
        return outcome.without(outcome.SKIPPED, skip)
    try:
        rgb = png.read(Path(job["image"]))
        data = codec.encode(rgb)
        result: dict[str, object] = {"status": outcome.OK, "encoded": _sha256(data)}
        if "first" in job:
            result["again"] = _sha256(codec.encode(rgb))
            Path(job["out"]).write_bytes(data)
            if job["bitstream"]:
                recorded = Path(job["bitstream"]).read_bytes()
                result["recorded"] = _sha256(recorded)
                if job["decoded"]:
                    decoded = png.read(Path(job["decoded"]))
                    result["record"] = bool((codec.decode(recorded) == decoded).all())
        return {**result, "decoded": _sha256(codec.decode(Path(job["out"]).read_bytes()).tobytes())}
    except Exception as error:  # of any kind: the audit goes on with the next cell
        kind = "" if isinstance(error, StudyError) else f"{type(error).__name__}: "
        return outcome.without(outcome.FAILED, f"{kind}{' '.join(str(error).split())[:300]}")


def _compared(first: Mapping, again: Mapping, *others: Mapping) -> dict[str, bool]:
    equal = {
        "encode_again": first["again"] == first["encoded"],
        "encode_process": again["encoded"] == first["encoded"],
        "decode_process": again["decoded"] == first["decoded"],
    }
    if others:
        equal["encode_threads"] = all(other["encoded"] == first["encoded"] for other in others)
        equal["decode_threads"] = all(other["decoded"] == first["decoded"] for other in others)
    if "recorded" in first:
        equal["encode_record"] = first["recorded"] == first["encoded"]
    if "record" in first:
        equal["decode_record"] = first["record"]
    return equal


def _differing(equal_cells: Mapping[str, Mapping[Cell, bool]]) -> list[str]:
    first = {
        check: next((cell for cell, equal in cells.items() if not equal), None) for check, cells in equal_cells.items()
    }
    return [f"{check} differs first at {cell}" for check, cell in first.items() if cell is not None]


def _failing(failed: Mapping[tuple[str, str], Cell]) -> list[str]:
    return [reason if status == outcome.SKIPPED else f"{cell}: {reason}" for (status, reason), cell in failed.items()]


def _process(python: str, threads: int, jobs: Sequence[Mapping]) -> list[dict]:
    """The results of jobs in a process of their own, on as many cores as threads if there are so many."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    done = subprocess.run(
        [python, str(SCRIPT), "--work"],
        input=json.dumps(list(jobs)),
        env=os.environ | {"OMP_NUM_THREADS": str(threads)},
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last_line = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        return [outcome.without(outcome.FAILED, f"the process ended: {last_line}")] * len(jobs)
    return json.loads(done.stdout.splitlines()[-1])


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def answer() -> None:
    """Do the jobs that standard input lists, and print their results on one line."""
    results = [work(job) for job in json.load(sys.stdin)]
    print(json.dumps(results))
