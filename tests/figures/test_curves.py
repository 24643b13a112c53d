"""Rate-distortion figures: what they show, and that nothing overlaps or is cut."""

import itertools
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figure_study import FAILED, METRICS, SKIPPED, drawn, inside, labels_of, one_line, overlap, tick_labels, words
from study.core import atomic_io
from study.core.errors import StudyError
from study.figures import axes, bd_rate, canvas, curves, image_notes, legend, palette, times


def every_figure(study):
    """All kinds of figures, with their options, by name."""
    linear, log = curves.Options(), curves.Options(rate_axis="log", ssim_scale="db")
    three = curves.Options(("psnr_y", "ms_ssim", "ssim"), max_bpp=0.7)
    bd_rows = study.bd()
    few = study.bd("psnr_rgb")
    yield "image", curves.figure(study.image_rows("a"), study.codecs, "a (600×400)", linear)
    yield "small image", curves.figure(study.image_rows("small"), study.codecs, "small", three)
    yield "log", curves.figure(study.image_rows("b"), study.codecs, "b" * 300, log)
    yield "published", curves.figure(study.means, study.codecs, "mean", linear, (), published_rows())
    yield "one panel", curves.figure(study.means, study.codecs, "mean", curves.Options(("psnr_rgb",)))
    yield "average", curves.figure(study.means, study.codecs, "mean", three)
    yield "bars", bd_rate.figure(bd_rows, study.codecs)
    yield "one bar panel", bd_rate.figure(few, study.codecs, over="mean curve", method="pchip")
    yield "time", times.figure(study.means, 0.2, "clocked", study.codecs, bd_rate.against(few))
    yield (
        "time, refused",
        times.figure(study.means, 0.2, "clocked", study.codecs, bd_rate.against(bd_rows, "ms_ssim"), log),
    )
    yield "time alone", times.figure(study.means, 0.2, "clocked", study.codecs)


def published_rows():
    """Rows of published.csv: a curve at two metrics, one at another metric than is drawn, one far beyond the axis."""
    about = {"label": "VTM, a long label of a publication", "source": "A paper, folder/file.json", "counts": "payload"}
    points = [("lab/a", "psnr_rgb", 0.1 * n, 24 + n) for n in range(1, 60)]
    points += [("lab/a", "ms_ssim", 0.1 * n, 0.9 + 0.001 * n) for n in range(1, 9)] + [("lab/b", "vmaf", 1, 90)]
    return [
        about | {"curve": curve, "metric": metric, "bpp": str(bpp), "value": str(value)}
        for curve, metric, bpp, value in points
    ]


def test_published_curves_are_thin_lines_named_and_cited(small):
    options = curves.Options(("psnr_rgb", "ms_ssim"), ssim_scale="db")
    plain = curves.figure(small.means, small.codecs, "mean", options)
    figure = curves.figure(small.means, small.codecs, "mean", options, (), published_rows())
    lines = [[line for line in box.lines if line.get_gid() == "published/lab/a"] for box in figure.axes]
    assert [len(drawn) for drawn in lines] == [1, 1]
    assert all(line.get_linewidth() < 0.9 and line.get_marker() == "" for (line,) in lines)
    assert lines[1][0].get_ydata()[0] == pytest.approx(-10 * math.log10(1 - 0.901))
    assert [box.get_xlim() for box in figure.axes] == [box.get_xlim() for box in plain.axes]
    assert sum(rate > figure.axes[0].get_xlim()[1] for rate in lines[0][0].get_xdata()) <= 1
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "VTM, a long label of a publication (A paper, folder/file.json; rate of the payload)" in texts
    assert "lab/b" not in texts


@pytest.mark.slow
@pytest.mark.parametrize("size", ["small", "large"])
def test_nothing_overlaps_and_nothing_is_cut(size, request):
    for name, figure in every_figure(request.getfixturevalue(size)):
        renderer = drawn(figure)
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in figure.texts]
        boxes += [
            ("a handle", line.get_window_extent(renderer)) for line in figure.artists if line.get_gid() == "legend"
        ]
        boxes += [(f"panel {index}", panel.get_tightbbox(renderer)) for index, panel in enumerate(figure.axes)]
        for text, box in boxes:
            assert inside(box, figure.bbox), f"{name}: {text!r} leaves the canvas: {box} of {figure.bbox}"
        for (text, box), (other, area) in itertools.combinations(boxes, 2):
            assert not overlap(box, area), f"{name}: {text!r} overlaps {other!r}"
        for panel in figure.axes:
            for axis in (panel.xaxis, panel.yaxis):
                labels = [label.get_window_extent(renderer) for label in tick_labels(axis)]
                for one, other in itertools.pairwise(labels):
                    assert not overlap(one, other, 0), f"{name}: numbers of the {axis.axis_name} axis overlap"


@pytest.mark.slow
def test_numbers_at_bars_stay_inside_their_panel(large):
    figure = bd_rate.figure(large.bd(), large.codecs)
    renderer = drawn(figure)
    panels = [panel for panel in figure.axes if panel.get_xlabel()]  # the others are strips of ranges, without numbers
    assert panels
    for panel in panels:
        texts = [text for text in panel.texts if text.get_text()]
        assert len(texts) == len(large.codecs) - 1
        for text in texts:
            box = text.get_window_extent(renderer)
            assert panel.bbox.x0 - 1 <= box.x0 and box.x1 <= panel.bbox.x1 + 8, text.get_text()


# Rate-distortion curves


@pytest.mark.parametrize("options", [curves.Options(), curves.Options(rate_axis="log", ssim_scale="db")])
def test_every_codec_is_in_every_panel_and_in_the_legend(large, options):
    figure = curves.figure(large.image_rows("a"), large.codecs, "a", options)
    shown = [codec for codec in large.codecs if codec != "hevc"]
    for panel in figure.axes:
        assert [line.get_gid() for line in panel.lines] == shown
    labels = [large.codecs[codec].label for codec in shown]
    texts = labels_of(figure)
    assert [text for text in texts if text in labels] == labels
    handles = [line for line in figure.artists if line.get_gid() == "legend"]
    for codec, handle in zip(shown, handles):
        assert (handle.get_color(), handle.get_marker()) == (large.codecs[codec].colour, large.codecs[codec].marker)


def test_a_family_has_a_heading_only_where_labels_do_not_tell_it():
    same = [palette.Style(label, "JPEG", "k", "-", "o") for label in ("JPEG", "JPEG 4:4:4")]
    other = [palette.Style(label, "hyperprior", "k", "-", "o") for label in ("A", "B")]
    single = [palette.Style("C", "factorized", "k", "-", "o")]
    groups = [[(entry.text, entry.style is None) for entry in group] for group in legend.entries(same + other + single)]
    assert groups == [
        [("JPEG", False), ("JPEG 4:4:4", False)],
        [("hyperprior", True), ("A", False), ("B", False)],
        [("C", False)],
    ]


def test_a_codec_with_one_quality_is_a_marker(large):
    figure = curves.figure(large.image_rows("a"), large.codecs, "a", curves.Options())
    lines = {line.get_gid(): line for line in figure.axes[0].lines}
    assert lines["hific"].get_linestyle() == "None" and lines["hific"].get_markersize() > lines["jpeg"].get_markersize()
    assert lines["jpeg"].get_linestyle() == "-"
    handles = [line for line in figure.artists if line.get_color() == large.codecs["hific"].colour]
    assert [handle.get_linestyle() for handle in handles] == ["None"]


def test_images_that_were_jpeg_are_named(small, tmp_path):
    rows = [{"image": name, "was_jpeg": was} for name, was in (("a", "yes"), ("b", "unknown"), ("c", "yes"))]
    atomic_io.write_rows(tmp_path / "images.csv", ["image", "was_jpeg"], rows)
    notes = image_notes.of([tmp_path / "images.csv"])
    text = one_line(curves.figure(small.means, small.codecs, "mean", curves.Options(), notes))
    assert "JPEG at this size before, which flatters JPEG, most at the quality they had: a, c." in text
    assert image_notes.of([tmp_path / "images.csv"], ["b"]) == []
    atomic_io.write_rows(
        tmp_path / "images.csv",
        ["image", "was_jpeg"],
        [{"image": name, "was_jpeg": "yes"} for name in "abcdefghijklmnopqrstuvwx"],
    )
    assert "had: 24 images." in image_notes.of([tmp_path / "images.csv"])[0]
    assert "before" not in one_line(curves.figure(small.means, small.codecs, "mean", curves.Options()))


