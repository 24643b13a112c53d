"""The tiny study on a real Slurm: the same artifacts as on one machine, and another try with more memory."""

from __future__ import annotations

import contextlib
import csv
import os
import signal
import subprocess
from pathlib import Path

import pytest

import slurm
from tiny_study import Run, Study, environment, make_study

WHY_NOT = slurm.missing()
pytestmark = [pytest.mark.study, pytest.mark.skipif(WHY_NOT is not None, reason=f"Slurm can't run here: {WHY_NOT}")]

MEASURED = ("encode_s", "decode_s", "peak_rss", "encode_rss", "decode_rss")
LIMIT_S = 900


def run_on_slurm(study: Study, *options: str) -> Run:
    study.write()
    profile = ("--workflow-profile", "profiles/slurm", *slurm.OPTIONS, "--cores", "2")
    process = subprocess.Popen(
        slurm.command(*study.command(*profile, *options)),
        cwd=study.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Run(process.returncode, output)


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a table without what is measured."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: value for name, value in row.items() if name not in MEASURED} for row in csv.DictReader(file)]


def test_slurm_makes_what_one_machine_makes(finished: Study, tmp_path: Path) -> None:
    study = make_study(tmp_path / "cluster")
    study.config["codecs"] = {"jpeg": [30, 90], "webp": [30, 90]}
    del study.config["bd_rate"]
    done = run_on_slurm(study)
    assert done.status == 0, done.output
    assert done.output.count("has been submitted with SLURM jobid") == 4, "images, cells, tables, figures"
    local = finished.products()
    made = study.products()
    assert len(made) == 2 + 8 + 8 + 4 + 1
    assert made == {name: local[name] for name in made}
    cells = {(codec, quality) for codec in ("jpeg", "webp") for quality in ("30", "90")}
    for name in ("rd.csv", "means.csv"):
        here, there = (table(one.folder / "results/studies/tiny" / name) for one in (study, finished))
        assert here == [row for row in there if (row["codec"], row["quality"]) in cells]
    for record in sorted((study.folder / "results").rglob("*coded.csv")):
        assert table(record) == table(finished.folder / record.relative_to(study.folder))
    originals = "results/studies/tiny/figures/crops/originals.png"
    assert (study.folder / originals).read_bytes() == (finished.folder / originals).read_bytes()
    assert study.plan() == {}, "what Slurm made is up to date for a run on one machine"


def test_a_job_that_slurm_kills_for_its_memory_is_tried_again_with_more(finished: Study, tmp_path: Path) -> None:
    study = make_study(tmp_path / "greedy")
    study.config["codecs"] = {"jpeg": [30]}
    del study.config["bd_rate"]
    asked = [f"{rule}:mem_mb=40 if attempt == 1 else 2000" for rule in ("encode", "decode", "score")]
    done = run_on_slurm(study, "--set-resources", *asked, "--", "results/scores/crops/jpeg/30/cheap.csv")
    assert done.status == 0, done.output
    assert done.output.count("Trying to restart") >= 1, done.output
    made, local = study.products(), finished.products()
    assert made == {name: local[name] for name in made} and len(made) == 2 + 2 + 2 + 1 + 1


def processes(folder: Path) -> list[int]:
    """The processes whose environment names a folder."""
    running = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in (process / "environ").read_bytes():
                running.append(int(process.name))
    return running


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    own, configuration = os.environ | {"TMPDIR": str(tmp_path)}, sorted(slurm.CONFIG.iterdir())
    sleeping = subprocess.Popen(["sleep", "600"], env=own)
    assert processes(tmp_path) == [sleeping.pid]
    sleeping.kill()
    sleeping.wait()
    done = subprocess.run(
        slurm.command("squeue", "--noheader"), env=own, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert subprocess.run(slurm.command("false"), env=own, timeout=LIMIT_S).returncode == 1
    assert not processes(tmp_path) and not list(tmp_path.iterdir())
    assert sorted(slurm.CONFIG.iterdir()) == configuration
