"""Two results folders are told apart by content, and by nothing that a rerun measures anew."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from study.core import atomic_io, paths

SCORES = ({"image": "a", "psnr_rgb": "30.5", "reason": ""}, {"image": "b", "psnr_rgb": "inf", "reason": ""})


def write_results(folder: Path) -> Path:
    atomic_io.write_bytes(folder / "bitstreams/set/jpeg/10/a.jpg", b"bits")
    record = {"image": "a", "bytes": 4, "encode_s": 0.1, "remade": 0}
    atomic_io.write_rows(folder / "bitstreams/set/jpeg/10/encoded.csv", record, [record])
    atomic_io.write_rows(folder / "scores/set/jpeg/10.csv", SCORES[0], SCORES)
    return folder


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    first = write_results(tmp_path / "first")
    shutil.copytree(first, tmp_path / "second")
    return first, tmp_path / "second"


def compare(first: Path, second: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, paths.ROOT / "tools/compare_results.py", first, second]
    done = subprocess.run([*command, "--parts", "bitstreams", "scores", *options], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def counts(output: str, part: str) -> list[int]:
    """Same, different, only in the first, only in the second."""
    line = next(line for line in output.splitlines() if line.split()[:1] == [part])
    return list(map(int, line.split()[1:]))


def test_what_is_measured_and_new_columns_are_no_difference(pair: tuple[Path, Path]) -> None:
    record = {"image": "a", "bytes": 4, "encode_s": 7.5, "generation": 3}
    atomic_io.write_rows(pair[1] / "bitstreams/set/jpeg/10/encoded.csv", record, [record])
    scores = [row | {"psnr_rgb": text, "lpips": 1} for row, text in zip(SCORES, ("30.50", "inf"))]
    atomic_io.write_rows(pair[1] / "scores/set/jpeg/10.csv", scores[0], scores)
    status, output = compare(*pair)
    assert (status, output.splitlines()[-1]) == (0, "equal")
    assert counts(output, "bitstreams") == [2, 0, 0, 0] and counts(output, "scores") == [1, 0, 0, 0]
    assert "scores, columns of one side alone: lpips (second)" in output
    assert "generation (second), remade (first)" in output


def test_a_changed_byte_is_a_difference(pair: tuple[Path, Path]) -> None:
    (pair[1] / "bitstreams/set/jpeg/10/a.jpg").write_bytes(b"bitz")
    status, output = compare(*pair)
    assert (status, output.splitlines()[-1]) == (1, "different")
    assert counts(output, "bitstreams") == [1, 1, 0, 0]
    assert "bitstreams: set/jpeg/10/a.jpg: 4 and 4 bytes, the first difference at byte 3" in output


def test_a_changed_value_is_a_difference_however_small(pair: tuple[Path, Path]) -> None:
    changed = [SCORES[0] | {"psnr_rgb": "30.500000000000004"}, SCORES[1]]
    atomic_io.write_rows(pair[1] / "scores/set/jpeg/10.csv", changed[0], changed)
    status, output = compare(*pair)
    assert status == 1 and counts(output, "scores") == [0, 1, 0, 0]
    assert "scores: set/jpeg/10.csv: row 1, psnr_rgb: '30.5' and '30.500000000000004'" in output


def test_lost_files_and_rows_are_differences(pair: tuple[Path, Path]) -> None:
    (pair[1] / "bitstreams/set/jpeg/10/a.jpg").unlink()
    (pair[0] / "bitstreams/set/jpeg/10/encoded.csv").unlink()
    atomic_io.write_rows(pair[1] / "scores/set/jpeg/10.csv", SCORES[0], SCORES[:1])
    status, output = compare(*pair)
    assert status == 1 and counts(output, "bitstreams") == [0, 0, 1, 1]
    assert "scores: set/jpeg/10.csv: 2 and 1 rows" in output


def test_a_folder_without_results_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    status, output = compare(pair[0], tmp_path / "nowhere")
    assert status == 1 and "nowhere is not a folder" in output and "Traceback" not in output
    status, output = compare(*pair, "--parts", "decoded")
    assert status == 1 and "has files in decoded/" in output
