"""The progress lines of a run."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from study.planning import progress


def test_line_says_done_left_and_time() -> None:
    assert progress.line(120, 255, 45) == "120 of 255 jobs done, 135 left; 0:45 so far, about 0:51 to go"
    assert progress.line(255, 255, 3700) == "255 of 255 jobs done, 0 left; 1:01:40 so far"


def test_handler_writes_the_last_line_and_ignores_other_records(capsys: pytest.CaptureFixture) -> None:
    handler = progress.Progress(every=1000)
    for done in (1, 2):
        record = logging.LogRecord("x", logging.INFO, "", 0, "", None, None)
        record.done, record.total = done, 2
        handler.emit(record)
    handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "a job", None, None))
    assert capsys.readouterr().err.splitlines() == ["2 of 2 jobs done, 0 left; 0:00 so far"]


def test_the_last_words_tell_a_finished_study_from_a_part_and_from_a_failure(tmp_path: Path) -> None:
    assert "the study as a whole is not" in progress.closing(tmp_path)
    (tmp_path / "complete.txt").write_text("all 3 cells have values\n")
    assert progress.closing(tmp_path).startswith("all 3 cells have values\nPage: ")
    assert progress.closing(tmp_path, failed=True).startswith("the study is not complete")
    assert "\n" not in progress.closing(tmp_path / "nowhere", failed=True)
