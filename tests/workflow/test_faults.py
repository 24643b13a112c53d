"""What can go wrong around a study: kills, full and read-only disks, codecs that crash or hang, two runs at once."""

from __future__ import annotations

import csv
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from faults import working
from figure_files import check_figure
from image_files import png, text
from server import Server
from tiny_study import ROOT, Run, Study, environment, held, make_study
from waiting import LONGEST_S, wait

pytestmark = pytest.mark.study

KILLS = 8  # `make faults` has 100
SMALL = {"jpeg": [30], "webp": [30]}
MEASURED = ("encode_s", "decode_s", "encode_rss", "decode_rss", "peak_rss")

FAULTY = '''
"""A codec that crashes, hangs or takes all memory at images of 200 columns."""
import ctypes, time
from study.codecs.classical.jpeg import Backend as Jpeg

class Backend(Jpeg):
    defaults = {**Jpeg.defaults, "fault": "crash", "stage": "encode"}
    choices = {**Jpeg.choices, "fault": ("crash", "hang", "devour"), "stage": ("encode", "decode")}

    def encode(self, rgb):
        if rgb.shape[1] == 200 and self.settings["stage"] == "encode":
            self.fail()
        return super().encode(rgb)

    def decode(self, bitstream):
        rgb = super().decode(bitstream)
        if rgb.shape[1] == 200 and self.settings["stage"] == "decode":
            self.fail()
        return rgb

    def fail(self):
        if self.settings["fault"] == "crash":
            ctypes.string_at(0)
        if self.settings["fault"] == "hang":
            time.sleep(600)
        taken = []
        while True:
            taken.append(bytearray(b"x") * 50_000_000)
'''


def small(folder: Path) -> Study:
    """A study of two cells for each of the two images, which `make study STUDY=tiny` runs as well."""
    study = make_study(folder)
    study.config["codecs"] = dict(SMALL)
    del study.config["bd_rate"]
    shutil.copy(ROOT / "Makefile", folder)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "studies").mkdir(exist_ok=True)
    (folder / "studies" / "tiny.yaml").write_text(yaml.safe_dump(study.config))
    return study


def started(study: Study, command: list[str]) -> subprocess.Popen:
    """A run in a process group of its own."""
    log = (study.folder / "run.log").open("w")
    return subprocess.Popen(
        command, cwd=study.folder, env=environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )


RUNNER = ".venv/bin/python tools/run_study.py"
OLD = [f"--old-file=.venv/.{name}" for name in ("study", "perceptual", "chart")]
MAKE = ["make", *OLD, "study", "STUDY=tiny"]


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a table without what is measured."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: value for name, value in row.items() if name not in MEASURED} for row in csv.DictReader(file)]


def check_same(study: Study, finished: Study) -> None:
    """The products of a small study are those of the undisturbed one, byte for byte."""
    whole = finished.products()
    made = study.products()
    assert len(made) == 2 + 4 + 4 + 2 + 1
    assert made == {name: whole[name] for name in made}
    rows = table(study.folder / "results/studies/tiny/rd.csv")
    assert rows == [row for row in table(finished.folder / "results/studies/tiny/rd.csv") if row["quality"] == "30"]
    for record in sorted((study.folder / "results").rglob("*coded.csv")):
        assert table(record) == table(finished.folder / record.relative_to(study.folder))
    assert not list((study.folder / "results").rglob(".partial-*"))


def check_whole(results: Path, finished: Study) -> dict[str, int]:
    """How many files a disturbed run left: each must be the undisturbed run's, and records tell only of such."""
    counts = {"images and bitstreams": 0, "records": 0}
    for path in sorted(results.rglob("*")):
        part = path.relative_to(results).parts[0] if path.is_file() else ""
        if part not in ("images", "bitstreams", "decoded", "scores") or path.name.startswith(".partial-"):
            continue
        if path.name in ("encoded.csv", "decoded.csv", "images.csv"):
            counts["records"] += 1
            for row in csv.DictReader(path.read_text().splitlines()):
                content = (path.parent / row["file"]).read_bytes()
                assert hashlib.sha256(content).hexdigest() == row["sha256"]
        elif part != "scores":
            counts["images and bitstreams"] += 1
            assert path.read_bytes() == (finished.folder / "results" / path.relative_to(results)).read_bytes()
    return counts


