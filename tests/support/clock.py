"""A clock that a child process moves on, so that limits of time are tested without waiting and on any machine."""

from __future__ import annotations

import mmap
import struct
import time
from types import SimpleNamespace

import pytest

from study.core import isolation

STATE = struct.Struct("=dq")  # the seconds, and how often the parent looked
ROUND = 20  # the parent looks less often at it between two readings of what the child sent


class Clock:
    """For `isolation`, in place of the machine's: it stands still until the work in the child moves it on.

    The memory is shared with processes that are forked later.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._state = mmap.mmap(-1, STATE.size)
        monkeypatch.setattr(isolation, "time", SimpleNamespace(monotonic=self._look))
        monkeypatch.setattr(isolation, "_GLANCE_S", 0.01)

    def move(self, seconds: float) -> None:
        """In the child: let time go by, once the parent has read all that was sent; return when it has seen that."""
        self._parent_looks()
        now, _ = STATE.unpack(self._state)
        self._state[:8] = struct.pack("=d", now + seconds)
        self._parent_looks()

    def _parent_looks(self) -> None:
        """Wait until the parent has begun a new round."""
        _, before = STATE.unpack(self._state)
        while STATE.unpack(self._state)[1] < before + ROUND:
            time.sleep(0.01)

    def _look(self) -> float:
        now, looks = STATE.unpack(self._state)
        self._state[8:] = struct.pack("=q", looks + 1)
        return now
