"""Laboratories that go wrong, for the tests of the process that they run in."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from study.core.errors import StudyError


class Faulty:
    """Keeps what it was given, and crashes, hangs or refuses when asked to."""

    def __init__(self, image_sets: list[str], folder: Path, mirror: str | None) -> None:
        if "refused" in image_sets:
            raise StudyError("there is no such set")
        self._given: list[bytes] = []

    def drop(self, data: bytes) -> int:
        self._given.append(data)
        return len(self._given)

    def given(self) -> list[bytes]:
        return self._given

    def crash(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)

    def hang(self) -> None:
        time.sleep(1000)

    def refuse(self) -> None:
        raise StudyError("not this")