def test_killed_at_random_moments_and_resumed(finished: Study, tmp_path: Path) -> None:
    moments = random.Random(7)
    study = small(tmp_path / "killed")
    begun = time.monotonic()
    assert started(study, MAKE).wait() == 0, (study.folder / "run.log").read_text()
    undisturbed = time.monotonic() - begun
    kills = alone = 0
    whole = 1
    while kills < KILLS:
        if (study.folder / "results/studies/tiny/complete.txt").exists():
            wait(lambda: not working(study.folder), "an end of the killed run's jobs")
            check_same(study, finished)
            shutil.rmtree(study.folder / "results")
        orphans = working(study.folder)
        process = started(study, MAKE)
        try:
            assert process.wait(timeout=moments.uniform(0.05, 0.9) * undisturbed) == 0
            whole += 1
            continue
        except subprocess.TimeoutExpired:
            kills += 1
        runner = [
            pid for pid, line in working(study.folder).items() if line.startswith(".venv/bin/python tools/run_study.py")
        ]
        if kills % 4 == 0 and runner:
            alone += 1
            os.kill(min(runner), signal.SIGKILL)  # its jobs end what they are at, beside the resumed run
            process.wait()
            continue
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait(lambda: working(study.folder).keys() <= orphans.keys(), "an end of the killed run")  # noqa: B023
    done = subprocess.run(MAKE, cwd=study.folder, env=environment(), capture_output=True, text=True, timeout=LONGEST_S)
    assert done.returncode == 0, done.stdout + done.stderr
    wait(lambda: not working(study.folder), "an end of the killed run's jobs")
    check_same(study, finished)
    print(f"{kills} kills, {alone} of them of Snakemake alone; {whole} studies were whole before the last")


def test_second_run_in_a_folder_is_refused(finished: Study, tmp_path: Path) -> None:
    study = small(tmp_path / "twice")
    study.write()
    lock = study.folder / "results" / ".running"
    with held(study, "jpeg"):
        first = started(study, study.command())
        wait(lambda: lock.is_file() and lock.read_text(), "a lock of the first run")
        for command in (MAKE, study.command()):
            second = subprocess.run(
                command, cwd=study.folder, env=environment(), capture_output=True, text=True, timeout=LONGEST_S
            )
            output = second.stdout + second.stderr
            assert second.returncode != 0
            assert f"another run works in this folder (process {first.pid} on " in output, output
            assert "wait for it, or use another clone" in output and "Traceback" not in output
        assert study.run("--dry-run").status == 0
        assert first.poll() is None, (study.folder / "run.log").read_text()
    assert first.wait(timeout=LONGEST_S) == 0, (study.folder / "run.log").read_text()
    check_same(study, finished)


def test_two_studies_at_once_share_downloads(tmp_path: Path, finished: Study) -> None:
    images = {f"/{name}.png": (finished.folder / f"photos/{name}.png").read_bytes() for name in ("face", "suit")}
    with Server() as server:
        server.files.update(images)
        shas = {name[1:-4]: hashlib.sha256(data).hexdigest() for name, data in images.items()}
        runs = []
        for name in ("one", "two"):
            study = small(tmp_path / name)
            web = {"description": "two", "licence": "none", "url": server.url("/{image}.png"), "images": shas}
            study.config["define"]["images"] = {"web": web}
            study.config |= {"images": ["web"], "cache": str(tmp_path / "cache")}
            study.write()
            runs.append((study, started(study, study.command("results/images/web/images.csv"))))
        for study, process in runs:
            assert process.wait(timeout=LONGEST_S) == 0, (study.folder / "run.log").read_text()
        assert sorted(path for path, _ in server.requests) == sorted(images)
    same = [sorted(path.read_bytes() for path in study.folder.glob("results/images/web/*")) for study, _ in runs]
    assert same[0] == same[1] and len(same[0]) == 3


