"""The head-to-head matrix as Markdown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import head_to_head_table
from study.core import atomic_io, paths
from study.core.errors import StudyError

RATES = {
    ("a", "b"): (-5, -7, -3), ("b", "a"): (5.3, 3, 7.5), ("a", "jpeg"): (-20, -22, -18), ("jpeg", "a"): (25, 22, 28),
    ("b", "jpeg"): (-30, -40, -20), ("jpeg", "b"): (43, 30, 60), ("c", "a"): (1, -2, 4), ("a", "c"): (-0.5, -3, 2),
    ("c", "jpeg"): (-21, -30, -12), ("jpeg", "c"): (27, 13, 40), ("b", "c"): (None,) * 3, ("c", "b"): (None,) * 3,
}  # fmt: skip


def table() -> list[dict[str, str]]:
    columns = ("bd_rate", "bd_rate_lo", "bd_rate_hi")
    rows = []
    for (codec, anchor), values in RATES.items():
        figures = {name: "" if value is None else str(value) for name, value in zip(columns, values)}
        rows.append({"image_set": "s", "metric": "psnr_rgb", "codec": codec, "anchor": anchor, **figures})
    return rows


def test_the_matrix_tells_what_is_decided_and_what_the_anchor_ranks_otherwise() -> None:
    made = list(head_to_head_table.lines(table(), "jpeg"))
    assert made[0] == "| | 1 | 2 | 3 | 4 |"
    assert made[2] == "| 1 `a` |  | **−5.0** ↺ | −0.5 ↺ | **−20.0** |"
    assert made[3] == "| 2 `b` | **+5.3** ↺ |  | – | **−30.0** |"
    assert made[-1] == (
        "Of all 6 pairs of the study's 4 codecs, 1 have no figure, 1 have an interval that holds 0, and 2 are ranked "
        "otherwise by BD-rates against `jpeg`."
    )


def test_chosen_codecs_alone_are_shown_and_all_are_counted() -> None:
    made = list(head_to_head_table.lines(table(), "jpeg", ["jpeg", "b"]))
    assert made[2].startswith("| 1 `b` |  |") and len(made) == 6 and "Of all 6 pairs" in made[-1]
    with pytest.raises(StudyError, match="has no codec 'x'"):
        list(head_to_head_table.lines(table(), "jpeg", ["x"]))


def test_the_command(tmp_path: Path) -> None:
    atomic_io.write_rows(tmp_path / "head_to_head.csv", table()[0], table())
    atomic_io.write_rows(tmp_path / "bd.csv", ["anchor"], [{"anchor": "jpeg"}])
    command = [sys.executable, paths.ROOT / "tools" / "head_to_head_table.py", "--study", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "| 4 `jpeg` | **+25.0** |" in done.stdout, done.stderr
    wrong = subprocess.run([*command, "--metric", "ssim"], capture_output=True, text=True)
    assert wrong.returncode == 1 and wrong.stderr.startswith("error: head_to_head.csv has no metric 'ssim'")
