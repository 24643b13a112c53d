"""Made-up experiments, and the figures that a test saves."""

from pathlib import Path

import pytest

from latent_records import LatentRecords
from study.core import paths
from study.figures import canvas

ROOT = paths.ROOT


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    return LatentRecords(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    return LatentRecords(tmp_path_factory.mktemp("pair"), channels=9, names="ab")


@pytest.fixture
def drawn(monkeypatch):
    """The figures that a test saves, by the stem of their files."""
    kept = {}

    def keep(figure, out):
        kept[Path(next(iter(out))).stem] = figure

    monkeypatch.setattr(canvas, "save", keep)
    return kept
