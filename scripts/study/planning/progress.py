"""What a run shows of itself: one bar where there is a terminal, a line now and then where there is none."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from study.core import results
from study.planning import interruption

SIGNAL_S = 0.1
JOB_TEXTS = frozenset(
    {
        "workflow_started",
        "job_info",
        "job_started",
        "job_finished",
        "shellcmd",
        "progress",
        "resources_info",
        "group_info",
    }
)
CHATTER = ("Select jobs to execute", "Execute ")
SHOWN_AT_ONCE = 3  # jobs that run now, by name; the others are counted
BAR_COLUMNS = 76  # what the bar takes of a line, with hours and thousands of jobs
BAR = "{percentage:3.0f}% |{bar:24}| {n_fmt} of {total_fmt} jobs, {elapsed}, about {remaining} to go{postfix}"
NARROW = 116  # columns of a terminal below which the bar is short, so that there is room for what runs now
SHORT_COLUMNS = 45
NO_SPACE = re.compile(r"\[Errno (28|122)\]|No space left on device|Disk quota exceeded")
OWN_SENTENCE = re.compile(r"can't write .*")
OWN_FILE = re.compile(r"directory (/\S+)|: '([^'\n]+)'")
LEAST_SPACE = 2**20  # bytes, below which a failure is laid to the disk
SHORT_BAR = "{percentage:3.0f}% |{bar:6}| {n_fmt} of {total_fmt}, {remaining} to go{postfix}"


class Progress(logging.Handler):
    """Shows how far a run is, from Snakemake's events: jobs done, time taken, time left, and what runs now.

    On a terminal that is one bar, which stays below all other output. Elsewhere it is a line, at most one every `every`
    seconds. The time left is that of the jobs left at the pace so far: a guess, and called so.
    """

    def __init__(self, stream: TextIO | None = None, every: float = 10.0) -> None:
        super().__init__()
        self._stream = stream or sys.stderr
        self._every = every
        self._start = self._last = time.monotonic()
        self._running: dict[int, str] = {}
        self._bar: tqdm | None = None
        self._total: int | None = None
        self._partial = ""
        self.live = self._stream.isatty()

    def emit(self, record: logging.LogRecord) -> None:
        event = event_of(record)
        if event == "job_info":
            self._running[record.jobid] = job_name(record.rule_name, record.wildcards or {})  # type: ignore[attr-defined]
        elif event == "job_finished":
            self._running.pop(record.job_id, None)  # type: ignore[attr-defined]
        elif event == "job_error":
            self._running.pop(record.jobid, None)  # type: ignore[attr-defined]
        elif event == "run_info":
            self._total = record.stats.get("total")  # type: ignore[attr-defined]
            if self.live and self._bar is None:
                self._bar = tqdm(total=self._total, file=self._stream, bar_format=BAR, dynamic_ncols=True, leave=False)
        elif event == "progress":
            # Snakemake's own total counts jobs that `--until` leaves out
            self._show(record.done, self._total or record.total)  # type: ignore[attr-defined]
        if self._bar is not None and event in ("job_info", "job_finished", "job_error"):
            self._bar.bar_format = SHORT_BAR if _columns() < NARROW else BAR
            self._bar.set_postfix_str(self._now(), refresh=False)
            self._bar.update(0)

    def write(self, text: str) -> int:
        """Write other output above the bar, line by line: the stream of Snakemake's own handler."""
        whole, newline, rest = (self._partial + text).rpartition("\n")
        self._partial = rest
        if newline and self._bar is not None:
            with tqdm.external_write_mode(file=self._stream):
                self._stream.write(whole + newline)
        elif newline:
            self._stream.write(whole + newline)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self.live

    def close(self) -> None:
        """Take the bar away, so that what is written next begins a line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        super().close()

    def _now(self) -> str:
        """What runs now, as many jobs by name as the terminal has room for."""
        jobs = list(self._running.values())
        if _columns() < NARROW:
            return shortened(jobs, _columns() - SHORT_COLUMNS)
        room = _columns() - BAR_COLUMNS
        for shown in range(min(SHOWN_AT_ONCE, len(jobs)), 0, -1):
            more = f" and {len(jobs) - shown} more" if len(jobs) > shown else ""
            words = f"now: {', '.join(jobs[:shown])}{more}"
            if len(words) <= room:
                return words
        return ""

    def _show(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
            return
        now = time.monotonic()
        if now - self._last < self._every and done < total:
            return
        self._last = now
        print(line(done, total, now - self._start), file=self._stream, flush=True)


class Texts(logging.Filter):
    """Lets through what a user must see: errors, warnings, the table of jobs. Texts of single jobs stay in the log.

    Ctrl-C ends jobs as well, whose errors may come before this process has seen the signal: they wait a moment for it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            time.sleep(SIGNAL_S)
            return not interruption.noted()
        if record.levelno >= logging.WARNING:
            return True
        return event_of(record) not in JOB_TEXTS and not record.getMessage().startswith(CHATTER)


