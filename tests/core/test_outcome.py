"""How a cell ended: the columns, what they say of one column, and records without them."""

import pytest

from study.core import outcome
from study.core.errors import StudyError

SMALL = outcome.ok("odd") | {"gaps": outcome.as_gaps({"ms_ssim": "too small; and flat"})}
LOST = outcome.without("failed", "x: y;\n z")


def test_columns():
    assert LOST == {"status": "failed", "reason": "x: y; z"}
    assert outcome.is_ok(SMALL) and not outcome.is_ok(LOST)
    assert outcome.gaps(SMALL) == {"ms_ssim": "too small; and flat"}
    assert outcome.gaps(LOST) == outcome.gaps(outcome.ok()) == {}
    assert outcome.as_gaps({}) is None


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (SMALL, "ms_ssim", "too small; and flat"),
        (SMALL, "ssim", "no reason is given"),
        (LOST, "ms_ssim", "failed: x: y; z"),
        (outcome.without("skipped", ""), "bpp", "skipped: no reason is given"),
    ],
)
def test_why(row, column, reason):
    assert outcome.why(row, column) == reason


def test_sentence():
    assert outcome.sentence(outcome.ok()) == ""
    assert outcome.sentence(SMALL) == "ms_ssim: too small; and flat; warning: odd"
    assert outcome.sentence(LOST) == "failed: x: y; z"


def test_records_of_earlier_versions_and_unknown_statuses_are_refused():
    outcome.check(LOST, "encoded.csv")
    with pytest.raises(StudyError, match=r"encoded.csv has no column 'status': .* delete it and run the study again"):
        outcome.check({"reason": "failed: x"}, "encoded.csv")
    with pytest.raises(StudyError, match="the status 'filed'; did you mean 'failed'"):
        outcome.check({"status": "filed"}, "encoded.csv")
