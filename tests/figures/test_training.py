"""The figure of trainings."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from figure_files import check_figure
from study.core import atomic_io
from study.core.errors import StudyError
from study.figures import canvas, training
from tiny_study import ROOT


def curve(steps: int, scale: float) -> list[dict[str, str]]:
    return [
        {"step": str(step), "bpp": repr(scale / step), "distortion": repr(9 / step), "loss": repr((scale + 9) / step)}
        for step in range(50, steps + 1, 50)
    ]


def test_every_quality_is_drawn_in_every_panel() -> None:
    figure = training.figure("a model", {"1": curve(500, 1.0), "2": curve(1000, 2.0), "16": curve(200, 4.0)})
    assert [box.get_ylabel() for box in figure.axes] == ["Loss", "Rate (bpp)", "Distortion"]
    for box, name in zip(figure.axes, training.PANELS):
        lines = {line.get_gid(): line for line in box.lines}
        assert set(lines) == {f"{name}-{quality}" for quality in ("1", "2", "16")}
        assert box.get_xlim() == (0, 1000)
        low, high = box.get_ylim()
        assert all(low < value < high for line in lines.values() for value in line.get_ydata())
    drawn = next(line for line in figure.axes[1].lines if line.get_gid() == "bpp-2")
    assert list(drawn.get_xdata()) == list(range(50, 1001, 50))
    assert list(drawn.get_ydata()) == [2.0 / step for step in range(50, 1001, 50)]


def test_qualities_are_told_apart() -> None:
    figure = training.figure("", {str(number): curve(200, number) for number in range(1, 17)})
    looks = {(str(line.get_color()), str(line.get_linestyle())) for line in figure.axes[0].lines}
    assert len(looks) == 16
    assert len(figure.axes[0].get_legend().get_texts()) == 16


@pytest.mark.slow
def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    for kind in ("png", "pdf"):
        for path in (tmp_path / f"1.{kind}", tmp_path / f"2.{kind}"):
            canvas.save(training.figure("m", {"1": curve(300, 1.0)}), [path])
        assert (tmp_path / f"1.{kind}").read_bytes() == (tmp_path / f"2.{kind}").read_bytes()


def test_trainings_that_can_not_be_drawn() -> None:
    with pytest.raises(StudyError, match="no trainings"):
        training.figure("m", {})
    with pytest.raises(StudyError, match="quality 2 has no row"):
        training.figure("m", {"1": curve(100, 1.0), "2": []})


@pytest.mark.slow
def test_the_plotting_script(tmp_path: Path) -> None:
    for name in ("1", "2"):
        atomic_io.write_rows(tmp_path / f"{name}.csv", training.COLUMNS, curve(200, float(name)))
    (tmp_path / "other").mkdir()
    shutil.copy(tmp_path / "1.csv", tmp_path / "other")
    script = [sys.executable, ROOT / "scripts" / "plot_training.py", "--out", tmp_path / "figure", "--tables"]
    done = subprocess.run([*script, tmp_path / "1.csv", tmp_path / "2.csv"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    check_figure(tmp_path / "figure.pdf", tmp_path / "figure.png")
    twice = subprocess.run([*script, tmp_path / "1.csv", tmp_path / "other" / "1.csv"], capture_output=True, text=True)
    assert twice.returncode == 2 and "same name" in twice.stderr
