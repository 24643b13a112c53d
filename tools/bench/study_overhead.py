"""Measure what a study costs beside its work: CPU seconds of a run / of the same work in one warm process.

The run is that of the study from an empty `results/` to its last figure, in a copy of the repository. It leaves out
latent experiments and `timing:`, which are other work: the latter codes images again and again to time the codecs. The
work is to encode, decode and score the same cells, files read and written, in one process that has loaded everything
before. CPU seconds are those of all processes. A table tells where the rest goes: `own` is what the jobs of a stage
take beyond the work (start-up, imports, weights), `start` is the part of it until the options are read.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from study.codecs import base
from study.codecs import registry as codec_registry
from study.core import atomic_io, errors, paths, readers, results
from study.images import png
from study.metrics import registry as metric_registry
from study.planning import catalogue, cells, config

STAGES = ("encode", "decode", "score")
LIMITS = {"default": 1.8, "kodak": 1.15}
HOOK = """
import argparse, atexit, os, sys, time
parse, started = argparse.ArgumentParser.parse_args, []
def parse_args(*arguments):
    started.append(time.process_time())
    return parse(*arguments)
def tell():
    folder, name = os.path.split(sys.argv[0])
    if started and os.path.basename(folder) == "scripts":
        line = f"{name[:-3]} {started[0]} {sum(os.times()[:4])}\\n"
        os.write(os.open(os.environ["BENCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT), line.encode())
argparse.ArgumentParser.parse_args = parse_args
atexit.register(tell)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--configfile", type=Path, default=paths.ROOT / "config.yaml", help="study (default: config.yaml)"
    )
    parser.add_argument("--thin", type=int, default=1, help="take every so many of a codec's qualities (%(default)s)")
    parser.add_argument("--warm", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.warm:
        warm(*map(Path, arguments.warm))
        return
    study = thinned(readers.read_yaml(arguments.configfile), arguments.thin)
    with tempfile.TemporaryDirectory(prefix="study-") as folder:
        print(f"{study['study']}: {len(cells.Plan(config.checked(study)).cells())} cells, one thread", flush=True)
        ratio = measure(study, Path(folder) / "repository")
    limit = LIMITS.get(study["study"])
    print(f"ratio {ratio:.2f}" + (f" (target: at most {limit})" if limit else ""))
    sys.exit(1 if limit and ratio > limit else 0)


def thinned(study: dict, step: int) -> dict:
    """The study without latent experiments and timing, with every `step`th quality of each codec, from the lowest."""
    for key in ("latents", "timing"):
        study.pop(key, None)
    known = catalogue.read("codecs") | study.get("define", {}).get("codecs", {})
    for name, chosen in study["codecs"].items():
        study["codecs"][name] = (known[name]["qualities"] if chosen == "all" else chosen)[::step]
    return study


def measure(study: Mapping, folder: Path) -> float:
    """Run a study in a copy of the repository and its work once more, warm; print both and return their ratio."""
    shutil.copytree(paths.ROOT, folder, ignore=shutil.ignore_patterns(".*", "results", "__pycache__"))
    for environment in paths.ROOT.glob(".venv*"):
        (folder / environment.name).symlink_to(environment)
    (folder / "study.yaml").write_text(json.dumps(study), encoding="utf-8")  # JSON is YAML
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    inherited = os.environ | {"OMP_NUM_THREADS": "1", "BENCH_LOG": str(folder / "log")}
    snakemake = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", "--cores", "1"]
    total = _cpu_of(snakemake, folder, inherited | {"PYTHONPATH": str(folder / "hook")})
    jobs = _jobs(folder / "log")
    _cpu_of([sys.executable, __file__, "--warm", "study.yaml", "warm.json"], folder, inherited)
    work = json.loads((folder / "warm.json").read_text(encoding="utf-8"))
    print(f"{'stage':<20}{'jobs':>6}{'CPU s':>9}{'work':>9}{'own':>9}{'start':>9}")
    for stage, times in sorted(jobs.items(), key=lambda item: -sum(item[1]["all"])):
        spent, worked = sum(times["all"]), work.get(stage, 0.0)
        numbers = (spent, worked, spent - worked, sum(times["start"]))
        print(f"{stage:<20}{len(times['all']):>6}" + "".join(f"{number:>9.1f}" for number in numbers))
    rest = total - sum(sum(times["all"]) for times in jobs.values())
    print(f"{'Snakemake, shells':<20}{'':>6}{rest:>9.1f}{0:>9.1f}{rest:>9.1f}")
    print(f"{'all':<20}{'':>6}{total:>9.1f}{sum(work.values()):>9.1f}{total - sum(work.values()):>9.1f}")
    return total / sum(work.values())


def warm(study: Path, out: Path) -> None:
    """Do the work of a study whose image sets are there, each codec loaded before; write its CPU seconds by stage."""
    made = cells.Plan(config.checked(readers.read_yaml(study)))
    spent = dict.fromkeys(STAGES, 0.0)
    metrics = made.study.metrics
    metric_registry.score(*[np.full((256, 256, 3), 9, np.uint8)] * 2, metrics)
    for name, qualities in made.qualities.items():
        for quality in qualities:
            file = made.weights(name, str(quality))
            weights = [paths.resolved(file)] if file else []
            codec = codec_registry.load(name, quality, made.codecs[name], *weights)
            if codec.skip() is None:
                codec.decode(codec.encode(np.zeros((64, 64, 3), np.uint8)))
                for part in made.part_names():
                    _work(codec, Path(results.images(part)), Path("warm"), metrics, spent)
    out.write_text(json.dumps(spent), encoding="utf-8")


def _work(codec: base.Codec, record: Path, folder: Path, metrics: Sequence[str], spent: dict[str, float]) -> None:
    """Encode, decode and score the images of a set, and add the CPU seconds to `spent`."""
    for row in readers.read_rows(record):
        times = [_cpu()]
        data = codec.encode(png.read(record.parent / row["file"]))
        atomic_io.write_bytes(folder / "bitstream", data)
        times.append(_cpu())
        png.write(folder / "decoded.png", codec.decode((folder / "bitstream").read_bytes()))
        times.append(_cpu())
        metric_registry.score(png.read(record.parent / row["file"]), png.read(folder / "decoded.png"), metrics)
        times.append(_cpu())
        for stage, before, after in zip(STAGES, times, times[1:]):
            spent[stage] += after - before


def _jobs(log: Path) -> dict[str, dict[str, list[float]]]:
    """For each script, the CPU seconds of its processes: until they read their options, and in all."""
    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"start": [], "all": []})
    for line in log.read_text(encoding="utf-8").splitlines():
        script, start, end = line.split()
        seconds[script]["start"].append(float(start))
        seconds[script]["all"].append(float(end))
    return seconds


def _cpu_of(command: list, folder: Path, environment: Mapping[str, str]) -> float:
    """Run a command; its CPU seconds and those of all its descendants. Raises StudyError where it fails."""
    before, clock = _cpu(), time.perf_counter()
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise errors.StudyError(f"{' '.join(map(str, command))} failed: {(done.stdout + done.stderr)[-3000:]}")
    print(f"({time.perf_counter() - clock:.0f} s by the clock)", flush=True)
    return _cpu() - before


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


if __name__ == "__main__":
    errors.guarded(main)
