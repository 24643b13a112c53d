"""Run a large study from start to finished tables and page, at three sizes, and tell what it took.

Of up to 70 codecs, 8 qualities and 428 images in parts of 107 (7,000 jobs, 240,000 rows). Images are of 16x16 pixels
and every codec is JPEG, so that a job's own work is nothing and what is left is the workflow's. Of each size are
told: CPU seconds of all processes and of Snakemake's own, wall time, peak memory of Snakemake and of the largest
job, and the most threads that Snakemake had. A line through the sizes tells what a job costs, and how far the costs
are from a line: the largest residual as a share of the largest size's.

With `--replay` the jobs of codecs and scores of the larger sizes copy what those of the first made (a function of the
shell stands in for python), so that thousands of jobs take minutes: Snakemake's own share of such a run means nothing,
its CPU seconds, memory and threads are those of a run of real jobs.

With `--slurm` the jobs are submitted, in the profile's groups, to a Slurm on this machine that ends with the run
(tests/support/slurm.py: Debian's packages slurm-wlm and munge, as root). CPU seconds of all processes are then those of
Slurm's daemons and jobs, too; `snakemake_cpu_s` is that of the process which submits.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "support")]

import slurm
from study.core import atomic_io, errors, paths
from study.images import png

COLUMNS = (
    "jobs", "rows", "wall_s", "cpu_s", "snakemake_cpu_s", "snakemake_share", "snakemake_mb", "largest_mb", "threads"
)  # fmt: skip
SIDE = 16
SETTINGS = [
    {"subsampling": "4:2:0", "optimize": optimize, "progressive": progressive}
    for optimize, progressive in ((False, False), (True, False), (True, True))
] + [{"subsampling": name, "optimize": False, "progressive": False} for name in ("4:4:4", "4:2:2")]
PLAYER = """
python() {{
  case "$1" in
  */encode.py | */decode.py | */score.py)
    local out="" name number from
    while [ $# -gt 0 ]; do if [ "$1" = --out ]; then out=$2; fi; shift; done
    name=${{out#*/codec-}}; name=${{name%%/*}}
    number=$(( (1$name - 1000) % {codecs} ))
    number=$(printf %03d "$number")
    from={folder}/${{out%/codec-*}}/codec-$number/${{out#*/codec-*/}}
    cp -rl "${{from%/*}}/." "${{out%/*}}"
    cp --remove-destination "$from" "$out"
    ;;
  *) command python "$@" ;;
  esac
}}
"""


class Size(NamedTuple):
    """How many of what a study has."""

    codecs: int = 70
    qualities: int = 8
    images: int = 428
    part_size: int = 107


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in Size()._asdict().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value, help="default: %(default)s")
    parser.add_argument(
        "--shares", type=float, nargs="+", default=[1 / 14, 2 / 7, 1], help="sizes, as shares of the codecs"
    )
    parser.add_argument("--cores", type=int, default=2, help="jobs at a time (default: %(default)s)")
    parser.add_argument("--replay", action="store_true", help="larger sizes take their cells from the first one")
    parser.add_argument("--slurm", action="store_true", help="jobs run on a Slurm of its own, on this machine")
    parser.add_argument("--out", type=Path, help="also write <out>.csv")
    parser.add_argument("--keep", type=Path, help="folder for the studies (default: a temporary one)")
    arguments = parser.parse_args()
    full = Size(*(getattr(arguments, name) for name in Size._fields))
    if arguments.slurm and (reason := slurm.missing()):
        raise errors.StudyError(f"Slurm can't run here: {reason}")
    rows: list[Mapping[str, float]] = []
    player = None
    print(*COLUMNS)
    with tempfile.TemporaryDirectory(prefix="study-") as temporary:
        for share in arguments.shares:
            size = full._replace(codecs=max(1, round(full.codecs * share)))
            folder = Path(arguments.keep or temporary).resolve() / f"large-{size.codecs}"
            rows.append(measure(size, folder, arguments.cores, player, on_slurm=arguments.slurm))
            player = player or (write_player(folder, size) if arguments.replay else None)
            print(*(f"{rows[-1][name]:.5g}" for name in COLUMNS), flush=True)
    for name in ("wall_s", "cpu_s", "snakemake_cpu_s", "snakemake_mb", "largest_mb"):
        print(fitted([row["jobs"] for row in rows], [row[name] for row in rows], name))
    if arguments.out:
        atomic_io.write_rows(arguments.out.with_name(f"{arguments.out.name}.csv"), COLUMNS, rows)


def measure(
    size: Size, folder: Path, cores: int = 2, player: Path | None = None, on_slurm: bool = False
) -> Mapping[str, float]:
    """A row of `COLUMNS` for a study of that size, which is made and run in `folder`."""
    write(size, folder)
    figures = run(folder, "--cores", str(cores), player=player, on_slurm=on_slurm)
    return figures | {"rows": size.codecs * size.qualities * size.images}


def write_player(folder: Path, size: Size) -> Path:
    """Write what the shell of each job reads, to copy the cells of a finished study; the file."""
    if size.codecs % len(SETTINGS):
        raise errors.StudyError(f"a study to replay has a multiple of {len(SETTINGS)} codecs; found {size.codecs}")
    path = folder / "player.sh"
    path.write_text(PLAYER.format(folder=shlex.quote(str(folder)), codecs=size.codecs), encoding="utf-8")
    return path


def write(size: Size, folder: Path) -> None:
    """Write the study and its images into a folder."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number in range(size.images):
        png.write(folder / "images" / f"image-{number:03}.png", image(number))
    (folder / "study.yaml").write_text(json.dumps(make(size), indent=1), encoding="utf-8")  # JSON is YAML


def make(size: Size) -> dict:
    """The study's config."""
    qualities = np.unique(np.linspace(20, 90, size.qualities).astype(int)).tolist()
    entries = {}
    for number in range(size.codecs):
        name, settings = f"codec-{number:03}", SETTINGS[number % len(SETTINGS)]
        entries[name] = {
            "backend": "jpeg", "label": name, "family": "Bench", "parameter": "quality", "qualities": qualities,
            "settings": settings,
        }  # fmt: skip
    return {
        "study": "large",
        "images": ["tiny"],
        "codecs": dict.fromkeys(entries, "all"),
        "metrics": ["psnr_rgb", "psnr_y", "ssim"],
        "part_size": size.part_size,
        "bd_rate": {"anchor": "codec-000", "metrics": ["psnr_rgb"]},
        "figures": {"panels": ["psnr_rgb"]},
        "define": {"codecs": entries, "images": {"tiny": {"folder": "images", "was_jpeg": False}}},
    }


def image(number: int) -> np.ndarray:
    """A smooth image with some noise, uint8 [SIDE, SIDE, 3]."""
    draw = np.random.default_rng(number)
    across, down = np.meshgrid(*[np.linspace(0, 1, SIDE)] * 2)
    slopes = draw.uniform(-100, 100, (2, 3))
    smooth = 128 + across[..., None] * slopes[0] + down[..., None] * slopes[1]
    return np.clip(smooth + draw.normal(0, 8, smooth.shape), 0, 255).round().astype(np.uint8)


def command(folder: Path, *options: str, profile: str = "default") -> list[str]:
    """Snakemake on the study in `folder`."""
    words = [sys.executable, "-m", "snakemake", "--snakefile", paths.ROOT / "Snakefile", "--directory", folder]
    words += ["--workflow-profile", paths.ROOT / "profiles" / profile, "--configfile", folder / "study.yaml"]
    return [*map(str, words), *options]


def run(folder: Path, *options: str, player: Path | None = None, on_slurm: bool = False) -> dict[str, float]:
    """Run the study in `folder` to its end; all of `COLUMNS` but `rows`. Raises StudyError where it fails."""
    if on_slurm:
        words = slurm.command(*command(folder, *options, *slurm.OPTIONS, profile="slurm"))
    else:
        words = command(folder, *options)
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | ({"BASH_ENV": str(player)} if player else {})
    started, log = time.monotonic(), folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment)
        try:
            threads, own, memory = _watch(_below(process.pid) if on_slurm else process.pid)
        except BaseException:
            process.send_signal(signal.SIGTERM)
            raise
        _, status, usage = os.wait4(process.pid, 0)
    wall, process.returncode = time.monotonic() - started, os.waitstatus_to_exitcode(status)
    text = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode:
        raise errors.StudyError(f"snakemake failed, see {log}: {text[-1500:]}")
    spent = usage.ru_utime + usage.ru_stime
    return {
        "jobs": _jobs(folder), "wall_s": wall, "cpu_s": spent, "snakemake_cpu_s": own, "snakemake_share": own / spent,
        "snakemake_mb": memory / 1e6, "largest_mb": usage.ru_maxrss * 1024 / 1e6, "threads": threads,
    }  # fmt: skip


def _below(pid: int) -> int:
    """The process of Snakemake below that of a Slurm, once it is there; that of Slurm itself when this has ended."""
    outer = psutil.Process(pid)
    while outer.is_running() and outer.status() != psutil.STATUS_ZOMBIE:
        for process in outer.children(recursive=True):
            with suppress(psutil.Error):
                if "--workflow-profile" in process.cmdline() and process.parent().pid == outer.children()[0].pid:
                    return process.pid
        time.sleep(0.5)
    return pid


def _watch(pid: int) -> tuple[int, float, float]:
    """The most threads, the CPU seconds and the peak memory in bytes of a process alone, until it ends."""
    proc, threads, ticks, peak = Path(f"/proc/{pid}"), 0, 0, 0
    while True:
        try:
            fields = (proc / "stat").read_text().rpartition(")")[2].split()
            match = re.search(r"VmHWM:\s+(\d+)", (proc / "status").read_text())
        except OSError:
            break
        if fields[0] == "Z":
            break
        threads, ticks = max(threads, int(fields[17])), int(fields[11]) + int(fields[12])
        peak = max(peak, int(match[1]) * 1024 if match else 0)
        time.sleep(0.5)
    return threads, ticks / os.sysconf("SC_CLK_TCK"), peak


def _jobs(folder: Path) -> int:
    """How many jobs the last run did, by Snakemake's log."""
    last = max((folder / ".snakemake" / "log").glob("*.log"))
    done = re.findall(r"^(\d+) of (\d+) steps", last.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return int(done[-1][0]) if done else 0


def fitted(jobs: Sequence[float], values: Sequence[float], name: str) -> str:
    """The line through values over jobs, in words."""
    if len(jobs) < 2:
        return f"{name}: one size"
    slope, start = np.polyfit(jobs, values, 1)
    off = np.abs(np.polyval([slope, start], jobs) - values).max() / max(values)
    return f"{name}: {start:.4g} + {1000 * slope:.4g} for 1,000 jobs; {off:.1%} off the line at most"


if __name__ == "__main__":
    errors.guarded(main)
