"""The figure of times against BD-rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figure_study import SKIPPED, one_line, text_rows
from study.analysis import means
from study.core import columns
from study.figures import bd_rate, times
from study.figures import options as figures_options


def test_seconds_per_megapixel_are_those_of_all_pictures_together():
    rows = [
        {"image_set": "s", "image": name, "codec": "c", "quality": 1} | dict.fromkeys(columns.figures([]), 1.0)
        | {"encode_s": seconds, "status": "ok", "reason": None, "gaps": None}
        for name, seconds in (("a", 3.0), ("b", 1.0))
    ]  # fmt: skip
    sizes = [{"image": "a", "width": "1000", "height": "500"}, {"image": "b", "width": "100", "height": "100"}] * 2
    megapixels = figures_options.mean_megapixels(sizes)
    assert megapixels == pytest.approx(0.255)
    (speed,) = times.speeds(text_rows(means.means(rows, [])), megapixels)["c"]
    assert speed.seconds["encode_s"] == pytest.approx((3.0 + 1.0) / 0.51)


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(-90, 90)), min_size=1, max_size=20))
def test_the_front_is_what_no_other_beats(points):
    found = times.front(points)
    for point in points:
        beaten = any(other[0] <= point[0] and other[1] <= point[1] and other != point for other in points)
        assert (point in found) == (not beaten)


def test_time_figure_shows_the_anchor_and_tells_who_has_no_rate(large):
    rows = large.bd("psnr_rgb")
    figure = times.figure(large.means, 0.2, large.codecs, bd_rate.against(rows))
    assert [panel.get_xscale() for panel in figure.axes] == ["log", "linear", "log", "linear"]
    upper, lower = figure.axes[0], figure.axes[1]
    assert "jpeg" in {line.get_gid() for line in upper.lines} and "hific" not in {
        line.get_gid() for line in upper.lines
    }
    assert {line.get_gid() for line in lower.lines} == set(large.codecs) - {"hevc"}
    assert "Without BD-rate: HiFiC (" in one_line(figure) and f"Not shown: HEVC ({SKIPPED})" in one_line(figure)
    assert upper.get_ylabel() == "BD-rate (%) against JPEG"
    assert len(times.figure(large.means, 0.2, large.codecs).axes) == 2
