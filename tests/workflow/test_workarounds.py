"""Each workaround for Snakemake: that it works, and that this version of Snakemake still needs it."""

from __future__ import annotations

import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from waiting import LONGEST_S

ROOT = Path(__file__).resolve().parents[2]
DUMMY = """
rule all:
    input: expand("out/{{number}}", number=range({jobs}))
rule one:
    output: "out/{{number}}"
    shell: "touch {{output}}"
"""


@cache
def workarounds() -> dict[str, Any]:
    """The functions of the files, by name."""
    files = [ROOT / "rules" / name for name in ("workarounds.smk", "samples.smk")]
    return runpy.run_path(str(files[0])) | runpy.run_path(str(files[1]))


def original() -> type:
    """The scheduler's class of the installed Snakemake, which loads all its plugins."""
    from snakemake.scheduling import job_scheduler

    return job_scheduler.JobScheduler


def subclass() -> type:
    """The same for a test to change."""
    return type("Scheduler", (original(),), {})


def scheduler(kind: type) -> Any:
    """A scheduler as far as timers and signals need it."""
    made = kind.__new__(kind)
    made._open_jobs, made._lock, made._user_kill = threading.Semaphore(0), threading.Lock(), None
    return made


class Timer:
    """In place of threading's: it waits until the test lets time go by."""

    started: ClassVar[list[Timer]] = []

    def __init__(self, delay: float, function: Callable, arguments: tuple = (), *rest: object) -> None:
        self.delay, self.call, self.daemon = delay, lambda: function(*arguments), False

    def start(self) -> None:
        self.started.append(self)

    def cancel(self) -> None:
        self.call = lambda: None


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[Timer]:
    """The timers that were started."""
    monkeypatch.setattr(threading, "Timer", Timer)
    monkeypatch.setattr(Timer, "started", [])
    return Timer.started


def wakes(made: Any, timers: list[Timer], delays: list[float]) -> list[float]:
    """The delays after which some requests wake the scheduler."""
    timers.clear()
    for delay in delays:
        made._schedule_reevalutation(delay)
    woken = []
    for timer in sorted(timers, key=lambda timer: timer.delay):
        timer.call()
        while made._open_jobs.acquire(blocking=False):
            woken.append(timer.delay)
    return woken


@pytest.mark.slow
def test_snakemake_still_starts_a_timer_for_each_pass(timers: list[Timer]) -> None:
    made = scheduler(original())
    assert wakes(made, timers, [0.1] * 5) == [0.1] * 5, "take limit_timers out of the workarounds"


def test_one_timer_is_pending_and_the_earliest_counts(timers: list[Timer]) -> None:
    kind = subclass()
    workarounds()["limit_timers"](kind)
    made = scheduler(kind)
    assert wakes(made, timers, [10] * 5) == [10] and len(timers) == 1
    assert wakes(made, timers, [20]) == [20], "the next pass's"
    assert wakes(made, timers, [60, 10, 30]) == [10] and timers[0].daemon


def ends(kind: type) -> bool:
    """Whether the handler of SIGTERM returns, and is heeded, when the interrupted thread holds the scheduler's lock."""
    made = scheduler(kind)
    handled = threading.Thread(target=made.exit_gracefully, daemon=True)
    with made._lock:
        handled.start()
        handled.join(1)
        returned = not handled.is_alive()
    return returned and made._open_jobs.acquire(timeout=LONGEST_S) and made._user_kill == "graceful"


@pytest.mark.slow
def test_snakemake_still_handles_sigterm_under_its_lock() -> None:
    assert not ends(original()), "take end_at_once out of the workarounds"


def test_sigterm_and_sigint_end_a_run_at_once() -> None:
    kind, received = subclass(), []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        main = SimpleNamespace(is_main_process=True)
        workarounds()["end_at_once"](main, lambda *given: received.append(given[0]), kind)
        for number in before:
            signal.raise_signal(number)
        scheduler(kind).exit_gracefully(signal.SIGTERM, None)  # which Snakemake installs for SIGTERM
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert received == [signal.SIGINT, signal.SIGTERM, signal.SIGTERM]


def test_signatures_are_kept() -> None:
    def given(wildcards: object, input: object) -> None:
        """An input function."""

    rule = SimpleNamespace(input=["file", given], params=[], group=None, conda_env=None)
    workarounds()["keep_signatures"]([rule])
    assert list(given.__signature__.parameters) == ["wildcards", "input"]


@pytest.mark.study
def test_threads_stay_few_as_jobs_end(tmp_path: Path) -> None:
    watch = "import os, threading; onsuccess:\n    print('threads', threading.active_count())\n"
    setup = f"include: {str(ROOT / 'rules' / 'workarounds.smk')!r}\nlimit_timers()\n"
    counts = {}
    for name, text in (("plain", ""), ("limited", setup)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Snakefile").write_text(watch.replace("; ", "\n") + text + DUMMY.format(jobs=60))
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--scheduler", "greedy", "--quiet", "all"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_S)
        assert done.returncode == 0, done.stderr
        counts[name] = int(done.stdout.split("threads", 1)[1].split()[0])
    assert counts["limited"] <= 6
    assert counts["plain"] > 3 * counts["limited"], "Snakemake's threads no longer grow with the jobs"


def samples(schedule: Callable, monkeypatch: pytest.MonkeyPatch, seconds: float) -> list[float]:
    """When a job's benchmark takes samples in the first seconds, by a function that schedules the next one."""
    from snakemake import benchmark

    timer = SimpleNamespace(_interval=benchmark.BENCHMARK_INTERVAL, _times_called=1, _action=None)
    delays: list[float] = []
    monkeypatch.setattr(
        benchmark, "DaemonTimer", lambda delay, action: SimpleNamespace(start=lambda: delays.append(delay))
    )
    times = [0.0]
    while times[-1] <= seconds:
        schedule(timer)
        timer._times_called += 1
        times.append(times[-1] + delays[-1])
    return times[:-1]


def test_samples_of_a_benchmark_come_ever_further_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    from snakemake import benchmark

    kind = type("Timer", (benchmark.ScheduledPeriodicTimer,), {})
    workarounds()["space_samples"](kind)
    times = samples(kind._schedule, monkeypatch, 600)
    assert times[:4] == [0, 0.5, 1.25, 2.375] and sum(time < 12 for time in times) == 7
    assert max(after - before for before, after in pairwise(times)) == benchmark.BENCHMARK_INTERVAL


@pytest.mark.slow
def test_snakemake_still_takes_a_sample_each_half_second(monkeypatch: pytest.MonkeyPatch) -> None:
    from snakemake import benchmark

    times = samples(benchmark.ScheduledPeriodicTimer._schedule, monkeypatch, 12)
    assert len(times) > 20, "take space_samples out of the workarounds"
