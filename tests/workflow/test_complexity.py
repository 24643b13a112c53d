"""The table of learned codecs' costs and the figure of their training in a study."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from study.core import readers
from tiny_study import ROOT, make_study


@pytest.mark.study
def test_the_table_in_a_study(tmp_path: Path) -> None:
    study = make_study(tmp_path / "repository")
    shutil.copytree(ROOT / "models", study.folder / "models")
    study.config["codecs"]["tiny-bmshj2018-factorized-mse"] = [1, 2]
    target = "results/studies/tiny/complexity.csv"
    done = study.run(target)
    assert done.status == 0, done.output
    assert done.jobs["complexity"] == 1
    assert [row["quality"] for row in readers.read_rows(study.folder / target)] == ["1", "2"]
    assert "Nothing to be done" in study.run(target).output


@pytest.mark.study
def test_the_figure_in_a_study(tmp_path: Path) -> None:
    study = make_study(tmp_path / "repository")
    shutil.copytree(ROOT / "models", study.folder / "models")
    study.config |= {"training": {"photos": "photos"}}
    entry = {"backend": "compressai", "label": "own", "family": "own", "parameter": "λ", "qualities": [1, 2]}
    settings = {"model": "bmshj2018-factorized", "n": [32, 48, 64], "m": 192}
    settings["weights"] = "results/training/tiny-bmshj2018-factorized-mse/{quality}.safetensors"
    study.config["define"]["codecs"] = {"own": entry | {"settings": settings}}
    study.config["codecs"]["own"] = "all"
    dry = study.run("-n")
    assert dry.status == 0, dry.output
    assert dry.jobs["plot_training"] == 1 and dry.jobs["complexity"] == 1 and dry.jobs["train"] >= 2