def test_cells_that_crash_hang_or_devour_fail_alone(tmp_path: Path) -> None:
    study = small(tmp_path / "faulty")
    (study.folder / "scripts/study/codecs/classical/faulty.py").write_text(FAULTY)
    cases = {
        "crash-encode": "the process was killed by signal 11 (SIGSEGV)",
        "crash-decode": "the process was killed by signal 11 (SIGSEGV)",
        "hang-encode": "it was stopped after 30 s, the time limit of a cell (cell_limit.seconds)",
        "devour-decode": r"it was stopped at \d+\.\d GiB of memory (cell_limit.memory_gb)",
    }
    study.config["define"]["codecs"] = {
        name: {
            "backend": "faulty",
            "label": name,
            "family": "Test",
            "parameter": "none",
            "qualities": [50],
            "settings": dict(zip(("fault", "stage"), name.split("-"))),
        }
        for name in cases
    }
    study.config["codecs"] = {"jpeg": [50], **dict.fromkeys(cases, "all")}
    study.config["cell_limit"] = {"seconds": 30, "memory_gb": 1}
    done = study.run("--keep-going")
    assert done.status != 0
    assert "4 of 10 cells failed" in done.output
    cells = {(row["codec"], row["image"]): row for row in table(study.folder / "results/studies/tiny/rd.csv")}
    assert len(cells) == 10
    for (codec, image), row in cells.items():
        if codec in cases and image == "face":
            pattern = re.escape(cases[codec]).replace(re.escape(r"\d+\.\d"), r"\d+\.\d")
            assert re.fullmatch(pattern, row["reason"]), row["reason"]
            assert row["status"] == "failed" and row["psnr_rgb"] == "" and row["reason"] in done.output
        else:
            assert row["status"] == "ok" and float(row["psnr_rgb"]) > 25
    check_figure(study.folder / "results/studies/tiny/figures/crops/average.png")
    plan = study.plan()
    assert (plan["encode"], plan["decode"]) == (2, 4), "the failed cells are tried again, and what follows them"
    study.config["cell_limit"] = {"seconds": 1000}
    assert study.plan() == plan, "another limit reruns nothing else"


def test_images_built_to_harm_are_refused_and_nothing_is_written_elsewhere(tmp_path: Path) -> None:
    study = small(tmp_path / "harm")
    study.write()
    folder = study.folder / "photos"
    (folder / "bomb.png").write_bytes(png(60_000, 60_000, 8, 2, b""))
    (folder / "cut.png").write_bytes((folder / "face.png").read_bytes()[:-40])
    (folder / "text.png").write_bytes(png(1, 1, 8, 0, b"\0\0", text(bytes(2**22))))
    before = _files(tmp_path)
    done = study.run("results/images/crops/images.csv")
    assert done.status != 0 and "3 of 5 images are refused" in done.output and "Traceback" not in done.output
    assert all(f"{name}.png: " in done.output for name in ("bomb", "cut", "text"))
    for name in ("bomb", "cut", "text"):
        (folder / f"{name}.png").unlink()
        del before[folder / f"{name}.png"]
    assert _files(tmp_path) == before
    names = ("$(touch ran).png", "a;touch ran;.png", "-rf.png", "it's.png", "two\nlines.png")
    for name in names:
        (folder / name).write_bytes((folder / "face.png").read_bytes())
    refused = study.run("--dry-run")
    assert refused.status != 0 and "rename" in refused.output and "Traceback" not in refused.output
    assert all(repr(name) in refused.output for name in names)
    for name in names:
        (folder / name).unlink()
    assert _files(tmp_path) == before


def _files(folder: Path) -> dict[Path, bytes]:
    """The files outside results/ and what Snakemake and Python keep for themselves, with their content."""
    own = {"results", ".snakemake", "__pycache__", ".venv"}
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not own & set(path.parts)}


def _no_namespace() -> str | None:
    if os.geteuid() != 0:
        return "only root can mount a file system"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True)
    return f"no mount namespace: {tried.stderr.strip()}" if tried.returncode else None


