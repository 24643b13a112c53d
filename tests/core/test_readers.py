"""Records that were edited, cut short or written by another program are refused, with what to do."""

from __future__ import annotations

import pytest

from study.core import readers
from study.core.errors import StudyError

COLUMNS = ("image", "file", "width", "height", "sha256")
HEAD = "image,file,width,height,sha256\n"
WHOLE = f"{HEAD}a,a.png,3,4,00\nb,b.png,5,6,11\n"

REFUSED = {
    "a climbing file": (f"{HEAD}a,../a.png,3,4,00\n", "names the file '../a.png'"),
    "an absolute file": (f"{HEAD}a,/etc/passwd,3,4,00\n", "names the file '/etc/passwd'"),
    "a folder": (f"{HEAD}a,..,3,4,00\n", "names the file '..'"),
    "a climbing image": (f"{HEAD}../a,a.png,3,4,00\n", "the image '../a'"),
    "an image twice": (f"{HEAD}a,a.png,3,4,00\na,b.png,3,4,00\n", "row 2 has the image 'a': none, twice"),
    "no image": (f"{HEAD},a.png,3,4,00\n", "the image ''"),
    "cut": (WHOLE[:-8], "row 2 lacks width, height, sha256: cut short"),
    "another version": ("image,file\na,a.png\n", "lacks width, height, sha256"),
    "more cells": (f"{HEAD}a,a.png,3,4,00,7\n", "more cells than columns"),
    "NaN": (f"{HEAD}a,a.png,nan,4,00\n", "the width 'nan'"),
    "a number of channels in words": (
        "image,file,channels,sha256,width,height\na,a.npz,many,00,3,4\n",
        "the channels 'many'",
    ),
    "a negative side": (f"{HEAD}a,a.png,3,-4,00\n", "the height '-4'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_odd_records_are_refused(case, tmp_path) -> None:
    text, message = REFUSED[case]
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(StudyError) as caught:
        readers.read_record(tmp_path / "r.csv", (*COLUMNS, "channels") if "channels" in text else COLUMNS)
    said = str(caught.value)
    assert message in said and "r.csv" in said and "delete it and run the study again" in said


def test_a_whole_record_is_read(tmp_path) -> None:
    (tmp_path / "r.csv").write_text(WHOLE)
    assert [row["image"] for row in readers.read_record(tmp_path / "r.csv", COLUMNS)] == ["a", "b"]


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0", b"image\n" + b"x" * 200_000])
def test_what_is_no_table_is_said_so(tmp_path, data) -> None:
    (tmp_path / "photo.png").write_bytes(data)
    with pytest.raises(StudyError, match=r"photo\.png is no table"):
        readers.read_rows(tmp_path / "photo.png")


@pytest.mark.parametrize("text", ["abc", "nan", "-1", "0", "inf"])
def test_a_limit_of_the_environment_is_a_number(text, monkeypatch) -> None:
    import argparse

    from study.core import limits

    monkeypatch.setenv("STUDY_CELL_SECONDS", text)
    with pytest.raises(StudyError, match=f"STUDY_CELL_SECONDS: found '{text}'; allowed: a number above 0"):
        limits.add_options(argparse.ArgumentParser())
