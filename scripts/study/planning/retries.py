"""Scores that failed are computed again by the next run, as failed bitstreams and images are (`cells.generation`).

A score record holds no `generation`: another column would have every score of earlier versions computed again. A record
with a failed row has a file of its own instead, with another name at each run, which is an input of its job.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from study.core import atomic_io, outcome, results


def note(table: str | Path, records: Iterable[str]) -> None:
    """Give each of `records` that has a failed row another file. Raises WriteError.

    `table` is what the records were gathered into; without a failed row there, they aren't read.
    """
    if not _failed(table):
        return
    for record in filter(_failed, records):
        before = inputs(record)
        number = max((int(Path(path).stem) for path in before), default=0) + 1
        atomic_io.write_text(_folder(record) / f"{number}.json", f"{number}\n")
        for path in before:
            Path(path).unlink()


def inputs(record: str) -> list[str]:
    """The file of a record, in a list; none if no row of it ever failed."""
    return sorted(map(str, _folder(record).glob("[0-9]*.json")))


def _folder(record: str) -> Path:
    return Path(results.spec(f"retries/{Path(record).with_suffix('').relative_to(results.FOLDER)}")).with_suffix("")


def _failed(path: str | Path) -> bool:
    """Whether a table has a failed row; not if it isn't there or has no statuses."""
    try:
        with Path(path).open(newline="", encoding="utf-8") as lines:
            return any(row.get("status") == outcome.FAILED for row in csv.DictReader(lines))
    except FileNotFoundError:
        return False
