"""Work in a child process: what crashes, hangs or takes all memory fails alone."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from clock import Clock
from study.core import isolation
from study.core.errors import StudyError
from study.core.isolation import Limit, run
from waiting import alive, wait

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def crash() -> None:
    ctypes.string_at(0)


def devour() -> None:
    taken = []
    while True:
        taken.append(bytearray(b"x") * 50_000_000)


def start(faults: dict):
    """Work that squares a number, but does something else for those in `faults`."""
    return lambda: lambda number: faults.get(number, lambda: None)() or {"square": number**2}


def squares(*numbers: int) -> list[dict]:
    return [{"square": number**2} for number in numbers]


def test_results_come_in_order_from_another_process() -> None:
    assert run(range(5), start({}), Limit()) == squares(*range(5))
    assert run([], start({}), Limit()) == []
    (there,) = run([0], lambda: lambda _: {"pid": os.getpid()}, Limit())
    assert there["pid"] != os.getpid()


def test_numbers_come_back_as_they_were() -> None:
    row = {"a": 0.1 + 0.2, "b": 5e-324, "c": 2**60, "d": "é\n\0", "e": None, "f": float("inf")}
    assert run([row], lambda: lambda thing: thing, Limit()) == [row]


@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_crash_fails_alone(at: int) -> None:
    results = run(range(5), start({at: crash}), Limit())
    assert results[at] == "the process was killed by signal 11 (SIGSEGV)"
    assert [row for row in results if row != results[at]] == squares(*(n for n in range(5) if n != at))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_hang_fails_alone_and_takes_its_children_along(clock: Clock) -> None:
    marker = f"{time.time_ns()}"

    def hang() -> None:
        sleeping = subprocess.Popen(["sleep", f"600.{marker}"])
        clock.move(6)
        sleeping.wait()

    results = run(range(3), start({1: hang}), Limit(seconds=5))
    assert results == [
        *squares(0),
        "it was stopped after 5 s, the time limit of a cell (cell_limit.seconds)",
        *squares(2),
    ]
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.slow
def test_the_limit_of_time_is_that_of_one_thing(clock: Clock) -> None:
    nap = dict.fromkeys(range(7), lambda: clock.move(5))
    assert run(range(7), start(nap), Limit(seconds=6)) == squares(*range(7))


@pytest.mark.slow
def test_hunger_for_memory_fails_alone() -> None:
    results = run(range(3), start({1: devour}), Limit(memory_gb=1.5))
    assert [results[0], results[2]] == squares(0, 2)
    assert results[1].startswith("it was stopped at ") and "cell_limit.memory_gb" in results[1]


@pytest.mark.slow
def test_memory_of_a_process_that_it_started_counts() -> None:
    hungry = [sys.executable, "-c", "import time; taken = bytearray(b'x') * 2_000_000_000; time.sleep(600)"]
    (result,) = run([0], start({0: lambda: subprocess.run(hungry)}), Limit(memory_gb=1.5))
    assert "cell_limit.memory_gb" in result


def test_memory_that_the_machine_lacks_is_a_reason_to_try_the_job_again(monkeypatch) -> None:
    monkeypatch.setattr(isolation, "memory", lambda: 2**30)
    with pytest.raises(StudyError, match=r"GiB of memory, nearly all there is; the job is tried again with more"):
        run(range(3), start({1: devour}), Limit(again=1))
    (result,) = run([0], start({0: devour}), Limit())
    assert result.endswith("of memory, nearly all there is")


def test_killed_from_outside() -> None:
    suicide = {1: lambda: os.kill(os.getpid(), signal.SIGKILL)}
    results = run(range(3), start(suicide), Limit())
    assert results[1] == "the process was killed by signal 9 (SIGKILL), which the system sends where memory runs out"
    with pytest.raises(StudyError, match="tried again with more memory"):
        run(range(3), start(suicide), Limit(again=2))


@pytest.mark.parametrize("leave", [lambda: os._exit(3), lambda: sys.exit(3)])
def test_a_process_that_ends_by_itself(leave) -> None:
    results = run(range(3), start({1: leave}), Limit())
    assert results == [*squares(0), "the process ended by itself, with exit status 3", *squares(2)]


def test_it_gives_up_after_three_in_a_row() -> None:
    results = run(range(9), start({1: crash, **dict.fromkeys(range(3, 9), crash)}), Limit())
    assert results[:3] == [*squares(0), "the process was killed by signal 11 (SIGSEGV)", *squares(2)]
    assert results[3:6] == ["the process was killed by signal 11 (SIGSEGV)"] * 3
    assert results[6:] == [f"not tried, since 3 images in a row ended like this: {results[3]}"] * 3


def test_a_crash_while_starting_fails_at_most_three_times(tmp_path) -> None:
    def started():
        with (tmp_path / "starts").open("a") as file:
            file.write("x")
        crash()

    assert all(isinstance(result, str) for result in run(range(20), started, Limit()))
    assert (tmp_path / "starts").read_text() == "xxx"


def test_errors_of_the_work_are_raised_here(capfd) -> None:
    def wrong():
        raise StudyError("what to do")

    def bug():
        raise KeyError("a bug")

    def unwritable():
        Path("/proc/self/nothing").write_text("")

    with pytest.raises(StudyError, match="what to do"):
        run([0], start({0: wrong}), Limit())
    with pytest.raises(StudyError, match="/proc/self/nothing: No such file"):
        run([0], start({0: unwritable}), Limit())
    with pytest.raises(SystemExit):
        run([0], start({0: bug}), Limit())
    assert "KeyError: 'a bug'" in capfd.readouterr().err


def test_a_child_dies_with_its_parent(tmp_path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from study.core.isolation import Limit, run\n"
        "def work(_): Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)\n"
        "run([0], lambda: work, Limit())"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "pid"], env=os.environ | {"PYTHONPATH": str(SCRIPTS)}
    )
    child = int(wait(lambda: _read(tmp_path / "pid"), "a child"))
    assert alive(child)
    parent.kill()
    parent.wait()
    wait(lambda: not alive(child), "an end of the child")


def test_memory_is_at_most_the_machines(monkeypatch) -> None:
    whole = isolation.memory()
    assert 2**28 < whole <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "100")
    assert isolation.memory() == 100 * 2**20


def test_a_killed_process_leaves_its_scratch_to_the_next(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "import time; from study.core import isolation\n"
        "with isolation.scratch() as folder: (folder / 'stream').write_text('x'); print(flush=True); time.sleep(600)"
    )
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS), "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        (left,) = tmp_path.glob("*/*/stream")
        with isolation.scratch() as own:
            assert left.exists() and own.is_dir(), "a living process's folder stays"
        assert not own.exists()
        other.kill()
    assert left.exists()
    with isolation.scratch():
        assert not left.parent.exists()


def test_a_scratch_that_is_being_made_is_not_taken_for_one_left(tmp_path, monkeypatch) -> None:
    """Another process that begins between the making of a folder and its lock waits; it would remove the folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    other = threading.Thread(target=lambda: isolation.scratch().__enter__())
    make = tempfile.mkdtemp

    def made(*given, **options) -> str:
        folder = make(*given, **options)
        if not other.ident:
            other.start()
            other.join(0.5)  # it can't end before this process has locked its folder
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", made)
    with isolation.scratch() as folder:
        other.join()
        (folder / "stream").write_text("x")


@pytest.mark.slow
def test_the_time_of_a_start_is_not_that_of_a_thing(clock: Clock) -> None:
    def starts(seconds: float):
        clock.move(seconds)
        return lambda number: {"square": number**2}

    assert run(range(3), lambda: starts(599), Limit(seconds=5)) == squares(*range(3))
    (result,) = run([0], lambda: starts(601), Limit(seconds=5))
    assert result == "it was stopped after 600 s in which it wasn't ready to begin"