class FullDisk(logging.Filter):
    """Keeps back what Snakemake says of a full disk under its own files, and has `write` give one sentence instead.

    What a job says of one is let through: its text names the job.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write
        self._noted = False

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if self._noted and text.startswith("Ignore corrupted"):  # the file that the disk had no room for
            return False
        if record.levelno < logging.WARNING or event_of(record) == "job_error" or not NO_SPACE.search(text):
            return True
        if not self._noted:
            self._noted = True
            self._write(f"error: {_of_full_disk(text)}\n")
        return False


def _of_full_disk(text: str) -> str:
    """The sentence for an error's text that tells of a full disk."""
    if sentence := OWN_SENTENCE.search(text):
        return sentence.group()
    path = OWN_FILE.search(text)
    disk = f"the disk of {path.group(1) or path.group(2)}" if path else "the disk"
    return f"no space left on {disk}; free some space and give the same command again"


def _columns() -> int:
    return shutil.get_terminal_size().columns


def shortened(jobs: Sequence[str], room: int) -> str:
    """The first of some jobs, cut to that many characters, with the count of the others; nothing in less than 12."""
    if not jobs or room < 12:
        return ""
    more = f" +{len(jobs) - 1}" if len(jobs) > 1 else ""
    first = jobs[0] if len(jobs[0]) + len(more) <= room else f"{jobs[0][: room - len(more) - 1]}…"
    return first + more


def event_of(record: logging.LogRecord) -> str:
    """The name of the event that a record of Snakemake tells, or nothing."""
    event = getattr(record, "event", None)
    return str(getattr(event, "value", event) or "")


def job_name(rule: str, wildcards: Mapping[str, object]) -> str:
    """`encode kodak webp 80`."""
    return " ".join([rule, *(str(value) for value in wildcards.values())])


def line(done: int, total: int, seconds: float) -> str:
    """`120 of 255 jobs done, 135 left; 0:45 so far, about 0:51 to go`."""
    left = total - done
    guess = f", about {_clock(seconds * left / done)} to go" if left and done else ""
    return f"{done} of {total} jobs done, {left} left; {_clock(seconds)} so far{guess}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def in_storage(provider: str, folder: str) -> str:
    """The last words of a run whose results are in a storage; `folder` is the study's in there."""
    return f"what was asked for is done; the study's folder in the storage ({provider}): {folder}"


def _full_disk(folders: Iterable[str]) -> str | None:
    """What is to be said of the first folder whose disk is full; the message of a job can't be written then."""
    for folder in filter(os.path.isdir, folders):
        free = shutil.disk_usage(folder).free
        if free < LEAST_SPACE:
            return f"the disk of {folder} has {free // 1024} KiB left; free some space and give the same command again"
    return None


def closing(folder: str | Path, failed: bool = False) -> str:
    """The last words of a run: which cells lack a value, and where the results are."""
    folder = Path(folder)
    complete = folder / "complete.txt"
    if failed:
        text = f"the study is not complete: {_full_disk((results.FOLDER, '.snakemake')) or 'see the errors above'}\n"
    elif complete.exists():
        text = complete.read_text(encoding="utf-8")
    else:
        text = "what was asked for is done; the study as a whole is not\n"
    where = f"Page: {folder}/index.html. Tables: {folder}/rd.csv, means.csv, bd.csv. Figures: {folder}/figures/"
    return f"{text}{where}" if folder.exists() else text.rstrip()