namespace = pytest.mark.skipif(_no_namespace() is not None, reason=f"no private file system: {_no_namespace()}")


def run_mounted(study: Study, mount: str, *options: str) -> Run:
    """Run a study after a `mount` in a namespace of its own; what is in results/ afterwards is copied to left/."""
    study.write()
    (study.folder / "results").mkdir(exist_ok=True)
    script = f'{mount} && {{ "$@"; status=$?; cp -a results left; exit $status; }}'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *study.command(*options)]
    done = subprocess.run(
        command,
        cwd=study.folder,
        env=environment(),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LONGEST_S,
    )
    return Run(done.returncode, done.stdout + done.stderr)


@namespace
@pytest.mark.parametrize("size", ["48k", "420k"])
def test_full_disk(size: str, finished: Study, tmp_path: Path) -> None:
    study = small(tmp_path / "full")
    done = run_mounted(study, f"mount -t tmpfs -o size={size} none results")
    assert done.status != 0
    assert re.search(r"results/\S+: No space left on device", done.output), done.output
    counts = check_whole(study.folder / "left", finished)
    print(f"{size}: {counts} left by the full disk, all of them whole")
    shutil.rmtree(study.folder / "results")
    (study.folder / "left").rename(study.folder / "results")
    again = study.run()
    assert again.status == 0, again.output
    check_same(study, finished)


@namespace
@pytest.mark.parametrize("size", ["4k", "60k"])
def test_full_disk_of_snakemakes_own_files(size: str, finished: Study, tmp_path: Path) -> None:
    study = small(tmp_path / "full")
    (study.folder / ".snakemake").mkdir()
    done = run_mounted(study, f"mount -t tmpfs -o size={size} none .snakemake")
    assert done.status != 0
    errors = [line for line in done.output.splitlines() if "rror" in line]
    assert len(errors) == 1 and "no space left on the disk" in errors[0], done.output
    assert "Traceback" not in done.output
    shutil.rmtree(study.folder / "results")
    (study.folder / "left").rename(study.folder / "results")
    again = study.run()
    assert again.status == 0, again.output
    check_same(study, finished)


def test_a_limit_of_the_environment_that_is_none_is_refused(tmp_path: Path) -> None:
    study = small(tmp_path / "limit")
    done = subprocess.run(
        MAKE, cwd=study.folder, env=environment() | {"STUDY_CELL_SECONDS": "abc"}, capture_output=True, text=True
    )
    assert done.returncode != 0
    message = "the environment variable STUDY_CELL_SECONDS: found 'abc'; allowed: a number above 0"
    assert message in done.stderr and "Traceback" not in done.stderr, done.stderr


@namespace
@pytest.mark.parametrize("folder", ["results", "results/decoded"])
def test_read_only_results(folder: str, finished: Study, tmp_path: Path) -> None:
    study = small(tmp_path / "read-only")
    (study.folder / folder).mkdir(parents=True)
    done = run_mounted(study, f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}")
    assert done.status != 0
    assert re.search(rf"{folder}/\S+: Read-only file system|Read-only file system: '{folder}/", done.output), (
        done.output
    )
    assert "Traceback" not in done.output
    check_whole(study.folder / "left", finished)
    again = study.run()
    assert again.status == 0, again.output
    check_same(study, finished)


@namespace
def test_unwritable_cache(tmp_path: Path) -> None:
    study = small(tmp_path / "cache")
    cache = study.folder / "cache"
    cache.mkdir()
    web = {"description": "one", "licence": "none", "url": "http://127.0.0.1:9/{image}.png", "images": {"a": "0" * 64}}
    study.config["define"]["images"] = {"web": web}
    study.config |= {"images": ["web"], "cache": str(cache)}
    target = "results/images/web/images.csv"
    done = run_mounted(study, "mount --bind cache cache && mount -o remount,ro,bind cache", target)
    assert done.status != 0
    assert "Read-only file system" in done.output and str(cache) in done.output, done.output
    assert "STUDY_CACHE" in done.output and "Traceback" not in done.output
    assert not (study.folder / target).exists()
