"""The figure of BD-rates."""

import re
from dataclasses import replace
from string import ascii_lowercase

import pytest

from figure_study import drawn, one_line, words
from study.analysis import bd_table, refusals
from study.analysis.refusals import Refusal
from study.core.errors import StudyError
from study.figures import bd_rate, canvas, pdf_pages
from study.figures.paper import Paper


def bd_row(codec, rate, over="mean of images", image="", **more):
    row = dict.fromkeys(bd_table.COLUMNS, "")
    row |= {"image_set": "photos", "anchor": "jpeg", "metric": "psnr_rgb", "scale": "identity", "method": "akima"}
    row |= {
        "interval": "t",
        "over": over,
        "image": image,
        "codec": codec,
        "bd_rate": "" if rate is None else str(rate),
        "n_images": "2",
    }
    return row | {"interval": "t"} | more


def points(codec, count=0):
    return Refusal("points", codec=codec, count=count, limit=4)


def refused(*reasons, other=None):
    return refusals.as_json({"bd_rate": reasons, "bd_metric": [other] if other else []})


def test_bars_are_sorted_with_the_refused_at_the_end(small):
    overlap = Refusal("overlap", count=0.25, limit=0.5, over="psnr_rgb")
    images = Refusal("images", count=1, total=2, first="a", inner=(overlap,))
    rows = [
        bd_row("webp", -10, bd_rate_lo="-20", bd_rate_hi="-5", level="0.95"),
        bd_row("hevc", None, refusals=refused(points("hevc"))),
        bd_row("avif", -40.06),
        bd_row("jpeg-2000", 30),
        bd_row("vvc", None, refusals=refused(images, other=points("other"))),
        *(bd_row("webp", rate, "image", image) for rate, image in ((-20, "a"), (0, "b"))),
    ]
    figure = bd_rate.figure(rows, small.codecs)
    drawn(figure)
    panel, strip = figure.axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["AVIF", "WebP", "JPEG 2000", "HEVC", "VVC"]
    assert [text.get_text() for text in panel.texts] == ["−40.1", "−10.0", "+30.0", "refused (a)", "refused (b)"]
    assert [patch.get_width() for patch in panel.patches] == [-40.06, -10, 30]
    words = one_line(figure)
    assert "photos: BD-rate against JPEG" in words and "Student's 95% interval" in words
    assert (
        "(a) this codec: 0 usable points" in words
        and "(b) 1 of 2 images are refused, first a (the curves overlap in 25.0%" in words
    )
    assert "other" not in words
    assert any(list(line.get_xdata()) == [-20, 0] for line in panel.lines), "the images' own figures"
    assert not strip.lines, "no row tells a range"
    low, high = panel.get_ylim()
    assert low > high, "the best stands on top"


def test_a_reason_that_codecs_share_is_told_once(small):
    rows = [bd_row(codec, None, refusals=refused(points("jpeg"), points(codec))) for codec in ("webp", "avif")]
    figure = bd_rate.figure(rows, small.codecs)
    assert [text.get_text() for text in figure.axes[0].texts] == ["refused (a)"] * 2
    assert "(a) jpeg: 0 usable points, at least 4 are needed; this codec: 0 usable points" in one_line(figure)


def test_many_reasons_are_cut_and_it_says_so(large):
    codecs = [codec for codec in large.codecs if codec != "jpeg"]
    rows = [
        bd_row(codec, None, refusals=refused(replace(points("jpeg"), cause=f"{metric} {codec}")), metric=metric)
        for metric in ("psnr_rgb", "ms_ssim")
        for codec in codecs
    ]
    figure = bd_rate.figure(rows, large.codecs)
    left_out = 2 * len(codecs) - 26
    assert f"Refused without a letter: {left_out} more reasons, in bd.csv." in one_line(figure)
    marks = [text.get_text() for panel in figure.axes for text in panel.texts if text.get_text().startswith("refused")]
    assert sorted(marks) == sorted(["refused"] * left_out + [f"refused ({letter})" for letter in ascii_lowercase])


def test_a_bar_far_beyond_the_others_is_cut_with_its_number(small):
    rows = [bd_row("webp", -20), bd_row("avif", 900)]
    panel = bd_rate.figure(rows, small.codecs).axes[0]
    assert panel.get_xlim()[1] < 100
    assert [text.get_text() for text in panel.texts] == ["−20.0", "+900.0"]
    assert any(line.get_marker() == ">" for line in panel.lines)


