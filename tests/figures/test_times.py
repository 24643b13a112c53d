"""The figure of times against BD-rates."""

import runpy
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from figure_study import SKIPPED, one_line
from study.core import paths
from study.figures import bd_rate, times


def test_seconds_per_megapixel_are_those_of_all_images_together():
    same = {"image_set": "s", "codec": "c", "quality": "1", "bpp": "1"}
    sizes = {"a": ("1000", "500"), "b": ("100", "100")}
    clocked = [
        {**same, "image": name, "encode_s": seconds, "decode_s": "1", "rounds": "3", "repeats": "5",
         "machine": "M", "status": "ok", "reason": "", "width": sizes[name][0], "height": sizes[name][1]}
        for name, seconds in (("a", "3"), ("b", "1"))
    ]  # fmt: skip
    rows, megapixels, source = times.timed([{**same, "encode_s": "99", "decode_s": "99"}], clocked)
    assert megapixels == pytest.approx(0.255) and "5 calls on one core of M" in source
    (speed,) = times.speeds(rows, megapixels)["c"]
    assert speed.seconds["encode_s"] == pytest.approx((3.0 + 1.0) / 0.51)


def test_a_study_without_timing_has_no_times_and_says_why(small, tmp_path, monkeypatch):
    small.write(tmp_path)
    command = ["plot_time.py", "--set", "photos"]
    for name in ("means", "codecs", "bd"):
        command += [f"--{name}", str(tmp_path / f"{name}.csv")]
    for name, more in (("time", ()), ("timed", ("--timing", str(tmp_path / "timing.csv")))):
        monkeypatch.setattr(sys, "argv", [*command, *more, "--out", str(tmp_path / f"{name}.png")])
        runpy.run_path(str(paths.SCRIPTS / "plot_time.py"), run_name="__main__")
    heights = {name: Image.open(tmp_path / f"{name}.png").height for name in ("time", "timed")}
    assert heights["time"] < 200 < heights["timed"]
    figure = times.none("photos")
    assert not figure.axes and "Not drawn: the study has no `timing`" in one_line(figure)


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(-90, 90)), min_size=1, max_size=20))
def test_the_front_is_what_no_other_beats(points):
    front = times.front(points)
    for point in points:
        beaten = any(other[0] <= point[0] and other[1] <= point[1] and other != point for other in points)
        assert (point in front) == (not beaten)


def test_time_figure_shows_the_anchor_and_tells_who_has_no_rate(large):
    rows = large.bd("psnr_rgb")
    figure = times.figure(large.means, 0.2, "clocked", large.codecs, bd_rate.against(rows))
    assert [panel.get_xscale() for panel in figure.axes] == ["log", "log", "linear", "linear"]
    upper, lower = figure.axes[0], figure.axes[2]
    assert "jpeg" in {line.get_gid() for line in upper.lines} and "hific" not in {
        line.get_gid() for line in upper.lines
    }
    assert {line.get_gid() for line in lower.lines} == set(large.codecs) - {"hevc"}
    assert "Without BD-rate: HiFiC (" in one_line(figure) and f"Not shown: HEVC ({SKIPPED})" in one_line(figure)
    assert upper.get_ylabel() == "BD-rate (%) against JPEG"
    assert len(times.figure(large.means, 0.2, "clocked", large.codecs).axes) == 2
