"""Waiting for what other processes do: tests wait for events, never for a time in which something should be done."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
LONGEST_S = 600  # more than any machine needs: a guard against waiting for ever, and no requirement


def wait(ready: Callable[[], T], what: str, seconds: float = LONGEST_S) -> T:
    """The first true value of `ready()`. Raises AssertionError, saying what wasn't so, after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := ready()):
        assert time.monotonic() < end, f"after {seconds:.0f} s there is still not {what}"
        time.sleep(0.02)
    return value


def alive(process: int) -> bool:
    """Whether a process runs: one that has ended is no longer alive, even while nobody has waited for it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