def test_images_that_were_reduced_are_named_with_the_factor(small, tmp_path):
    rows = [{"image": "a", "was_jpeg": "reduced", "reduce": 3}, {"image": "b", "was_jpeg": "no", "reduce": 2}]
    atomic_io.write_rows(tmp_path / "images.csv", ["image", "was_jpeg", "reduce"], rows)
    notes = image_notes.of([tmp_path / "images.csv"])
    text = one_line(curves.figure(small.means, small.codecs, "mean", curves.Options(), notes))
    assert "Reduced since they may have been JPEG, so that no trace of it is left: a (3-fold)." in text


def test_what_is_missing_is_told_with_its_reason(small):
    image = one_line(curves.figure(small.image_rows("b"), small.codecs, "b", curves.Options()))
    assert f"Not shown: HEVC ({SKIPPED})." in image
    assert f"Missing: JPEG XL at quality 6 ({FAILED})." in image
    assert "Missing" not in one_line(curves.figure(small.image_rows("a"), small.codecs, "a", curves.Options()))
    options = curves.Options(("psnr_rgb", "ms_ssim"))
    figure = curves.figure(small.image_rows("small"), small.codecs, "small", options)
    note = "Missing MS-SSIM (Gaussian window): every codec (the image is 120x90, both sides must be at least 161)."
    assert note in one_line(figure)
    assert [text.get_text() for text in figure.axes[1].texts] == ["no value: see the note below"]
    mean = one_line(curves.figure(small.means, small.codecs, "mean", curves.Options()))
    assert f"Missing: JPEG XL at quality 6 (1 of 3 images have no value, first b ({FAILED}))." in mean


def test_a_codec_without_rows_is_told(small):
    rows = [row for row in small.image_rows("a") if row["codec"] != "webp"]
    assert "Not shown: WebP (the table has no row)." in one_line(
        curves.figure(rows, small.codecs, "a", curves.Options())
    )


def test_infinite_values_are_told_and_not_drawn(small):
    rows = [dict(row) for row in small.image_rows("a")]
    last = next(row for row in rows if row["codec"] == "webp" and row["quality"] == "6")
    last |= {"psnr_rgb": "inf", "ssim_sewar": "1.0"}
    linear = curves.figure(rows, small.codecs, "a", curves.Options())
    assert "Not drawn, since PSNR (RGB) is infinite: WebP at quality 6." in one_line(linear)
    assert "SSIM (sewar) is infinite" not in one_line(linear)
    decibels = curves.figure(rows, small.codecs, "a", curves.Options(ssim_scale="db"))
    assert "Not drawn, since SSIM (sewar) is infinite in dB: WebP at quality 6." in one_line(decibels)
    counts = [len({line.get_gid(): line for line in panel.lines}["webp"].get_xdata()) for panel in decibels.axes]
    assert counts == [6, 6, 7, 7]


def test_without_any_value_the_figure_says_why(small):
    rows = [row for row in small.image_rows("a") if row["codec"] == "hevc"]
    for axis in curves.RATE_AXES:
        figure = curves.figure(rows, small.codecs, "a", curves.Options(rate_axis=axis))
        drawn(figure)
        assert SKIPPED in one_line(figure)


def test_scale_in_decibels_is_that_of_the_ssim_family_alone(small):
    figure = curves.figure(small.image_rows("a"), small.codecs, "a", curves.Options(ssim_scale="db"))
    row = small.image_rows("a")[0]
    first = [panel.lines[0].get_ydata()[0] for panel in figure.axes]
    assert first[0] == float(row["psnr_rgb"]) and first[3] == float(row["vifp_sewar"])
    assert first[1] == pytest.approx(-10 * math.log10(1 - float(row["ssim_sewar"])))
    assert ["log₁₀" in panel.get_ylabel() for panel in figure.axes] == [False, True, True, False]


def test_points_are_joined_in_order_of_rate():
    row = {"codec": "c", "psnr_rgb": "30", "reason": ""}
    rows = [row | {"quality": name, "bpp": bpp} for name, bpp in (("hi", "0.9"), ("lo", "0.1"), ("mi", "0.4"))]
    (curve,) = curves.curves(rows, "psnr_rgb", curves.Options())
    assert curve.rate == [0.1, 0.4, 0.9]


