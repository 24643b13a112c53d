"""Interrupt a small study at seeded moments, again and again, and tell what came of each signal, as a table.

A copy of the checkout runs two crops of a photo through JPEG and a VVC encoder, up to the table of scores. SIGINT, once
or twice, and SIGTERM go to Snakemake, to make or to the group of both, and as `timeout` sends it. After each, all must
have ended within 5 s, with at most one line and no traceback; the same command then goes on, and images, bitstreams and
scores must be those of an undisturbed run, byte for byte. A SIGINT in the hundredths of a second in which Python itself
starts gives Python's own traceback, which is counted apart.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import skimage.data
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SIGNALS = {"SIGINT": [signal.SIGINT], "SIGINT twice": [signal.SIGINT] * 2, "SIGTERM": [signal.SIGTERM]}
CASES = [  # make alone waits for Snakemake at a SIGINT, which a terminal sends to both
    *((name, target) for name in SIGNALS for target in ("snakemake", "group")),
    ("SIGTERM", "make"),
    ("SIGTERM", "make, then group"),  # as `timeout` does
]
ENDED_S = 5.0
STUDY = {
    "study": "faults",
    "images": ["crops"],
    "codecs": {"jpeg": [30], "vvc": [37]},
    "define": {"images": {"crops": {"description": "two crops", "licence": "none", "folder": "crops"}}},
}
LINE = "interrupted; the same command goes on"
RUNNER = ".venv/bin/python tools/run_study.py"
COLUMNS = (
    "signal", "to", "moments", "all ended, at most s", "later than 5 s", "one line", "more lines", "tracebacks",
    "as Python itself starts",
)  # fmt: skip
PYTHON_STARTS = ("init_import_site", 'tools/run_study.py", line 0,')  # in a traceback of SIGINT before the first line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=100, help="signals in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        folder = checkout(Path(scratch, "checkout"))
        sys.exit(0 if interrupted(folder, arguments.moments, random.Random(arguments.seed)) else 1)


def checkout(folder: Path) -> Path:
    """A copy of the files under version control, with the study and this environment."""
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file() and not name.startswith(("docs/", "tests/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "crops").mkdir()
    photo = Image.fromarray(skimage.data.astronaut())
    for number, box in enumerate([(150, 0, 278, 96), (300, 250, 396, 378)]):
        photo.crop(box).save(folder / "crops" / f"{number}.png")
    (folder / "studies" / "faults.yaml").write_text(yaml.safe_dump(STUDY))
    return folder


def interrupted(folder: Path, moments: int, chance: random.Random) -> bool:
    """Whether all went well; prints the table."""
    whole, undisturbed = finished(folder)
    shutil.rmtree(folder / "results")
    outcomes: dict[tuple[str, str], list[dict]] = defaultdict(list)
    same, resumed, count = True, 0, 0
    while count < moments:
        case = CASES[count % len(CASES)]
        outcome = once(folder, *case, chance.uniform(0, 0.9) * undisturbed)
        if outcome is None:  # it was done before the moment came
            same &= products(folder) == whole
            resumed += 1
            shutil.rmtree(folder / "results")
            continue
        print(f"{count + 1}: {case[0]} to {case[1]}: {outcome}", file=sys.stderr, flush=True)
        outcomes[case].append(outcome)
        count += 1
    same &= run(folder).wait() == 0 and products(folder) == whole
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    for (name, target), those in outcomes.items():
        late = sum(outcome["seconds"] > ENDED_S for outcome in those)
        lines = [sum(outcome["lines"] == 1 for outcome in those), sum(outcome["lines"] > 1 for outcome in those)]
        traces = [sum(outcome[kind] for outcome in those) for kind in ("traceback", "starting")]
        slowest = f"{max(outcome['seconds'] for outcome in those):.1f}"
        print("|", " | ".join(map(str, (name, target, len(those), slowest, late, *lines, *traces))), "|")
    print(
        f"\n{count} signals; {resumed + 1} studies came to their end, their products "
        f"{'' if same else 'NOT '}those of an undisturbed run ({undisturbed:.0f} s), byte for byte"
    )
    return same and all(
        outcome["seconds"] <= ENDED_S and (outcome["starting"] or (outcome["lines"] <= 1 and not outcome["traceback"]))
        for those in outcomes.values()
        for outcome in those
    )


def run(folder: Path) -> subprocess.Popen:
    """Start `make study`, up to the table of scores, in a process group of its own."""
    stamps = ("--old-file=.venv/.study", "--old-file=.venv/.perceptual")
    command = ["make", *stamps, "study", "STUDY=faults", "CORES=2", "OPTIONS=results/studies/faults/rd.csv"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("STUDY_", "SNAKEMAKE_"))}
    with (folder / "run.log").open("w") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
        )


def finished(folder: Path) -> tuple[dict[str, str], float]:
    """The products of an undisturbed run, and the seconds that it took."""
    began = time.monotonic()
    if run(folder).wait():
        sys.exit((folder / "run.log").read_text())
    return products(folder), time.monotonic() - began


def once(folder: Path, name: str, target: str, moment: float) -> dict | None:
    """What comes of one signal after so many seconds; None if the run was done before."""
    process = run(folder)
    try:
        process.wait(moment)
        return None
    except subprocess.TimeoutExpired:
        pass
    runner = min((pid for pid, line in working(folder).items() if line.startswith(RUNNER)), default=process.pid)
    before = len((folder / "run.log").read_text().splitlines())
    sent = time.monotonic()
    for number in SIGNALS[name]:
        with suppress(ProcessLookupError):
            if target != "group":
                os.kill(runner if target == "snakemake" else process.pid, number)
            if target.endswith("group"):
                os.killpg(process.pid, number)
        time.sleep(0.02)
    reported = False
    while (left := working(folder)) and time.monotonic() - sent < 60:
        if not reported and time.monotonic() - sent > ENDED_S:
            print("still there:", *left.values(), sep="\n  ", file=sys.stderr, flush=True)
            reported = True
        process.poll()
        time.sleep(0.05)
    seconds = time.monotonic() - sent
    for pid in working(folder):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    log = (folder / "run.log").read_text()
    lines = [line for line in log.splitlines()[before:] if not line.startswith("make") and "Terminated" not in line]
    if lines != [LINE] * len(lines):
        print(*lines, sep="\n", file=sys.stderr)
    starting = LINE not in log and any(mark in log for mark in PYTHON_STARTS)
    return {
        "seconds": round(seconds, 2),
        "lines": 0 if starting else len(lines),
        "traceback": 0 if starting else log.count("Traceback"),
        "starting": int(starting),
        "told": LINE in log,
    }


def working(folder: Path) -> dict[int, str]:
    """The command lines of the processes that work in a folder, by process."""
    processes = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder.resolve():
                processes[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return processes


def products(folder: Path) -> dict[str, str]:
    """The sha256 of images, bitstreams, decoded images and scores."""
    wanted = ("images", "bitstreams", "decoded", "scores")
    measured = ("encoded.csv", "decoded.csv")
    files = [path for name in wanted for path in sorted((folder / "results" / name).rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in measured
    }


if __name__ == "__main__":
    main()