def test_bd_figure_without_anything_to_compare(small):
    assert "Nothing to compare" in words(bd_rate.figure([], small.codecs))


def test_bd_choices_that_do_not_fit_are_refused(small):
    for options in ({"metrics": ["ssim"]}, {"over": "median"}, {"method": "cubic"}):
        with pytest.raises(StudyError, match="allowed: "):
            bd_rate.figure([bd_row("webp", -20)], small.codecs, **options)


def test_each_bar_shows_the_range_that_it_was_integrated_over(small):
    """A strip on the scale of the comparison, labelled in the metric's unit; a refused codec has no range."""
    rows = [
        bd_row("webp", -10, metric="ms_ssim", scale="db", overlap_lo="0.9", overlap_hi="0.99"),
        bd_row("avif", -20, metric="ms_ssim", scale="db", overlap_lo="0.99", overlap_hi="0.999"),
        bd_row("hevc", None, metric="ms_ssim", scale="db", overlap_lo="0.9", overlap_hi="0.91", refusals=refused()),
    ]
    strip = bd_rate.figure(rows, small.codecs).axes[1]
    spans = {line.get_gid(): [float(end) for end in line.get_xdata()] for line in strip.lines}
    assert spans == {"avif": pytest.approx([20, 30]), "webp": pytest.approx([10, 20])}
    assert [label.get_text() for label in strip.get_xticklabels()] == [".900", ".999"]


def test_every_anchor_has_panels_of_its_own(small):
    """Sorted by the first anchor; each anchor is named in the panels against it and compared in the others."""
    rows = [bd_row("webp", -10), bd_row("hevc", 5), bd_row("avif", None, refusals=refused(points("avif")))]
    rows += [bd_row(codec, rate, anchor="webp") for codec, rate in (("jpeg", 11), ("hevc", 16), ("avif", -3))]
    figure = bd_rate.figure(rows, small.codecs)
    drawn(figure)
    against = [[text.get_text() for text in panel.texts] for panel in figure.axes[::2]]
    assert against == [["−10.0", "anchor", "+5.0", "refused (a)"], ["anchor", "+11.0", "+16.0", "−3.0"]]
    heads = words(figure).splitlines()
    assert "against JPEG" in heads and "against WebP" in heads
    assert "BD-rate against JPEG and WebP" in one_line(figure)
    assert bd_rate._listed(["JPEG", "JPEG, optimised"]) == "JPEG; JPEG, optimised"


@pytest.mark.slow
def test_what_is_higher_than_a_page_goes_on_on_the_next(large, tmp_path):
    """27 codecs in one column: a page for each panel, none longer than a journal's; what fits stays on one page."""
    rows = [bd_row(codec, -1, metric=metric, anchor=anchor)
            for anchor in ("jpeg", "jpeg-2000")
            for metric in ("psnr_rgb", "vifp_sewar", "ms_ssim")
            for codec in large.codecs if codec != anchor]  # fmt: skip
    panels = [(anchor, metric) for anchor in ("JPEG", "JPEG 2000") for metric in ("PSNR", "VIFp", "MS-SSIM")]
    out = tmp_path / "bd.pdf"
    with canvas.on(Paper("single")):
        pages = _pages(rows, large.codecs)
        pdf_pages.save(pages, [out])
    assert len(pages) == len(panels)
    for (anchor, metric), page in zip(panels, pages):
        assert len(page.axes) == 2 and one_line(page).startswith(f"photos: BD-rate against {anchor} {metric} ")
    sizes = [tuple(map(float, box)) for box in re.findall(rb"/MediaBox \[ 0 0 (\S+) (\S+) \]", out.read_bytes())]
    assert len(sizes) == len(panels)
    assert all(width == pytest.approx(88 / 25.4 * 72) and height <= 240 / 25.4 * 72 for width, height in sizes)
    with canvas.on(Paper("double")):
        assert len(_pages(rows[: len(rows) // 2], large.codecs)) == 1
        assert [len(page.axes) for page in _pages(rows, large.codecs)] == [6, 6]
    again = tmp_path / "again.pdf"
    pdf_pages.save(pages, [again])
    assert again.read_bytes() == out.read_bytes()


def _pages(rows, codecs):
    return bd_rate.pages(bd_rate.figure(rows, codecs), rows, codecs, None)
