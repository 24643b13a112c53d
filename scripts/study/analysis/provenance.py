"""Where and when a study's records were made: the machine, the packages, and what a run made or found there."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from study.core import readers
from study.core import results as core_results
from study.core.cell import Cell
from study.core.paths import ROOT

STARTED = "STUDY_STARTED"


def facts(results: Path, parts: Iterable[str], cells: Iterable[Cell], started: float | None) -> dict:
    """Machine, packages and records, for JSON.

    `parts` are image sets or parts of them, `results` is the folder of the records. A record that
    is younger than `started` (seconds since 1970; the run's start) counts as made by this run, an older one as reused.
    """
    cells = list(cells)
    paths: dict[str, list[str] | list[Path]] = {
        "fetch_images": [core_results.images(part, results) for part in parts],
        "encode": [cell.encoded(results) for cell in cells],
        "decode": [cell.decoded(results) for cell in cells],
        "score": [path for cell in cells for path in sorted(Path(cell.scores("", results)).parent.glob("*.csv"))],
    }
    return {
        "machine": machine(),
        "packages": packages(),
        "records": [_stage(name, map(Path, listed), started) for name, listed in paths.items()],
    }


def image_hashes(results: Path, sets: Mapping[str, Iterable[str]]) -> dict[str, dict[str, str]]:
    """The sha256 of the file of each image, by image set; `sets` has the parts of each set."""
    return {
        name: {
            row["image"]: row["sha256"]
            for part in parts
            for row in readers.read_record(core_results.images(part, results), ("image", "sha256"))
        }
        for name, parts in sets.items()
    }


def machine() -> Mapping[str, object]:
    """Processor, cores that this process may use, memory in GiB, system, Python."""
    import psutil

    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{_system()}, kernel {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def packages() -> dict[str, str]:
    """The installed versions of what `envs/study.in` names."""
    lines = (ROOT / "envs" / "study.in").read_text(encoding="utf-8").splitlines()
    names = [re.split(r"[=<>!~\[; ]", line.split("#")[0].strip())[0] for line in lines]
    versions = {}
    for name in filter(None, names):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def started() -> float | None:
    """When the run of this process began, if the workflow told."""
    text = os.environ.get(STARTED)
    return float(text) if text else None


def _stage(name: str, paths: Iterable[Path], started: float | None) -> dict:
    times = sorted(path.stat().st_mtime for path in paths if path.exists())
    new = None if started is None else sum(time >= started for time in times)
    return {
        "rule": name,
        "records": len(times),
        "made": new,
        "reused": None if new is None else len(times) - new,
        "first": _moment(times[0]) if times else None,
        "last": _moment(times[-1]) if times else None,
    }


def _moment(time: float) -> str:
    return datetime.fromtimestamp(int(time), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def processor() -> str:
    """The name of this machine's processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    if sys.platform == "linux":
        try:
            return platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):
            pass
    return f"{platform.system()}"
