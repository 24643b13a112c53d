"""Progress lines of a run: jobs done, jobs left, time taken, time left."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path


class Progress(logging.Handler):
    """Writes a line to stderr, at most one every `every` seconds, as Snakemake reports that jobs are done.

    The time left is that of the jobs left at the pace so far: a guess, and called so.
    """

    def __init__(self, every: float = 2.0) -> None:
        super().__init__()
        self._every = every
        self._start = self._last = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        done, total = getattr(record, "done", None), getattr(record, "total", None)
        if done is None or total is None:
            return
        now = time.monotonic()
        if now - self._last < self._every and done < total:
            return
        self._last = now
        print(line(done, total, now - self._start), file=sys.stderr, flush=True)


def line(done: int, total: int, seconds: float) -> str:
    """`120 of 255 jobs done, 135 left; 0:45 so far, about 0:51 to go`."""
    left = total - done
    guess = f", about {_clock(seconds * left / done)} to go" if left and done else ""
    return f"{done} of {total} jobs done, {left} left; {_clock(seconds)} so far{guess}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def closing(folder: str | Path, failed: bool = False) -> str:
    """The last words of a run: which cells lack a value, and where the results are."""
    folder = Path(folder)
    complete = folder / "complete.txt"
    if failed:
        said = "the study is not complete: see the errors above\n"
    elif complete.exists():
        said = complete.read_text(encoding="utf-8")
    else:
        said = "what was asked for is done; the study as a whole is not\n"
    where = f"Page: {folder}/index.html. Tables: {folder}/rd.csv, means.csv, bd.csv. Figures: {folder}/figures/"
    return f"{said}{where}" if folder.exists() else said.rstrip()
