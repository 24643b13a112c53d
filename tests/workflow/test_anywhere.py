"""The workflow runs in any folder, and as a module of another workflow; a moved checkout reruns nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tiny_study import Run, Study, environment, make_study

pytestmark = pytest.mark.study

MODULE = """
import yaml

with open("tiny.yaml") as file:
    given = yaml.safe_load(file)


module study:
    snakefile:
        "{checkout}/Snakefile"
    config:
        given


use rule * from study as study_*


rule all:
    default_target: True
    input:
        rules.study_all.input,
"""


@pytest.fixture
def apart(tmp_path: Path) -> tuple[Study, Path]:
    """A checkout, and a folder with the images and the config of a study that is to be run there."""
    study = make_study(tmp_path / "checkout")
    study.config["codecs"] = {"jpeg": [10, 60], "tiny-bmshj2018-factorized-mse": [1]}
    model = "models/tiny-bmshj2018-factorized-mse"
    shutil.copytree(Path(__file__).resolve().parents[2] / model, study.folder / model)
    shutil.copy(Path(__file__).resolve().parents[2] / "models" / "recipes.yaml", study.folder / "models")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (study.folder / "photos").rename(folder / "photos")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(study.config))
    return study, folder


def snakemake(snakefile: Path, *options: str, folder: Path) -> Run:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--cores", "2", "--directory"]
    done = subprocess.run(
        [*command, str(folder), *options], cwd=folder.parent, env=environment(), capture_output=True, text=True
    )
    return Run(done.returncode, done.stdout + done.stderr)


def test_elsewhere_and_the_checkout_moved(apart: tuple[Study, Path], tmp_path: Path) -> None:
    study, folder = apart
    config = ("--configfile", str(folder / "tiny.yaml"))
    done = snakemake(study.folder / "Snakefile", *config, folder=folder)
    assert done.status == 0, done.output
    assert (folder / "results/studies/tiny/complete.txt").is_file()
    assert not (study.folder / "results").exists()
    moved = tmp_path / "further" / "away"
    moved.parent.mkdir()
    study.folder.rename(moved)
    again = snakemake(moved / "Snakefile", *config, "--dry-run", folder=folder)
    assert again.status == 0 and "Nothing to be done" in again.output, again.output
    written = [path for path in (folder / "results").rglob("*") if path.suffix in (".csv", ".json", ".html")]
    assert len(written) > 20
    for path in written:
        assert str(tmp_path) not in path.read_text(), path


def test_as_a_module(apart: tuple[Study, Path]) -> None:
    study, folder = apart
    (folder / "Snakefile").write_text(MODULE.format(checkout=study.folder))
    done = snakemake(folder / "Snakefile", folder=folder)
    assert done.status == 0, done.output
    assert {"study_encode", "study_page", "study_latents"} & set(done.jobs) == {"study_encode", "study_page"}
    page = (folder / "results/studies/tiny/index.html").read_text()
    assert ">encode" in page and "study_encode" not in page
    again = snakemake(folder / "Snakefile", "--dry-run", folder=folder)
    assert "Nothing to be done" in again.output, again.output
