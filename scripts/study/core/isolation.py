"""Work on many things in a child process, so that one which crashes, hangs or takes all memory harms no other.

The child is a fork of this process, made before anything heavy is imported, and writes a line to a pipe for every thing
done. Should it die or pass a limit, the thing it was at fails with a reason, and a new child does the rest.
"""

from __future__ import annotations

import ctypes
import faulthandler
import fcntl
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from study.core.errors import StudyError, message

STARTING_S = 600  # for what `start` does in a child, however little time a thing may take
GIVE_UP = 3  # failures of a child in a row, after which the rest isn't tried
_GLANCE_S = 0.2  # how often memory is looked at
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STDERR = 2
_DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Limit:
    """What one thing may take: seconds of wall-clock time, and GiB of memory of the child and its own children.

    The time is that of the work on a thing; what a child does first, such as loading a model, has `STARTING_S`. None
    stands for no limit of time, and for the memory that this machine or container has, less a tenth. `again` is how
    often a scheduler would try the whole job again, with more memory.
    """

    seconds: float | None = None
    memory_gb: float | None = None
    again: int = 0


class _Failure(Exception):
    """A child that died or was stopped. `starved`: for want of memory that another try of the job may have."""

    def __init__(self, reason: str, starved: bool = False) -> None:
        super().__init__(reason)
        self.starved = starved


def run(things: Sequence, start: Callable[[], Callable], limit: Limit) -> list[dict | str]:
    """`start()(thing)` of every thing, in order; a text instead, the reason, where the process died or was stopped.

    `start` is called in each child. Results must be what JSON can hold. An exception of either is raised here, as
    StudyError if a user is meant to read it; so is memory that ran out while `limit.again` allows the job another try.
    """
    results: list[dict | str] = []
    failures = 0
    while len(results) < len(things):
        done = len(results)
        try:
            _run(things[done:], start, limit, results)
        except _Failure as failure:
            if failure.starved and limit.again:
                raise StudyError(f"{failure}; the job is tried again with more memory") from None
            failures = failures + 1 if len(results) == done else 1
            results.append(str(failure))
            if failures == GIVE_UP:
                reason = f"not tried, since {GIVE_UP} images in a row ended like this: {failure}"
                results += [reason] * (len(things) - len(results))
    return results


def ends_with(parent: int) -> Callable[[], None]:
    """What a process that `parent` starts calls first (`preexec_fn`), so that it is killed when `parent` ends.

    On Linux alone; elsewhere a process outlives a parent that was killed.
    """
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return lambda: None

    def prepare() -> None:
        prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:  # it ended in between
            os._exit(1)

    return prepare


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this process for temporary files, removed at the end; those of killed processes are removed first.

    A folder that nobody locks is one of a killed process. So that no other process takes a folder for such before its
    own has locked it, one at a time looks and makes its folder, under the lock of the folder above.
    """
    above = Path(tempfile.gettempdir(), f"image-compression-study-{os.getuid()}")
    above.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as until_the_end:
        with _locked(above, wait=True):
            for left in above.iterdir():
                with _locked(left) as nobodys:
                    if nobodys:
                        shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(dir=above))
            until_the_end.enter_context(_locked(folder))
            until_the_end.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


@contextmanager
def _locked(folder: Path, wait: bool = False) -> Iterator[bool]:
    """Hold the lock of a folder, which ends with this process; false where another has it or none can be had."""
    with ExitStack() as until_the_end:
        try:
            handle = os.open(folder, os.O_RDONLY)
            until_the_end.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            held = True
        except OSError:
            held = False
        yield held


def _run(things: Sequence, start: Callable[[], Callable], limit: Limit, results: list) -> None:
    """Append the results of a child to `results` as they come; raise _Failure where it ends too early."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_child(parent, things, start, writing)
    os.close(writing)
    try:
        _watch(child, reading, len(things), limit, results)
    finally:
        _kill(child)
        os.close(reading)


