"""Programs that a codec runs: each ends with this process, and the peak memory of those of one call is known.

`resource.RUSAGE_CHILDREN` has the largest child since the process began, so it can't tell a call's own. Here every
program is waited for with `wait4`, which has the figures of that one child.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study.core import isolation

_KIB = 1024
_peak = 0


class _Program(subprocess.Popen):
    """A process whose peak resident memory counts in `peak` as soon as it has been waited for."""

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        global _peak
        try:
            process, status, usage = os.wait4(self.pid, wait_flags)
        except ChildProcessError:  # someone else waited for it
            return self.pid, 0
        if process == self.pid:
            _peak = max(_peak, usage.ru_maxrss * _KIB)
        return process, status


def run(
    command: Sequence[str | os.PathLike],
    data: bytes | None = None,
    limit_s: float | None = None,
    folder: Path | None = None,
    files: Sequence[int] = (),
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end, with `data` as its input, in a folder, with some open files; its outputs are captured.

    It is killed when this process ends, however that ends. Raises OSError where it can't be started, and
    TimeoutExpired, the process being gone, after `limit_s` seconds.
    """
    how: dict[str, Any] = {"stdin": subprocess.DEVNULL} if data is None else {"stdin": subprocess.PIPE}
    with _Program(
        command,
        **how,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        pass_fds=files,
        preexec_fn=isolation.ends_with(os.getpid()),
    ) as program:
        try:
            output, errors = program.communicate(data, limit_s)
        except BaseException:
            program.kill()
            program.wait()
            raise
    return subprocess.CompletedProcess(command, program.returncode, output, errors)


def reset_peak() -> None:
    """Forget the programs that have run."""
    global _peak
    _peak = 0


def peak() -> int:
    """Peak resident memory in bytes of the largest program since `reset_peak`; 0 if none ran.

    On Linux a program counts with at least what this process had when it started it, since it begins as its copy.
    """
    return _peak
