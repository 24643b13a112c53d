"""Jobs that are forked from a process with their imports: they do and end as they would by themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from study.core import paths
from study.metrics import registry as metrics
from study.planning import preloaded
from thinned import one_of_a_kind
from waiting import LONGEST_S, alive, wait

START = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from study.core import paths
from study.planning import preloaded
from pathlib import Path
server = preloaded.start(Path(sys.argv[2]))
print(os.environ["PATH"].split(":")[0], os.environ.get(preloaded.FOLDER), server.pid, flush=True)
sys.stdin.read()
"""
SCRIPT = """
import os, sys, signal, subprocess, time
sys.stdout.write(f"{os.getcwd()} {sys.argv[1:]} {os.environ['OWN']} {sys.stdin.read()} {'numpy' in sys.modules}\\n")
umask = os.umask(0)
print(f"{umask:o} {__name__} {sys.path[0] == os.path.dirname(os.path.abspath(__file__))} {os.getppid()}")
"""


@dataclass
class Run:
    """A run that has started its processes: its own process, the folder of its `python`, and of the jobs' scripts."""

    process: subprocess.Popen
    path: str
    folder: str
    server: int
    scripts: Path

    def command(self, text: str, *arguments: str, name: str = "job") -> list[str]:
        script = self.scripts / f"{name}.py"
        script.write_text(text)
        return ["python", str(script), *arguments]

    def environment(self, **own: str) -> dict[str, str]:
        path = f"{self.path}{os.pathsep}{os.environ['PATH']}"
        return os.environ | {"PATH": path, "OMP_NUM_THREADS": "1", preloaded.FOLDER: self.folder} | own

    def job(self, text: str, *arguments: str, name: str = "job", **own: str) -> subprocess.CompletedProcess:
        command = self.command(text, *arguments, name=name)
        return subprocess.run(command, env=self.environment(**own), capture_output=True, text=True, timeout=LONGEST_S)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    command = [sys.executable, "-c", START, str(paths.SCRIPTS), str(scripts)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    path, folder, server = process.stdout.readline().split()
    yield Run(process, path, folder, int(server), scripts)
    process.kill()
    process.wait()


def test_a_job_has_its_arguments_folder_environment_and_files(run: Run, tmp_path: Path) -> None:
    command = run.command(SCRIPT, "one", "two words")
    given = {"cwd": tmp_path, "env": run.environment(OWN="x"), "input": "in", "text": True, "umask": 0o27}
    done = subprocess.run(command, capture_output=True, timeout=LONGEST_S, **given)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == f"{tmp_path} ['one', 'two words'] x in True"
    assert second == f"27 __main__ True {run.server}"


@pytest.mark.parametrize(
    ("text", "status", "error"),
    one_of_a_kind(
        [
            ("pass", 0, ""),
            ("raise SystemExit(7)", 7, ""),
            ("raise SystemExit('no good')", 1, "no good\n"),
            ("raise SystemExit", 0, ""),
            ("1 / 0", 1, "ZeroDivisionError"),
            ("import os; os._exit(9)", 9, ""),
            ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV, ""),
            ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
            ("import atexit, sys; atexit.register(print, 'bye', file=sys.stderr)", 0, "bye\n"),
            ("def broken(", 1, "SyntaxError"),
        ],
        lambda case: (case[1] > 0) - (case[1] < 0),
    ),
)
def test_a_job_ends_as_by_itself(run: Run, text: str, status: int, error: str) -> None:
    done = run.job(text)
    assert done.returncode == status and error in done.stderr
    assert subprocess.run([sys.executable, run.scripts / "job.py"], capture_output=True).returncode == status


NETWORKS = ("lpips_alex", "lpips_vgg", "dists")


@pytest.mark.parametrize(
    ("name", "arguments", "module"),
    one_of_a_kind(
        [
            ("encode", (), "PIL.Image"),
            ("encode", ("--weights", "x"), "torch"),
            ("score", (), "cv2"),
            *(("score", ("--metrics", metrics.recipes([name])), "torch") for name in NETWORKS),
            ("plot_bd", (), "matplotlib.figure"),
            ("bd_rate", (), "pandas"),
        ],
        lambda case: "a job",
    ),
)
def test_a_jobs_imports_are_there(run: Run, name: str, arguments: tuple, module: str) -> None:
    done = run.job(f"import sys; print({module!r} in sys.modules)", *arguments, name=name)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize("kind", ["train", "more threads", "elsewhere", "code"])
