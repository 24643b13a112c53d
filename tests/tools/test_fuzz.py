"""The targets of tools/fuzz.py: no finding among seeded changes of their files, and a planted fault is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import fuzz
from mutations import mutated
from study.core import readers
from study.planning import catalogue, config, entries
from tiny_study import ROOT

INPUTS = 300
TO_A_FAULT = 1000  # inputs in which a planted fault must show; it took 9 to 167 of them with four seeds
LONGEST = 4096
WORDS = {"record": ["\n", ",", '"', "../", "nan", "-1", "=1+1"]}  # others: those of YAML and of the schema


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "SCRATCH", tmp_path / "input")


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema and the catalogues are read once, in this test alone."""
    for module, name in ((readers, "read_yaml"), (catalogue, "read_yaml"), (config, "_catalogue_problems")):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back afterwards
    fuzz.read_own_files_once()


def inputs(target: str, count: int, seed: int = 1) -> Iterator[bytes]:
    files = [path.read_bytes() for path in sorted((ROOT / "tests" / "fuzz" / target).iterdir())]
    words = [word.encode() for word in WORDS.get(target, fuzz.words())]
    return mutated(files, words, count, seed, fuzz.LONGEST.get(target, LONGEST))


def plant(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault of a check of ids that comes too late: an unknown codec is looked up."""
    against_catalogues = config._against_catalogues

    def careless(study, schema, unsound):
        known = entries.codecs(study.define.codecs)
        assert all(known[name] for name in study.codecs)
        return against_catalogues(study, schema, unsound)

    monkeypatch.setattr(config, "_against_catalogues", careless)


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_changes_of_a_targets_files_are_read_or_refused(target: str, read_once: None) -> None:
    for data in inputs(target, INPUTS):
        fuzz.check(target, data)


@pytest.mark.parametrize("seed", range(4))
def test_a_fault_planted_in_the_check_of_studies_is_found(
    seed: int, read_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(KeyError):
        for data in inputs("study", TO_A_FAULT, seed):
            fuzz.check("study", data)


def test_an_error_without_a_message_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(data: bytes) -> None:
        raise fuzz.StudyError

    monkeypatch.setitem(fuzz.TARGETS, "yaml", silent)
    with pytest.raises(AssertionError, match="without a message"):
        fuzz.check("yaml", b"")
