"""Measure what a large study costs before any job runs: Snakemake's graph, at three sizes.

A synthetic study of 70 codecs, 8 qualities and 428 images (the size of CLIC), in two parts: half of the codecs need a
file of weights at each quality. Of each size are measured the CPU seconds, the fastest of some runs, and the peak
memory: until the graph of a study of which nothing is done has been built (`--rulegraph`), of a dry run of it, which
also lists every job, and of one when all is done. Nothing is encoded: this script writes the finished study's records.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from study.core import atomic_io, errors, outcome, paths, results
from study.jobs import encode_decode, scoring
from study.planning import cells as planning_cells
from study.planning import config, payloads

COLUMNS = ("cells", "jobs", "graph_s", "graph_mb", "dryrun_s", "dryrun_mb", "noop_s", "noop_mb")
LIMITS = {"graph_s": 15, "graph_mb": 1000, "noop_s": 10, "noop_mb": 1000}
WEIGHTED = "tfci"  # a backend that downloads a file of weights for each quality


class Size(NamedTuple):
    """How many of what a study has."""

    codecs: int = 70
    qualities: int = 8
    images: int = 428
    part_size: int = 214


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in Size()._asdict().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=3, help="sizes, up to the full number of codecs (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, the fastest counts (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="also write <out>.csv and the figure <out>.pdf, <out>.png")
    parser.add_argument("--keep", type=Path, help="folder for the largest study (default: a temporary one)")
    arguments = parser.parse_args()
    full = Size(*(getattr(arguments, name) for name in Size._fields))
    rows = []
    print(*COLUMNS)
    for step in range(1, arguments.steps + 1):
        size = full._replace(codecs=full.codecs * step // arguments.steps)
        with tempfile.TemporaryDirectory(prefix="study-") as folder:
            last = step == arguments.steps and arguments.keep
            rows.append(measure(size, Path(arguments.keep if last else folder), arguments.runs))
        print(*(f"{rows[-1][name]:.6g}" for name in COLUMNS), flush=True)
    beyond = [f"{name} {rows[-1][name]:.3g} > {limit}" for name, limit in LIMITS.items() if rows[-1][name] > limit]
    print("within the limits" if not beyond else f"beyond the limits: {', '.join(beyond)}", LIMITS)
    if arguments.out:
        atomic_io.write_rows(arguments.out.with_name(f"{arguments.out.name}.csv"), COLUMNS, rows)
        draw(rows, arguments.out)
    sys.exit(1 if beyond else 0)


def measure(size: Size, folder: Path, runs: int = 1) -> Mapping[str, float]:
    """A row of `COLUMNS` for a study of that size, which is made in `folder`."""
    study = make(size)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(json.dumps(study), encoding="utf-8")  # JSON is YAML
    graph = snakemake(folder, "--rulegraph", runs=runs)
    listed = snakemake(folder, "--dry-run", "--quiet", "rules", runs=runs)
    finish(planning_cells.Plan(config.checked(study)), folder)
    snakemake(folder, "--touch", "--quiet", "all")
    done = snakemake(folder, "--dry-run", runs=runs)
    if "Nothing to be done" not in done.output:
        raise errors.StudyError(f"the study should have been finished, and is not: {done.output[-2000:]}")
    cells = size.codecs * size.qualities * -(-size.images // size.part_size)
    jobs = next(int(line.split()[1]) for line in listed.output.splitlines() if line.startswith("total "))
    return dict(zip(COLUMNS, (cells, jobs, *graph[1:], *listed[1:], *done[1:])))


def make(size: Size) -> dict:
    """The study's config."""
    qualities = list(range(1, size.qualities + 1))
    common = {"family": "Bench", "parameter": "none", "qualities": qualities}
    entries = {}
    for number in range(size.codecs):
        name = f"codec-{number:03}"
        if number % 2:
            kind = {"backend": WEIGHTED, "settings": {"model": f"{name}-{{quality}}"}}
        else:
            kind = {"backend": "jpeg", "settings": {}}
        entries[name] = {**common, **kind, "label": name}
    hashes = {f"image-{number:04}": f"{number:064x}" for number in range(size.images)}
    images = {"synthetic": {"url": "https://example.org/{image}.png", "images": hashes}}
    return {
        "study": "large",
        "images": ["synthetic"],
        "codecs": dict.fromkeys(entries, "all"),
        "part_size": size.part_size,
        "bd_rate": {"anchor": "codec-000"},
        "define": {"codecs": entries, "images": images},
    }


