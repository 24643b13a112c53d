"""A run that is told to end (SIGINT, SIGTERM) says so in one line, and ends with all that it started."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType

from study.core import isolation

CLEAR_LINE = "\r\x1b[2K"  # the bar of the run's progress may stand there
LINE = "interrupted; the same command goes on"
PATIENCE_S = 3.0  # for what a run does at its end: a lock released, jobs of a cluster cancelled
AGAIN_S = 1.0  # a second signal after so long is meant; one before it is the same Ctrl-C, from make and the terminal

_noted: list[float] = []


def handle(_signal: int, _frame: FrameType | None) -> None:
    """What a signal does: one line, no more output, every process of the run killed, then KeyboardInterrupt.

    Files are written under other names first, so that what is killed leaves nothing half done. What the run still does
    after `PATIENCE_S` seconds, or at another signal, is not waited for.
    """
    now = time.monotonic()
    if _noted:
        if now - _noted[0] > AGAIN_S:
            _end()
        return
    _noted.append(now)
    _say_last(LINE)
    timer = threading.Timer(PATIENCE_S, _end)
    timer.daemon = True
    timer.start()
    _kill_children()
    raise KeyboardInterrupt


def noted() -> bool:
    """Whether a signal has come."""
    return bool(_noted)


def _say_last(line: str) -> None:
    """Write a line to the standard error, and nothing more to that and to the standard output."""
    with suppress(OSError):
        os.write(2, f"{CLEAR_LINE if os.isatty(2) else ''}{line}\n".encode())
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    os.close(silence)


def _kill_children() -> None:
    """Kill every process below this one, until none is left: one may start another meanwhile."""
    for _ in range(20):
        family = isolation.family(os.getpid())[1:]
        if not family:
            return
        for process in family:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.01)


def _end() -> None:
    _kill_children()
    os._exit(128 + signal.SIGINT)


@atexit.register  # here, when nothing else is loaded, so that it is called after all that others have registered
def _end_if_told() -> None:
    """Spare an interrupted run what Python does last: seconds, for the millions of objects of a graph."""
    if _noted:
        _end()
