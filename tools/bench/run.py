"""Run the benchmarks and write what they print to docs/benchmarks.md, each with its command, machine and date.

A benchmark that is not run keeps its section. Names: all of them by default, in order.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from study.analysis import provenance
from study.core import atomic_io, errors, paths

STUDY, TENSORFLOW = ".venv/bin/python", ".venv-tensorflow/bin/python"
BENCHES = {
    "Metrics": [STUDY, "tools/bench/scorer.py"],
    "Shortcuts": [STUDY, "tools/bench/shortcuts.py"],
    "Laboratory": [STUDY, "tools/bench/answer_time.py"],
    "Page": [STUDY, "tools/bench/page_start.py"],
    "Learned codecs": [STUDY, "tools/bench/learned.py"],
    "Entropy coding": [STUDY, "tools/bench/entropy_coding.py"],
    "TensorFlow Compression": [TENSORFLOW, "tools/bench/tfci.py"],
    "Graph": [STUDY, "tools/bench/graph.py", "--out", "results/bench/graph"],
    "Large study": [STUDY, "tools/bench/large.py", "--replay", "--out", "results/bench/large"],
    "Slurm": [STUDY, "tools/bench/large.py", "--slurm", "--shares", "0.143", "--out", "results/bench/slurm"],
    "Default study": [STUDY, "tools/bench/study_overhead.py"],
    "Kodak": [STUDY, "tools/bench/study_overhead.py", "--configfile", "studies/kodak.yaml", "--thin", "3"],
}
OPENING = """# Benchmarks

`make bench` writes this page: what each benchmark printed, on which machine and when. A section is of its last run.
Seconds of CPU are those of all processes; wall times on a machine that had other work beside are longer than need be.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"benchmarks to run: {', '.join(BENCHES)}")
    parser.add_argument("--out", type=Path, default=paths.ROOT / "docs" / "benchmarks.md", help="page to write")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in BENCHES:
            raise errors.StudyError(f"there is no benchmark {name!r}; {errors.allowed(name, BENCHES)}")
    failed, revision = [], _revision()  # before the page is written, which would make it "dirty"
    for name in arguments.names or BENCHES:
        print(f"== {name}", flush=True)
        text, status = run(name, BENCHES[name], revision)
        write(arguments.out, name, text, list(BENCHES))
        failed += [name] if status else []
    if failed:
        print(f"beyond their limits, or ended by an error: {', '.join(failed)}", file=sys.stderr)
    sys.exit(1 if failed else 0)


def run(name: str, command: Sequence[str], revision: str) -> tuple[str, int]:
    """The section of a benchmark, which is run and printed as it goes, and its exit status."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=paths.ROOT, env=environment)
    lines = []
    for line in process.stdout or ():
        print(line, end="", flush=True)
        lines.append(line)
    status, after = process.wait(), resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = sum(getattr(after, part) - getattr(before, part) for part in ("ru_utime", "ru_stime"))
    ended = "" if status == 0 else f" Exit status {status}: beyond its limits, or ended by an error."
    origin = f"{_machine(provenance.machine())}, {datetime.now(UTC):%Y-%m-%d}, revision {revision}."
    took = f"It took {time.monotonic() - started:.0f} s, {spent:.0f} s of CPU.{ended}"
    return f"## {name}\n\n{origin} {took}\n\n```\n$ {shlex.join(command)}\n{''.join(lines)}```\n", status


def write(page: Path, name: str, text: str, order: Sequence[str]) -> None:
    """Put the section of a benchmark into the page, in place of an earlier one, in the given order."""
    known = page.read_text(encoding="utf-8") if page.exists() else ""
    heads = "|".join(map(re.escape, order))
    parts = re.split(rf"^(?=## (?:{heads})$)", known, flags=re.MULTILINE)[1:]
    sections = {part[3:].partition("\n")[0]: part for part in parts}
    sections[name] = text
    kept = [sections[one].strip() for one in order if one in sections]
    atomic_io.write_text(page, "\n\n".join([OPENING.strip(), *kept]) + "\n")


def _machine(facts: Mapping[str, object]) -> str:
    return f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gib']} GiB, {facts['system']}"


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    errors.guarded(main)
