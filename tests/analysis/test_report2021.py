"""What the 2021 report's table of edits says, against its own words."""

from __future__ import annotations

from study.analysis import report2021
from study.core.paths import ROOT


def test_five_of_the_reports_six_edits_lower_the_bitrate_which_it_says_increases() -> None:
    baseline, *edits = report2021.read(ROOT / "references" / "epfl2021.csv")
    changes = {row["edit"]: float(row["bpp"]) - float(baseline["bpp"]) for row in edits}
    assert baseline["edit"] == "none" and len(changes) == 6
    assert [edit for edit, change in changes.items() if change > 0] == ["x100"]
