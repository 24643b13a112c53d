"""A process of its own for the laboratory's work: a codec that crashes or hangs ends it, and it is started again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from lab import laboratory
from study.core.errors import StudyError

CALL_S = 60.0  # the longest that one answer may take
STARTING_S = 300.0  # and the start, in which images may be downloaded


class Worker:
    """Calls the methods of a `Laboratory` in a child process, one after the other.

    Images that the user gave are given again to a process that takes the place of another. `make` is what the process
    calls first, and is a function of a module.
    """

    def __init__(
        self,
        image_sets: Sequence[str],
        folder: Path,
        mirror: str | None = None,
        seconds: float = CALL_S,
        make: Callable[..., Any] = laboratory.Laboratory,
    ) -> None:
        self._arguments = make, list(image_sets), folder, mirror
        self._seconds = seconds
        self._lock = threading.Lock()
        self._dropped: list[bytes] = []
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    def call(self, method: str, arguments: Mapping[str, Any] | None = None) -> Any:
        """What a method answers. Raises StudyError for what it refuses, and where its process died or took too long."""
        with self._lock:
            if self._process is None or not self._process.is_alive():
                self._start()
            answer = self._asked(method, arguments or {}, self._seconds)
            if method == "drop":
                self._dropped.append((arguments or {})["data"])
                del self._dropped[: -laboratory.KEPT_DROPPED]
            return answer

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    def _start(self) -> None:
        self.close()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, os.getpid(), *self._arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._received(STARTING_S)
        for data in self._dropped:
            self._asked("drop", {"data": data}, self._seconds)

    def _asked(self, method: str, arguments: Mapping[str, Any], seconds: float) -> Any:
        assert self._connection is not None
        try:
            self._connection.send((method, dict(arguments)))
        except OSError:
            self._ended()
        return self._received(seconds)

    def _received(self, seconds: float) -> Any:
        assert self._connection is not None
        try:
            if not self._connection.poll(seconds):
                self.close()
                raise StudyError(
                    f"it took more than {seconds:g} s and was stopped; try a smaller image or another edit"
                )
            good, answer = self._connection.recv()
        except (EOFError, OSError):
            self._ended()
        if not good:
            raise StudyError(answer)
        return answer

    def _ended(self) -> None:
        assert self._process is not None
        self._process.join(5)
        code = self._process.exitcode
        self.close()
        how = f"by signal {-code} ({signal.Signals(-code).name})" if code and code < 0 else f"with exit status {code}"
        raise StudyError(f"the codec's process ended {how}; it is started again for what you do next")


def _end_with(parent: int) -> None:
    """End this process when its parent has. Linux's own signal for that comes as soon as the parent's thread ends."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _serve(connection: Connection, parent: int, make: Callable[..., Any], *arguments: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        laboratory_ = make(*arguments)
    except StudyError as error:
        connection.send((False, str(error)))
        return
    connection.send((True, None))
    while True:
        try:
            method, given = connection.recv()
        except EOFError:
            return
        connection.send(laboratory.answer(laboratory_, method, given))
