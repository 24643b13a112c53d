"""Run a command under a Slurm of its own: one node, this machine, for as long as the command runs.

    python tests/support/slurm.py COMMAND [ARGUMENT ...]

munged, slurmctld and slurmd (Debian's packages slurm-wlm and munge) run in mount and process namespaces of their own:
the configuration is seen at /etc/slurm in there alone, every file lies in a temporary folder, and whatever still runs
at the end dies with the namespace. It must run as root. The exit status is the command's.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "unshare")
CONFIG = Path("/etc/slurm")
STARTING_S = 300
HELD: list[socket.socket] = []
# Snakemake's, with a Slurm that has no accounting and is this machine: files are seen at once, jobs end soon.
OPTIONS = (
    "--slurm-no-account", "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2",
    "--latency-wait", "5",
)  # fmt: skip


def missing() -> str | None:
    """Why Slurm can't run here, or None."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)}; apt-get install slurm-wlm munge"
    if not CONFIG.is_dir():
        return f"there is no folder {CONFIG}, over which the configuration is mounted"
    if os.geteuid() != 0:
        return "slurmd must run as root"
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True)
    return f"no namespaces: {tried.stderr.strip()}" if tried.returncode else None


def command(*inner: str) -> list[str]:
    """The command that runs another one under a Slurm of its own."""
    separate = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc")
    return [*separate, sys.executable, str(Path(__file__).resolve()), "--inside", *inner]


def main() -> int:
    if sys.argv[1:2] != ["--inside"]:
        reason = missing()
        if reason:
            sys.exit(f"Slurm can't run here: {reason}")
        return subprocess.run(command(*sys.argv[1:])).returncode
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        start(Path(folder))
        return subprocess.run(sys.argv[2:]).returncode


def start(folder: Path) -> None:
    """Start the daemons in this namespace; return when the node is idle."""
    (folder / "key").write_bytes(os.urandom(128))
    (folder / "key").chmod(0o600)
    folder.chmod(0o755)
    for name in ("etc", "state", "spool"):
        (folder / name).mkdir()
    (folder / "etc" / "slurm.conf").write_text(configuration(folder))
    subprocess.run(["mount", "--bind", folder / "etc", CONFIG], check=True)
    places = {"key-file": "key", "socket": "munge", "pid-file": "munge.pid", "seed-file": "seed", "log-file": "log"}
    options = [f"--{option}={folder / name}" for option, name in places.items()]
    daemon(folder, "munged", "--foreground", "--force", *options)
    wait_for(folder, "munged", lambda: (folder / "munge").exists())
    daemon(folder, "slurmctld", "-D")
    daemon(folder, "slurmd", "-D")
    wait_for(folder, "a node", lambda: "idle" in output("sinfo", "--noheader", "--format=%T"))


def configuration(folder: Path) -> str:
    host = socket.gethostname().split(".")[0]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    settings = {
        "ClusterName": "test",
        "SlurmctldHost": f"{host}(127.0.0.1)",
        "SlurmctldPort": free_port(),
        "SlurmdPort": free_port(),
        "SlurmUser": "root",
        "SlurmdUser": "root",
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={folder / 'munge'}",
        "CommunicationParameters": "NoCtldInAddrAny,NoInAddrAny",
        "StateSaveLocation": folder / "state",
        "SlurmdSpoolDir": folder / "spool",
        "SlurmctldPidFile": folder / "slurmctld.pid",
        "SlurmdPidFile": folder / "slurmd.pid",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "ReturnToService": 2,
        "MinJobAge": 43200,
        "AccountingStorageType": "accounting_storage/none",
        "JobAcctGatherType": "jobacct_gather/linux",
        "JobAcctGatherFrequency": "task=1",
        "JobAcctGatherParams": "OverMemoryKill",
        "MpiDefault": "none",
    }
    node = f"NodeName={host} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} RealMemory={memory} State=UNKNOWN"
    lines = [f"{key}={value}" for key, value in settings.items()]
    return "\n".join([*lines, node, "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP", ""])


def daemon(folder: Path, program: str, *options: str | Path) -> None:
    with (folder / f"{program}.log").open("wb") as log:
        subprocess.Popen([program, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def wait_for(folder: Path, what: str, ready) -> None:
    end = time.monotonic() + STARTING_S
    while not ready():
        if time.monotonic() > end:
            logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(folder.glob("*.log")))
            sys.exit(f"{what} didn't start:\n{logs}")
        time.sleep(0.1)


def output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True).stdout


def free_port() -> int:
    """A port that no other process is given while this one runs; Slurm's daemons may listen on it (SO_REUSEADDR)."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    HELD.append(held)
    return held.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