def _be_child(parent: int, things: Sequence, start: Callable[[], Callable], writing: int) -> None:
    status = 1
    try:
        ends_with(parent)()
        faulthandler.enable(_STDERR)  # a crash leaves its stack in the log
        work = start()
        _send(writing, {"started": True})
        for thing in things:
            _send(writing, {"result": work(thing)})
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException as error:
        sentence = message(error)
        if sentence is None:
            traceback.print_exc()
        _send(writing, {"error": sentence})
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _send(writing: int, answer: dict) -> None:
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[os.write(writing, data) :]


def _watch(child: int, reading: int, count: int, limit: Limit, results: list) -> None:
    """Read the child's messages until it ends. Raises _Failure, and what the child raised."""
    allowed = limit.memory_gb * 2**30 if limit.memory_gb else memory() * 0.9
    since, wanted, started = time.monotonic(), len(results) + count, False
    pending = b""
    while True:
        ready, _, _ = select.select([reading], [], [], _GLANCE_S)
        if ready:
            block = os.read(reading, 2**16)
            *lines, pending = (pending + block).split(b"\n")
            for line in lines:
                answer = json.loads(line)
                if "error" in answer:
                    raise StudyError(answer["error"]) if answer["error"] else SystemExit(1)
                since = time.monotonic()
                if "started" in answer:
                    started = True
                else:
                    results.append(answer["result"])
            if not block:
                break
        seconds = limit.seconds if started or not limit.seconds else max(limit.seconds, STARTING_S)
        if seconds and time.monotonic() - since > seconds:
            if len(results) == wanted:
                return
            if not started:
                raise _Failure(f"it was stopped after {seconds:g} s in which it wasn't ready to begin")
            raise _Failure(f"it was stopped after {limit.seconds:g} s, the time limit of a cell (cell_limit.seconds)")
        used = sum(_resident(process) for process in family(child))
        if used > allowed:
            key = " (cell_limit.memory_gb)" if limit.memory_gb else ", nearly all there is"
            raise _Failure(f"it was stopped at {used / 2**30:.1f} GiB of memory{key}", not limit.memory_gb)
    _, ended = os.waitpid(child, 0)
    if len(results) == wanted:
        return
    if os.WIFSIGNALED(ended):
        number = os.WTERMSIG(ended)
        hint = ", which the system sends where memory runs out" if number == signal.SIGKILL else ""
        raise _Failure(
            f"the process was killed by signal {number} ({signal.Signals(number).name}){hint}", number == signal.SIGKILL
        )
    raise _Failure(f"the process ended by itself, with exit status {os.WEXITSTATUS(ended)}")


def memory() -> int:
    """The memory in bytes that processes here may use: the machine's, or what Slurm or a container leave of it."""
    limits = [os.sysconf("SC_PHYS_PAGES") * _PAGE]
    if os.environ.get("SLURM_MEM_PER_NODE", "0").isdigit():
        limits.append(int(os.environ.get("SLURM_MEM_PER_NODE", "0")) * 2**20)
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, cgroup = line.split(":", 2)
            root = Path("/sys/fs/cgroup", "memory" if controllers == "memory" else "")
            for group in (root / cgroup.lstrip("/"), *(root / cgroup.lstrip("/")).parents):
                for name in ("memory.max", "memory.limit_in_bytes"):
                    with suppress(OSError, ValueError):
                        limits.append(int((group / name).read_text()))
    return min(limit for limit in limits if limit > 0)


def _kill(child: int) -> None:
    """End a child and its own children, and wait for it."""
    for process in family(child):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)


def family(process: int) -> list[int]:
    """A process and its descendants."""
    family = [process]
    for member in family:
        with suppress(OSError):
            for thread in Path(f"/proc/{member}/task").iterdir():
                family += map(int, (thread / "children").read_text().split())
    return family


def _resident(process: int) -> int:
    """The memory of a process in bytes, without what it shares with others; 0 if it is gone."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE
