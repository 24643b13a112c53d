"""Reasons for missing values, as the notes under figures give them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.figures import missing_notes

# Reasons


@pytest.mark.parametrize(
    ("reason", "column", "told"),
    [
        ("failed: x; y", "ssim", "failed: x; y"),
        ("ssim: a; ms_ssim: b (c; d: e); vifp: f", "ms_ssim", "b (c; d: e)"),
        ("ssim, ms_ssim: 1 of 4 (first a (failed: x; y))", "ms_ssim", "1 of 4 (first a (failed: x; y))"),
        ("the decoder warned; skipped: no plug-in; get it", "ssim", "skipped: no plug-in; get it"),
        ("bd_rate: too little; bd_metric: other", "bd_rate", "too little"),
        ("something else", "ssim", "something else"),
        ("", "ssim", "no reason is given"),
    ],
)
def test_why(reason, column, told):
    assert missing_notes.why(reason, column) == told


def test_reasons_that_differ_in_numbers_are_told_together():
    frame = "{} of 3 images are refused, first {} (the curves overlap in {}% of the range of {}, 50.0% is needed)"
    reasons = [frame.format(1, "b", "9.1", "ssim"), frame.format(3, "a", "28.1", "ssim"), "other"]
    together = frame.format("1 to 3", "b or a", "9.1 to 28.1", "ssim")
    assert missing_notes.merged(reasons) == {reasons[0]: together, reasons[1]: together, "other": "other"}


@given(st.text(), st.sampled_from(["ssim", "bpp"]))
def test_why_takes_any_text(reason, column):
    assert (
        missing_notes.why(reason, column) in (reason, "no reason is given")
        or missing_notes.why(reason, column) in reason
    )
