"""Which score records get another file, so that their jobs run again."""

from __future__ import annotations

from pathlib import Path

import pytest

from study.planning import retries


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    paths = {status: f"results/scores/{status}.csv" for status in ("ok", "skipped", "refused", "failed", "old")}
    Path("results/scores").mkdir(parents=True)
    for status, path in paths.items():
        Path(path).write_text("image\na\n" if status == "old" else f"image,status,reason\na,ok,\nb,{status},why\n")
    return paths | {"missing": "results/scores/missing.csv"}


def test_a_record_with_a_failed_row_has_another_file_at_each_run(records: dict[str, str]) -> None:
    for run in ("1", "2", "3"):
        retries.note(records["failed"], records.values())
        files = {name: retries.inputs(path) for name, path in records.items()}
        assert files == {name: [] for name in records} | {"failed": [f"results/specs/retries/scores/failed/{run}.json"]}


def test_the_file_stays_once_the_record_is_whole(records: dict[str, str]) -> None:
    retries.note(records["failed"], records.values())
    Path(records["failed"]).write_text(Path(records["ok"]).read_text())
    retries.note(records["failed"], records.values())
    assert retries.inputs(records["failed"]) == ["results/specs/retries/scores/failed/1.json"]


@pytest.mark.parametrize("table", ["ok", "skipped", "missing"])
def test_no_record_has_a_file_where_the_study_has_no_failed_cell(table: str, records: dict[str, str]) -> None:
    retries.note(records[table], records.values())
    assert not Path("results/specs").exists()
