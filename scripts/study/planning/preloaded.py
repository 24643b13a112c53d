"""Processes that have imported what jobs import, and fork one for each job: start-up is paid once in a run.

A learned codec's job spends more CPU time on `import torch` than on its images: 1.1 s, of which a fork saves 0.85.
`start` is called when a run begins on this machine. It puts a `python` of its own first in PATH (`preloaded_client`),
which hands a job of this repository's scripts to the process of its kind, with its arguments, folder, environment and
files, and waits for it; anything else it hands on to the real Python, as it does where the process is gone. The job's
process is a fork of one that has imported modules and done nothing else, so results are the same. It is killed when its
client is, and with the run. A cluster's jobs start by themselves.
"""

from __future__ import annotations

import array
import atexit
import importlib
import marshal
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import traceback
from contextlib import ExitStack, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from study.core import isolation
from study.core.paths import SCRIPTS
from study.core.run_arrays import FOLDER

SWITCH = "STUDY_PRELOAD"  # `no` in the environment: every job starts by itself
IMPORTS = {
    "light": ("numpy", "PIL.Image", "PIL.PngImagePlugin", "argparse", "csv", "json", "hashlib"),
    "score": ("cv2",),
    "figures": ("pandas", "matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf"),
    "torch": (),  # see `_import`
}
LONGEST_SHEBANG = 120  # bytes that every Linux takes
CLIENT = Path(__file__).with_name("preloaded_client.py")
_HEADER = struct.Struct("=i")
_STDIN = 0