def test_python_itself_does_everything_else(run: Run, tmp_path: Path, kind: str) -> None:
    command = run.command("import os; print(os.getppid())", name="train" if kind == "train" else "job")
    environment = run.environment(OMP_NUM_THREADS="2" if kind == "more threads" else "1")
    if kind == "elsewhere":
        command[1] = str(Path(command[1]).rename(tmp_path / "job.py"))
    if kind == "code":
        command[1:] = ["-c", "import os; print(os.getppid())"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST_S)
    assert done.stdout == f"{os.getpid()}\n", done.stderr


def test_a_job_is_killed_with_its_client(run: Run, tmp_path: Path) -> None:
    text = f"""
import subprocess, time, os
child = subprocess.Popen(["sleep", "1000"])
open({str(tmp_path / "started")!r} + ".part", "w").write(f"{{os.getpid()}} {{child.pid}}")
os.rename({str(tmp_path / "started")!r} + ".part", {str(tmp_path / "started")!r})
time.sleep(1000)
"""
    client = subprocess.Popen(run.command(text), env=run.environment())
    wait((tmp_path / "started").exists, "a job")
    processes = list(map(int, (tmp_path / "started").read_text().split()))
    client.terminate()
    assert client.wait() == -signal.SIGTERM
    wait(lambda: not any(map(alive, processes)), "an end of the job and its child")
    assert run.job("print('next')").stdout == "next\n"


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, None], ids=["killed", "ended"])
def test_everything_ends_with_the_run(run: Run, tmp_path: Path, how: signal.Signals | None) -> None:
    text = f"import time; open({str(tmp_path / 'started')!r}, 'w'); time.sleep(1000)"
    for name, arguments in (("encode", ("--weights", "x")), ("job", ())):
        assert run.job("", *arguments, name=name).returncode == 0
    client = subprocess.Popen(run.command(text), env=run.environment(), stderr=subprocess.PIPE, text=True)
    wait((tmp_path / "started").exists, "a job")
    family = psutil.Process(run.server).children(recursive=True)
    assert len(family) == 2  # the server of learned codecs, and the job
    run.process.send_signal(how) if how else run.process.stdin.close()
    assert client.wait(LONGEST_S) != 0
    wait(lambda: not any(alive(process.pid) for process in family), "an end of the run's processes")
    run.process.wait(LONGEST_S)
    if how is None:
        assert not Path(run.folder).exists()


def test_without_the_process_a_job_starts_by_itself(run: Run) -> None:
    os.kill(run.server, signal.SIGKILL)
    wait(lambda: not alive(run.server), "an end of the server")
    assert run.job("import os; print(os.getppid())").stdout == f"{os.getpid()}\n"


def test_benchmarks_see_the_fork(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(preloaded.FOLDER, run.folder)
    text = f"import time, os; open({str(tmp_path / 'started')!r}, 'w').write(str(os.getpid())); time.sleep(1000)"
    client = subprocess.Popen(run.command(text), env=run.environment())
    wait(lambda: (tmp_path / "started").exists() and (tmp_path / "started").read_text(), "a job")
    wait(lambda: preloaded.job_of(client.pid), "the number of its process")
    family = preloaded.Family(psutil.Process(client.pid))
    assert [process.pid for process in family.children()] == [int((tmp_path / "started").read_text())]
    assert family.pid == client.pid
    client.kill()
    client.wait()
    wait(lambda: preloaded.job_of(client.pid) is None, "an end of the job")
    assert preloaded.job_of(os.getpid()) is None


def test_where_it_cannot_be_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.environ["PATH"]
    monkeypatch.setenv(preloaded.SWITCH, "no")
    assert preloaded.start() is None
    monkeypatch.delenv(preloaded.SWITCH)
    monkeypatch.setattr(sys, "executable", "/a folder/python")
    assert preloaded.start() is None
    monkeypatch.setattr(sys, "executable", f"/{'long' * 40}/python")
    assert preloaded.start() is None
    assert os.environ["PATH"] == before
