"""What a run shows of itself: a bar on a terminal, lines elsewhere, and what stays in the log file."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from study.planning import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def record(
    event: LogEvent | None = None, text: str = "", level: int = logging.INFO, **fields: object
) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, "", 0, text, None, None)
    for name, value in {"event": event, **fields}.items():
        setattr(made, name, value)
    return made


def start(job: int, **wildcards: str) -> logging.LogRecord:
    return record(LogEvent.JOB_INFO, jobid=job, rule_name="encode", wildcards=wildcards)


def in_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, lines: int, total: int
) -> tuple[progress.Progress, Terminal]:
    """A progress display of a run of `total` jobs, and the terminal of that size that it writes to."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(lines))
    stream = Terminal()
    shown = progress.Progress(stream)
    shown.handle(record(LogEvent.RUN_INFO, stats={"total": total}))
    return shown, stream


def test_line_says_done_left_and_time() -> None:
    assert progress.line(120, 255, 45) == "120 of 255 jobs done, 135 left; 0:45 so far, about 0:51 to go"
    assert progress.line(255, 255, 3700) == "255 of 255 jobs done, 0 left; 1:01:40 so far"


def test_without_a_terminal_the_last_line_is_written_and_other_records_are_not() -> None:
    stream = io.StringIO()
    shown = progress.Progress(stream, every=1000)
    shown.handle(record(LogEvent.RUN_INFO, stats={"total": 2}))
    shown.handle(start(1, codec="webp"))
    for done in (1, 2):
        shown.handle(record(LogEvent.PROGRESS, done=done, total=2))
    shown.handle(record(text="a job"))
    shown.close()
    assert stream.getvalue().splitlines() == ["2 of 2 jobs done, 0 left; 0:00 so far"]


def test_a_terminal_has_one_bar_with_what_runs_now_below_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, stream = in_terminal(monkeypatch, 160, 40, total=4)
    for job, quality in enumerate(("10", "20", "30", "40")):
        shown.handle(start(job, set="kodak", codec="webp", quality=quality))
    shown.handle(record(LogEvent.JOB_FINISHED, job_id=1))
    shown.handle(record(LogEvent.PROGRESS, done=1, total=4))
    assert shown._now() == "now: encode kodak webp 10, encode kodak webp 30, encode kodak webp 40"
    shown.handle(start(5, set="kodak", codec="avif", quality="40"))
    assert shown._now().endswith("webp 40 and 1 more")
    monkeypatch.setenv("COLUMNS", "120")
    assert shown._now() == "now: encode kodak webp 10 and 3 more"
    monkeypatch.setenv("COLUMNS", "80")
    assert shown._now() == "encode kodak webp 10 +3"
    monkeypatch.setenv("COLUMNS", "50")
    assert shown._now() == ""
    shown.write("Error in rule encode")
    assert "Error" not in stream.getvalue(), "half a line would run into the bar"
    shown.write("\n")
    shown.handle(record(LogEvent.JOB_ERROR, level=logging.ERROR, jobid=0))
    shown.close()
    text = stream.getvalue()
    assert "of 4 jobs" in text and "to go" in text
    assert "\rError in rule encode\n" in text
    assert text.rsplit("\r", 2)[1].strip() == "", "the bar is taken away"


