"""Metagraphs served under published ids on loopback, through the whole workflow: download, encode, decode, score."""

from __future__ import annotations

import csv
import hashlib
import subprocess
from pathlib import Path

import pytest

from server import Server
from tiny_study import ROOT, Study, make_study

pytestmark = pytest.mark.study

PYTHON = ROOT / ".venv-tensorflow" / "bin" / "python"
IDS = ("bmshj2018-hyperprior-mse-1", "b2018-gdn-128-1")
COMMON = {"backend": "tfci", "family": "TFC", "parameter": "as published", "qualities": [1]}


@pytest.fixture(scope="module")
def metagraphs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A scale hyperprior of TFC 2 and a factorized prior in the style of TFC 1, random weights, by id."""
    if not PYTHON.exists():
        pytest.skip("there is no .venv-tensorflow; make tensorflow builds it")
    folder = tmp_path_factory.mktemp("metagraphs")
    subprocess.run([PYTHON, ROOT / "tests/support/metagraphs.py", folder, *IDS], check=True, capture_output=True)
    return {name: (folder / f"{name}.metagraph").read_bytes() for name in IDS}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """The tiny study with tfci codecs beside JPEG, and a cache of its own."""
    study = make_study(tmp_path / "repository")
    (study.folder / ".venv-tensorflow").symlink_to(ROOT / ".venv-tensorflow")
    study.config["cache"] = str(tmp_path / "cache")
    study.config["codecs"] = {"jpeg": [10, 30, 60, 90], "hyperprior": "all", "factorized": "all"}
    return study


def point(study: Study, url: str) -> None:
    """Let the study's tfci codecs download from `url`."""
    study.config["define"]["codecs"] = {
        codec: {**COMMON, "label": codec, "settings": {"model": name, "url": url}}
        for codec, name in (
            ("hyperprior", "bmshj2018-hyperprior-mse-{quality}"),
            ("factorized", "b2018-gdn-128-{quality}"),
        )
    }


def rows(study: Study) -> list[dict[str, str]]:
    with (study.folder / "results/studies/tiny/rd.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["codec"] != "jpeg"]


def test_from_download_to_scores(study: Study, metagraphs: dict[str, bytes]) -> None:
    with Server() as server:
        server.files.update({f"/metagraphs/{name}.metagraph": data for name, data in metagraphs.items()})
        point(study, server.url("/metagraphs"))
        done = study.run()
        assert done.status == 0, done.output
        assert study.plan() == {}
    cells = rows(study)
    assert len(cells) == 4
    for row in cells:
        assert row["reason"] == "" and float(row["psnr_rgb"]) > 3 and "tensorflow" in row["versions"].lower()
        (bitstream,) = (study.folder / "results/bitstreams/crops" / row["codec"] / "1").glob(f"{row['image']}.tfci")
        assert bitstream.stat().st_size == int(row["bytes"])
    record = (study.folder / "models/published.sha256").read_text()
    assert all(hashlib.sha256(data).hexdigest() in record for data in metagraphs.values())


def test_a_missing_model_is_told_and_nothing_is_kept(study: Study, metagraphs: dict[str, bytes]) -> None:
    with Server() as server:
        name = IDS[0]
        server.files[f"/metagraphs/{name}.metagraph"] = metagraphs[name]
        point(study, server.url("/metagraphs"))
        done = study.run("--keep-going", "--retries", "0")
    assert done.status != 0
    assert f"{IDS[1]}.metagraph" in done.output and "404" in done.output
    assert "Traceback" not in done.output
    assert not (study.folder / f"results/weights/{IDS[1]}.metagraph").exists()
    assert (study.folder / "results/decoded/crops/hyperprior/1/decoded.csv").exists()


def test_without_the_environment_cells_are_skipped_with_the_command(study: Study, metagraphs: dict[str, bytes]) -> None:
    (study.folder / ".venv-tensorflow").unlink()
    with Server() as server:
        server.files.update({f"/metagraphs/{name}.metagraph": data for name, data in metagraphs.items()})
        point(study, server.url("/metagraphs"))
        done = study.run()
        assert done.status == 0, done.output
        assert all("make tensorflow" in row["reason"] and row["bytes"] == "" for row in rows(study))
        (study.folder / ".venv-tensorflow").symlink_to(ROOT / ".venv-tensorflow")
        plan = study.plan()
    assert (plan["encode"], plan["decode"], plan["score"]) == (2, 2, 2)