@pytest.mark.parametrize(
    ("rates", "options", "end"),
    [
        ([0.1, 0.2], {}, 0.25),
        ([0.1, 0.9], {}, 1.0),
        ([0.1] * 18 + [1.2, 7.0], {}, 0.25),
        ([0.1, 0.2, 1.9, 3.0], {}, 2.0),
        ([1.0, 5.0, 7.0], {}, 7.0),
        ([0.1, 0.9], {"max_bpp": 0.6}, 0.6),
        ([0.1, 9.0], {"rate_axis": "log"}, 9.0),
        ([0.1, 9.0], {"rate_axis": "log", "max_bpp": 3}, 3),
        ([], {}, 1.0),
    ],
)
def test_end_of_the_rate_axis(rates, options, end):
    assert curves.rate_end(rates, curves.Options(**options)) == end


def test_points_beyond_the_rate_axis_are_counted(small):
    rows = small.image_rows("a")
    figure = curves.figure(rows, small.codecs, "a", curves.Options(max_bpp=0.5))
    rates = [float(row["bpp"]) for row in rows if row["bpp"]]
    beyond = sum(rate > 0.5 for rate in rates)
    assert f"Beyond the rate axis, above 0.5 bpp, are {beyond} of {len(rates)} points, of 7 codecs." in words(figure)
    assert all(panel.get_xlim() == (0, pytest.approx(0.505)) for panel in figure.axes)
    whole = curves.figure(rows, small.codecs, "a", curves.Options(max_bpp=50))
    assert "Beyond" not in words(whole)


def test_the_value_axis_holds_what_the_rate_axis_shows():
    low, high = axes.value_span([([0.1, 1.0, 3.0], [20, 30, 50])], 2.0)
    assert low < 20 and 40 < high < 41.5


def test_log_axis_shows_every_point_with_plain_numbers(small):
    figure = curves.figure(small.image_rows("a"), small.codecs, "a", curves.Options(rate_axis="log"))
    drawn(figure)
    rates = [float(row["bpp"]) for row in small.image_rows("a") if row["bpp"]]
    for panel in figure.axes:
        low, high = panel.get_xlim()
        assert panel.get_xscale() == "log" and low < min(rates) and max(rates) < high
    labels = [text.get_text() for text in figure.axes[-1].get_xticklabels()]
    assert len(labels) >= 3 and all(re.fullmatch(r"[0-9.]+", label) for label in labels)


@settings(deadline=None, max_examples=25)
@given(st.floats(1e-6, 1e6), st.floats(1.0, 1e9))
def test_log_axis_has_some_ticks_but_not_too_many(low, ratio):
    figure = canvas.start(3.0).figure
    box = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.log(box, "x", low, low * ratio)
    left, right = box.get_xlim()
    ticks = [tick for tick in box.get_xticks() if left <= tick <= right]
    assert 1 <= len(ticks) <= 9


def test_axes_say_which_definition():
    assert palette.axis_label("psnr_rgb") == "PSNR (dB, RGB)"
    assert palette.axis_label("msssim_sewar") == "MS-SSIM (sewar)"
    with pytest.raises(StudyError, match="metric 'psnr_rbg' is unknown; did you mean 'psnr_rgb'"):
        palette.axis_label("psnr_rbg")
    assert (
        len({palette.axis_label(name) for name in METRICS})
        == len({palette.short(name) for name in METRICS})
        == len(METRICS)
    )
    assert all(len(palette.parts(name)) in (1, 2) for name in METRICS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"panels": ("psnr_rbg",)}, "did you mean 'psnr_rgb'"),
        ({"panels": ()}, "at least one metric"),
        ({"rate_axis": "logarithmic"}, "allowed: linear, log"),
        ({"ssim_scale": "dB"}, "allowed: linear, db"),
        ({"max_bpp": 0}, "found 0"),
        ({"max_bpp": math.nan}, "found nan"),
    ],
)
def test_options_that_do_not_fit_are_refused(small, options, message):
    with pytest.raises(StudyError, match=re.escape(message)):
        curves.figure(small.image_rows("a"), small.codecs, "a", curves.Options(**options))


def test_codecs_that_codecs_csv_lacks_are_refused(small):
    without = {codec: look for codec, look in small.codecs.items() if codec != "webp"}
    with pytest.raises(StudyError, match="'webp' is not in codecs"):
        curves.figure(small.image_rows("a"), without, "a", curves.Options())
