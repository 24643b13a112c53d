"""The progress lines of a run."""

from __future__ import annotations

import logging

import pytest

from study import progress


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
