"""One run at a time in a folder: a lock that dies with the process, so that a kill leaves none behind."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from study.core.errors import StudyError, WriteError

_held: list = []  # the open file is the lock


def hold(results: str | Path = "results") -> None:
    """Hold the lock of the folder `results` until this process ends.

    Raises StudyError, which names the process of the other run, if another one holds it, and WriteError where the
    folder can't be written.
    """
    path = Path(results, ".running")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise WriteError(f"can't write {path}: {error.strerror}; free some space or correct the rights") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        process = file.read().strip() or "unknown"
        raise StudyError(
            f"another run works in this folder (process {process}): wait for it, or use another clone"
        ) from None
    _held.append(file)
    file.truncate(0)
    file.write(f"{os.getpid()} on {os.uname().nodename}\n")
    file.flush()
