"""Arrays that a run's jobs share: computed once, gone with the run, and never needed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from study.core import run_arrays


class Counted:
    """Computes two arrays, and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> list[np.ndarray]:
        self.calls += 1
        return [np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((1, 2, 2), np.float32)]


def same(arrays: list[np.ndarray]) -> bool:
    expected = Counted()()
    return len(arrays) == len(expected) and all(map(np.array_equal, arrays, expected))


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(run_arrays.FOLDER, str(tmp_path))
    return tmp_path / "arrays"


def test_they_are_computed_once(folder: Path) -> None:
    compute = Counted()
    assert all(same(run_arrays.shared("a", compute)) for _ in range(3)) and compute.calls == 1
    assert same(run_arrays.shared("b", compute)) and compute.calls == 2
    assert sorted(file.name for file in folder.iterdir()) == ["a.safetensors", "b.safetensors"]


def test_a_job_outside_a_run_computes_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(run_arrays.FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    compute = Counted()
    assert all(same(run_arrays.shared("a", compute)) for _ in range(2)) and compute.calls == 2
    assert not list(tmp_path.iterdir())


def test_beyond_their_room_each_job_computes_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compute = Counted()
    run_arrays.shared("first", compute)
    size = sum(file.stat().st_size for file in folder.iterdir())
    monkeypatch.setattr(run_arrays.shutil, "disk_usage", lambda path: SimpleNamespace(free=9 * size))
    assert all(same(run_arrays.shared("second", compute)) for _ in range(2)) and compute.calls == 3
    assert same(run_arrays.shared("first", compute)) and compute.calls == 3
    assert [file.name for file in folder.iterdir()] == ["first.safetensors"]


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", (2**40).to_bytes(8, "little") + b"{}"])
def test_a_damaged_file_is_made_anew(folder: Path, content: bytes) -> None:
    compute = Counted()
    run_arrays.shared("a", compute)
    good = (folder / "a.safetensors").read_bytes()
    (folder / "a.safetensors").write_bytes(content)
    assert same(run_arrays.shared("a", compute)) and compute.calls == 2
    assert (folder / "a.safetensors").read_bytes() == good


def test_a_folder_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "arrays").write_text("a file in place of the folder")
    monkeypatch.setenv(run_arrays.FOLDER, str(tmp_path))
    compute = Counted()
    assert all(same(run_arrays.shared("a", compute)) for _ in range(2)) and compute.calls == 2
