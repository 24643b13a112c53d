"""The limits of a cell that jobs inherit: the study's, or the environment's where the study has none."""

from __future__ import annotations

import os

import pytest

from study.core.errors import StudyError
from study.planning import environment
from study.planning.study import CellLimit, Study

LIMITS = ("STUDY_CELL_SECONDS", "STUDY_CELL_MEMORY_GB")


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `prepare` sets is put back after the test."""
    for name in (*LIMITS, environment.CHECKOUT, "STUDY_STARTED", "STUDY_MIRROR", "STUDY_CACHE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PATH", os.environ["PATH"])


def inherited(limit: CellLimit) -> list[str]:
    environment.prepare(Study(study="x", images=[], codecs={}, cell_limit=limit))
    return [os.environ[name] for name in LIMITS]


def test_a_studys_limit_comes_before_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIMITS:
        monkeypatch.setenv(name, "7")
    assert inherited(CellLimit(seconds=60, memory_gb=None)) == ["60", "7.0"]


def test_without_a_limit_there_is_none() -> None:
    assert inherited(CellLimit(seconds=None, memory_gb=None)) == ["", ""]


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", ["abc", "0", "-1", "nan", "inf"])
def test_what_is_no_limit_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    message = f"the environment variable {name}: found '{value}'; allowed: a number above 0"
    with pytest.raises(StudyError, match=message):
        inherited(CellLimit())
