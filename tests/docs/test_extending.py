"""The examples of docs/extending.md, each added to a copy of the repository and run."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from tiny_study import ROOT, make_study

EXAMPLES = ROOT / "docs" / "examples"
KINDS = ("codec", "metric", "edit", "figure", "rule", "claim", "export")
REGISTRY = "scripts/study/metrics/registry.py"


def files(kind: str) -> list[str]:
    """The files that an example consists of, as they lie in its folder."""
    folder = EXAMPLES / kind
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def add(kind: str, folder: Path) -> None:
    """Put an example into a copy of the repository: new files at their places, `add/` to the files of its names."""
    for name in files(kind):
        text, target = (EXAMPLES / kind / name).read_text(), folder / name.removeprefix("add/")
        if not name.startswith("add/"):
            assert not target.exists(), f"{name} is there already"
            target.parent.mkdir(parents=True, exist_ok=True)
        elif target == folder / REGISTRY:
            old = target.read_text()
            end = re.search(r"^REGISTRY = .*?(^\)$)", old, re.M | re.S).start(1)
            text = old[:end] + text + old[end:]
        else:
            text = target.read_text() + text
        target.write_text(text)


def run(folder: Path, *command: str) -> str:
    """What a command prints in a copy of the repository; it must succeed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("STUDY_", "PYTEST_"))}
    given = {"cwd": folder, "env": own | {"OMP_NUM_THREADS": "1"}, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, *command], timeout=600, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def with_tests(folder: Path, *names: str) -> Path:
    """A copy of the repository with some of its tests."""
    make_study(folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in ("tests/support", *names):
        target = folder / name
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_touches_two_files_at_most_and_is_shown(kind: str) -> None:
    page = (ROOT / "docs" / "extending.md").read_text()
    assert 1 <= len(files(kind)) <= 2
    for name in files(kind):
        assert f'--8<-- "{kind}/{name}"' in page
        assert name.removeprefix("add/") in page


@pytest.mark.slow
def test_a_codec_is_held_to_the_contract(tmp_path: Path) -> None:
    folder = with_tests(tmp_path / "copy", "tests/codecs/test_codecs.py")
    add("codec", folder)
    out = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/codecs/test_codecs.py", "-k", "steps")
    assert int(re.search(r"(\d+) passed", out)[1]) >= 15, out


@pytest.mark.slow
def test_a_metric_is_computed(tmp_path: Path) -> None:
    folder = with_tests(tmp_path / "copy")
    add("metric", folder)
    original = np.random.default_rng(1).integers(50, 200, (32, 48, 3), dtype=np.uint8)
    other = original.copy()
    other[3, 4, 1] += 17
    for name, image in (("original", original), ("other", other)):
        Image.fromarray(image).save(folder / f"{name}.png")
    out = run(folder, "tools/metrics.py", "original.png", "other.png")
    assert re.search(r"^largest_error\s+17(\.0+)?\b", out, re.M), out
    assert "the l-infinity norm" in run(folder, "tools/metrics.py")


@pytest.mark.slow
def test_an_operation_is_held_to_the_contract_and_done(tmp_path: Path) -> None:
    folder = with_tests(tmp_path / "copy", "tests/latents/test_operations.py", "models/tiny-bmshj2018-hyperprior-mse")
    add("edit", folder)
    out = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/latents/test_operations.py", "-k", "dead")
    assert int(re.search(r"(\d+) passed", out)[1]) >= 2, out
    given = ("--codec", "tiny-bmshj2018-hyperprior-mse", "--quality", "3", "--image", "photos/face.png", "--csv")
    out = run(folder, "tools/edit.py", *given, "--edit", "{op: {dead_zone: [0.1, 2]}}", "--metrics", "psnr_rgb")
    rows = list(csv.DictReader(out.splitlines()))
    assert len(rows) == 3 * 2  # the baseline and two steps, each with two kinds of side information
    rates = {row["value"]: float(row["bpp"]) for row in rows if row["side_information"] == "keep"}
    rates.pop("")
    assert len(rates) == 2 and min(rates.values()) < 0.9 * max(rates.values())


@pytest.mark.study
def test_a_study_with_all_of_them(tmp_path: Path) -> None:
    study = make_study(tmp_path / "copy")
    for kind in KINDS:
        add(kind, study.folder)
    study.config |= {"metrics": ["psnr_rgb", "largest_error"], "claims": {"test": ["lossless"]}}
    study.config["figures"] = {"panels": ["psnr_rgb", "largest_error"]}
    study.config["codecs"]["steps"] = [32, 16, 8, 4]
    own = yaml.safe_load((EXAMPLES / "claim/studies/hyperprior.yaml").read_text())["define"]["claims"]
    comparison = own["hyperprior-pays"]["compare"][0] | {"better": "webp", "than": "jpeg", "margin": 0}
    study.config["define"]["claims"] = {"lossless": {**own["hyperprior-pays"], "compare": [comparison]}}
    done = study.run()
    assert done.status == 0, done.output
    made = study.folder / "results" / "studies" / "tiny"
    with (made / "rd.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["codec"] == "steps"]
    assert {int(float(row["largest_error"])) for row in rows if row["quality"] == "8"} <= {4}
    assert {row["claim"] for row in csv.DictReader((made / "claims.csv").open())} == {"lossless"}
    for name in ("figures/crops/spread.png", "figures/crops/spread.pdf", "tables.tar.gz", "exports/means.md"):
        assert (made / name).stat().st_size > 0
    assert "| crops | steps | 8 |" in (made / "exports/means.md").read_text()
    assert study.plan() == {}


@pytest.mark.study
def test_the_claim_of_the_example_is_planned(tmp_path: Path) -> None:
    study = make_study(tmp_path / "copy")
    add("claim", study.folder)
    shutil.copytree(ROOT / "models", study.folder / "models", ignore=shutil.ignore_patterns("tiny-b2018*", "*ssim*"))
    out = run(study.folder, "-m", "snakemake", "-n", "--configfile", "studies/hyperprior.yaml")
    assert re.search(r"^claims\s+1$", out, re.M), out