def test_a_line_of_a_narrow_terminal_holds_the_bar_and_what_runs_now(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, stream = in_terminal(monkeypatch, 80, 24, total=4000)
    for job in (1, 2):
        shown.handle(start(job, set="photos-8", codec="tiny-bmshj2018-hyperprior-msssim", quality="3"))
    shown.handle(record(LogEvent.PROGRESS, done=3999, total=4000))
    shown.handle(record(LogEvent.JOB_FINISHED, job_id=3))
    shown._bar.refresh()
    last = stream.getvalue().rsplit("\r", 1)[1]
    assert (
        len(last) <= 80 and "3999 of 4000" in last and "encode photos-8 tiny" in last and last.rstrip().endswith("… +1")
    )
    shown.close()


@pytest.mark.parametrize(
    ("made", "seen"),
    [
        (record(LogEvent.JOB_INFO, "rule encode: ..."), False),
        (record(LogEvent.JOB_FINISHED, "Finished jobid: 3"), False),
        (record(text="Select jobs to execute..."), False),
        (record(LogEvent.RUN_INFO, "Job stats: ..."), True),
        (record(LogEvent.JOB_ERROR, "Error in rule encode", logging.ERROR), True),
        (record(text="Nothing to be done"), True),
        (record(text="Execute it by hand", level=logging.WARNING), True),
    ],
)
def test_texts_of_single_jobs_stay_in_the_log_file(made: logging.LogRecord, seen: bool) -> None:
    assert progress.Texts().filter(made) is seen


def test_the_last_words_tell_a_finished_study_from_a_part_and_from_a_failure(tmp_path: Path) -> None:
    assert "the study as a whole is not" in progress.closing(tmp_path)
    (tmp_path / "complete.txt").write_text("all 3 cells have values\n")
    assert progress.closing(tmp_path).startswith("all 3 cells have values\nPage: ")
    assert progress.closing(tmp_path, failed=True).startswith("the study is not complete")
    assert "\n" not in progress.closing(tmp_path / "nowhere", failed=True)


NOT_RECORDED = "WorkflowError:\nError recording metadata for finished job ([Errno 28] No space left on device). Please "
FULL = {
    "metadata": (
        f"{NOT_RECORDED}ensure write permissions for the directory /a/.snakemake",
        "no space left on the disk of /a/.snakemake; free some space and give the same command again",
    ),
    "specification": (
        "InputFunctionException in rule page:\nError:\n  WorkflowError:\n    can't write results/specs/x.json: No "
        "space left on device; free some space or correct the rights\nWildcards:\n\nTraceback:\n",
        "can't write results/specs/x.json: No space left on device; free some space or correct the rights",
    ),
    "quota": (
        "OSError: [Errno 122] Disk quota exceeded: 'results/.running'",
        "no space left on the disk of results/.running;",
    ),
    "no path": ("[Errno 28] No space left on device", "no space left on the disk; free some space"),
}


@pytest.mark.parametrize("case", FULL)
def test_a_full_disk_is_told_once_in_a_sentence(case: str) -> None:
    text, sentence = FULL[case]
    written: list[str] = []
    full_disk = progress.FullDisk(written.append)
    assert full_disk.filter(
        record(text="Ignore corrupted or currently written metadata record x.", level=logging.WARNING)
    )
    for _ in range(2):
        assert not full_disk.filter(record(LogEvent.ERROR, text=text, level=logging.ERROR))
        assert not full_disk.filter(
            record(text="Ignore corrupted or currently written metadata record x.", level=logging.WARNING)
        )
    assert len(written) == 1 and written[0].startswith(f"error: {sentence}") and written[0].count("\n") == 1


def test_other_errors_and_those_of_jobs_are_let_through() -> None:
    full_disk = progress.FullDisk(pytest.fail)
    assert full_disk.filter(
        record(LogEvent.JOB_ERROR, text="can't write x: No space left on device", level=logging.ERROR)
    )
    assert full_disk.filter(
        record(LogEvent.ERROR, text="MissingRuleException: no rule to produce x", level=logging.ERROR)
    )


def test_the_last_words_name_the_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake").mkdir()
    monkeypatch.setattr(progress.shutil, "disk_usage", lambda folder: SimpleNamespace(free=4096))
    message = "the disk of .snakemake has 4 KiB left; free some space and give the same command again"
    assert progress.closing("results/studies/a", failed=True) == f"the study is not complete: {message}"
    monkeypatch.setattr(progress.shutil, "disk_usage", lambda folder: SimpleNamespace(free=2**30))
    assert progress.closing("results/studies/a", failed=True) == "the study is not complete: see the errors above"