def start(scripts: Path = SCRIPTS) -> subprocess.Popen | None:
    """Start the process that jobs of `scripts` are forked from, and put its `python` into PATH; None where it can't be.

    It can't on a system without process descriptors (Linux has them), with a Python whose path no script can name, and
    where the environment says no (`SWITCH`).
    """
    shebang = f"#!{sys.executable} -IS"
    if os.environ.get(SWITCH) == "no" or not hasattr(os, "pidfd_open"):
        return None
    if len(shebang) > LONGEST_SHEBANG or any(letter.isspace() for letter in sys.executable):
        return None
    open_until_the_end = ExitStack()
    atexit.register(open_until_the_end.close)
    folder = open_until_the_end.enter_context(isolation.scratch())
    try:
        listeners = {kind: _listening(folder / kind) for kind in IMPORTS}
    except OSError:  # the folder's path is too long for a socket, say
        return None
    descriptors = [listener.fileno() for listener in listeners.values()]
    code = "import sys; sys.path.insert(0, sys.argv[1]); from study.planning import preloaded; preloaded.serve()"
    given = [str(SCRIPTS), str(folder), str(os.getpid()), *map(str, descriptors)]
    server = subprocess.Popen(
        [sys.executable, "-c", code, *given],
        stdin=subprocess.PIPE,
        pass_fds=descriptors,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    for listener in listeners.values():
        listener.close()
    shim = folder / "bin" / "python"
    shim.parent.mkdir()
    values = {"REAL": sys.executable, "SCRIPTS": os.path.realpath(scripts), "FOLDER": str(folder)}
    constants = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    shim.write_text(f"{shebang}\n{constants}{CLIENT.read_text(encoding='utf-8')}", encoding="utf-8")
    shim.chmod(0o755)
    os.environ[FOLDER] = str(folder)
    os.environ["PATH"] = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
    open_until_the_end.callback(_stop, server)
    return server


def _stop(server: subprocess.Popen) -> None:
    """End the processes: each ends when its standard input does, which also a killed run closes."""
    assert server.stdin is not None
    server.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        server.wait(2)


def job_of(client: int) -> int | None:
    """The process that does the job of a client, while it runs; None for any other process."""
    try:
        return int(Path(os.environ[FOLDER], f"job-{client}").read_text(encoding="ascii"))
    except (KeyError, OSError, ValueError):
        return None


class Family:
    """A process, as psutil.Process is one, whose children are also the forks that do its job and its children's."""

    def __init__(self, process: Any) -> None:
        self._process = process

    def __getattr__(self, name: str) -> Any:
        return getattr(self._process, name)

    def children(self, recursive: bool = True) -> list:
        """The processes below it."""
        below = self._process.children(recursive=recursive)
        for job in filter(None, map(job_of, [self._process.pid, *(process.pid for process in below)])):
            fork = type(self._process)(job)
            below += [fork, *fork.children(recursive=recursive)]
        return below


def serve() -> None:
    """Be the process that `start` starts: answer the clients of the light kind, and fork one for each other kind."""
    folder, parent, *descriptors = sys.argv[2:]
    isolation.ends_with(int(parent))()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which ends this process
    sys.argv = [""]
    sys.path[:] = [folder for folder in sys.path if folder]  # without the working folder
    listeners = {kind: socket.socket(fileno=int(number)) for kind, number in zip(IMPORTS, descriptors)}
    _import("light")
    _Server("light", listeners, Path(folder)).run()


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(512)
    return listener


def _import(kind: str) -> None:
    """Import what jobs of a kind import. What isn't installed is left to the jobs, which say so."""
    if kind == "torch":
        from study.codecs.compressai import startup

        with suppress(ImportError):
            startup.lighten_torch()
            importlib.import_module("torch")
            startup.load()
    for name in IMPORTS[kind]:
        with suppress(ImportError):
            importlib.import_module(name)


class _Server:
    """Forks a process for each job of one kind, tells its client how it ended, and kills it when the client is gone.

    The light kind's server also forks the servers of the other kinds, each at its first job.
    """

    def __init__(self, kind: str, listeners: dict[str, socket.socket], folder: Path) -> None:
        self._kind, self._listeners, self._folder = kind, listeners, folder
        self._clients: dict[socket.socket, int] = {}
        self._servers: list[int] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(_STDIN, selectors.EVENT_READ, ("run", None))
        for name, listener in listeners.items():
            self._selector.register(listener, selectors.EVENT_READ, ("listener", name))

    def run(self) -> NoReturn:
        while True:
            for key, _ in self._selector.select():
                what, value = key.data
                if what == "listener":
                    self._accept(value) if value == self._kind else self._fork_server(value)
                elif what == "client":
                    self._gone(value)
                elif what == "job":
                    self._ended(*value)
                elif what == "run":
                    self._end()

    def _end(self) -> NoReturn:
        """End when the run does, with all jobs, and wait for the servers of other kinds: so their time is counted."""
        for client in list(self._clients):
            self._gone(client)
        for server in self._servers:
            os.waitpid(server, 0)
        os._exit(0)

    def _fork_server(self, kind: str) -> None:
        listener = self._listeners[kind]
        parent = os.getpid()
        server = os.fork()
        if server == 0:
            isolation.ends_with(parent)()
            self._forget_all(but=listener)
            _import(kind)
            _Server(kind, {kind: listener}, self._folder).run()
        self._servers.append(server)
        self._selector.unregister(listener)
        listener.close()
        del self._listeners[kind]

    def _accept(self, kind: str) -> None:
        client, _ = self._listeners[kind].accept()
        try:
            client.settimeout(10)
            question, files = _received(client)
            client.settimeout(None)
        except (OSError, ValueError, EOFError, TypeError):
            client.close()
            return
        parent = os.getpid()
        job = os.fork()
        if job == 0:
            self._forget_all()
            client.close()
            _be_job(parent, question, files)
        for number in files:
            os.close(number)
        with suppress(OSError):
            (self._folder / f"job-{question['process']}").write_text(str(job), encoding="ascii")
        descriptor = os.pidfd_open(job)
        self._clients[client] = job
        self._selector.register(client, selectors.EVENT_READ, ("client", client))
        self._selector.register(
            descriptor, selectors.EVENT_READ, ("job", (job, descriptor, client, question["process"]))
        )

    def _gone(self, client: socket.socket) -> None:
        """A client sends nothing after its question: it was killed, and its job is to end too, unless it just has."""
        if client not in self._clients:
            return
        self._selector.unregister(client)
        for process in isolation.family(self._clients.pop(client)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        client.close()

    def _ended(self, job: int, descriptor: int, client: socket.socket, process: int) -> None:
        self._selector.unregister(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(job, 0)
        with suppress(OSError):
            (self._folder / f"job-{process}").unlink()
        if client in self._clients:
            del self._clients[client]
            self._selector.unregister(client)
            with suppress(OSError):
                client.sendall(_HEADER.pack(os.waitstatus_to_exitcode(status)))
            client.close()

    def _forget_all(self, but: socket.socket | None = None) -> None:
        """Close, in a fork, what belongs to the server."""
        for key in list(self._selector.get_map().values()):
            if key.fileobj is but or key.fileobj == _STDIN:
                continue
            if isinstance(key.fileobj, int):
                os.close(key.fileobj)
            elif isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()


def _received(client: socket.socket) -> tuple[dict, list[int]]:
    """A client's question: process, arguments, folder, environment, mask of files; and its three standard files."""
    data, ancillary, _, _ = client.recvmsg(2**16, socket.CMSG_SPACE(3 * 4))
    files = array.array("i")
    for level, kind, given in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(given[: len(given) - len(given) % files.itemsize])
    while len(data) < _HEADER.size or len(data) < _HEADER.size + _HEADER.unpack(data[: _HEADER.size])[0]:
        more = client.recv(2**16)
        if not more:
            raise EOFError
        data += more
    if len(files) != 3:
        raise ValueError(f"{len(files)} files in place of three")
    # from a process of this user, who alone may enter the socket's folder
    return marshal.loads(data[_HEADER.size :]), list(files)


def _be_job(parent: int, question: dict, files: list[int]) -> NoReturn:
    """Run a script as `python SCRIPT ARGUMENTS` would, in this fork, and end."""
    isolation.ends_with(parent)()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environ.update(question["environment"])
    os.chdir(question["folder"])
    os.umask(question["umask"])
    sys.argv = list(question["arguments"])
    sys.path[0] = str(Path(sys.argv[0]).absolute().parent)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "random" in sys.modules:
        sys.modules["random"].seed()
    status = 1
    try:
        _run(sys.argv[0])
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        if status == 1 and isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except BaseException:
        traceback.print_exc()
    with suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            status = status or 120  # as Python's own end does
    os._exit(status)


def _run(script: str) -> None:
    main = ModuleType("__main__")
    main.__file__ = script
    sys.modules["__main__"] = main
    exec(compile(Path(script).read_bytes(), script, "exec", dont_inherit=True), main.__dict__)
