"""Text that is measured, and the files that a figure is saved to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.core.errors import StudyError
from study.figures import canvas


@given(st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=200), st.floats(0.3, 7))
def test_wrapped_text_fits_and_is_whole(text, width):
    lines = canvas.wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(canvas.text_width(line, canvas.SMALL) <= width + 1e-9 for line in lines)


@given(st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=80), st.floats(0.3, 3))
def test_shortened_text_fits(text, width):
    short = canvas.shortened(text, width)
    assert short == text or ("…" in short and canvas.text_width(short) <= width)


def test_a_figure_with_another_suffix_is_refused(tmp_path):
    with pytest.raises(StudyError, match=r"allowed: \.png, \.pdf, \.svg"):
        canvas.save(canvas.start(1.0).figure, [tmp_path / "figure.eps"])
    assert canvas.paths([tmp_path / "v1.5"]) == [tmp_path / "v1.5.png", tmp_path / "v1.5.pdf"]