def finish(study: planning_cells.Plan, folder: Path) -> None:
    """Write what a study's jobs make, as far as the workflow looks at it: records, and the files that they list."""
    below = folder / results.FOLDER
    for part, entry in study.parts["synthetic"].items() if len(study.parts["synthetic"]) > 1 else ():
        _record(results.images(part, below), ("image", "file", "reason", "generation"), entry["images"], "png")
    for cell in study.cells():
        images = study.parts["synthetic"][cell.part]["images"]
        _record(cell.encoded(below), encode_decode.ENCODED, images, "bin")
        _record(cell.decoded(below), encode_decode.DECODED, images, "png")
        for record in study.scores.records([cell]):
            atomic_io.write_rows(folder / record, scoring.columns(study.study.metrics), [])
        for weights in study.weights_from_jobs(cell.codec, cell.quality):
            _touch(folder / weights)
    for product in [*payloads.products(study), f"{results.study(study.name)}/complete.txt"]:
        _touch(folder / product)


class Done(NamedTuple):
    """What a run printed, its CPU seconds and its peak memory in MB (10^6 bytes)."""

    output: str
    seconds: float
    megabytes: float


def snakemake(folder: Path, *options: str, runs: int = 1) -> Done:
    """Run the workflow on the study in `folder`, some times; the fastest. Raises StudyError where it fails."""
    return min((_snakemake(folder, *options) for _ in range(runs)), key=lambda done: done.seconds)


def _snakemake(folder: Path, *options: str) -> Done:
    command = [sys.executable, "-m", "snakemake", "--snakefile", paths.ROOT / "Snakefile", "--directory", folder]
    command += ["--workflow-profile", paths.ROOT / "profiles" / "default"]
    command += ["--configfile", folder / "study.yaml", "--cores", "2", "--nolock", *options]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.STDOUT, cwd=paths.ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise errors.StudyError(f"snakemake failed: {text[-3000:]}")
    return Done(text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def draw(rows: list[Mapping[str, float]], out: Path) -> None:
    """The figure of the costs over the number of jobs, with the line through the first and the last size."""
    from study.figures import axes, canvas

    panels = {"s": "CPU time (s)", "mb": "peak memory (MB)"}
    looks = {
        "graph": ("#0072b2", "o", "graph of the whole study"),
        "dryrun": ("#009e73", "^", "its dry run, every job listed"),
        "noop": ("#d55e00", "s", "nothing to be done"),
    }
    with canvas.looks():
        layout = canvas.start(2.5, "What Snakemake's graph costs")
        for index, (unit, label) in enumerate(panels.items()):
            box = canvas.panel(layout, 0.5 + 3.5 * index, 0.4, 2.9, 1.8)
            jobs = [row["jobs"] for row in rows]
            for kind, (colour, marker, name) in looks.items():
                values = [row[f"{kind}_{unit}"] for row in rows]
                box.plot(jobs, values, color=colour, marker=marker, markersize=3, linewidth=1, label=name)
            box.set_xlim(0, max(jobs) * 1.05)
            axes.value(box, 0, 1.1 * max(row[f"{kind}_{unit}"] for row in rows for kind in looks))
            box.set_xlabel("jobs")
            canvas.y_label(box, label)
            box.legend(frameon=False, loc="upper left")
        canvas.save(layout.figure, canvas.files(out))


def _record(record: str, columns: tuple, images: list[str], suffix: str) -> None:
    known = {"status": outcome.OK, "reason": "", "generation": 0}
    same = {column: known.get(column, "x" * 16) for column in columns}
    rows = [same | {"image": image, "file": f"{image}.{suffix}"} for image in images]
    atomic_io.write_rows(record, columns, rows)
    for row in rows:
        (Path(record).parent / row["file"]).touch()


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


if __name__ == "__main__":
    errors.guarded(main)
