"""Tables: what is written is read back, and no cell is a formula."""

from __future__ import annotations

import pytest

from study.core import atomic_io, readers


def test_cells_are_read_back(tmp_path) -> None:
    row = {"a": 0.1 + 0.2, "b": 'two\nlines, "quoted"', "c": None, "d": "-1.5e-3", "e": "-inf", "f": "kodim01"}
    atomic_io.write_rows(tmp_path / "t.csv", row, [row])
    (cells,) = readers.read_rows(tmp_path / "t.csv")
    assert cells == {**{name: str(value) for name, value in row.items()}, "c": ""}


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "@SUM(A1)", "-2+3", '=HYPERLINK("http://x")', "\t=1"])
def test_no_cell_is_a_formula(tmp_path, text) -> None:
    atomic_io.write_rows(tmp_path / "t.csv", ["credit"], [{"credit": text}])
    (cells,) = readers.read_rows(tmp_path / "t.csv")
    assert cells == {"credit": f"'{text}"}
