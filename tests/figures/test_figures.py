"""The figures: what they show, that nothing overlaps or is cut, and that the same tables give the same bytes."""

import functools
import itertools
import math
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.transforms import Bbox
from PIL import Image

from study.analysis import bd_table, means
from study.core import atomic_io, columns
from study.core.errors import StudyError
from study.figures import axes, bd_rate, canvas, curves, legend, missing_notes, originals, palette, times
from study.figures import options as figures_options
from study.metrics import registry as metric_registry

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
METRICS = list(metric_registry.REGISTRY)
SIZES = {"a": (600, 400), "b": (400, 600), "small": (120, 90)}
CLASSICAL = ["JPEG", "JPEG/4:4:4", "JPEG 2000", "WebP", "AVIF", "JPEG XL", "HEVC", "VVC"]
LEARNED = [
    *(f"{family}/{loss}" for loss in ("MSE", "MS-SSIM")
      for family in ("factorized prior", "scale hyperprior", "mean-scale hyperprior", "context model")),
    *("Cheng 2020/anchor, MSE", "Cheng 2020/anchor, MS-SSIM", "Cheng 2020/attention, MSE"),
    *(f"b2018/{kind}, {width} filters" for kind in ("GDN", "leaky ReLU") for width in (128, 192)),
    *("HiFiC", "A codec of our own with a name as long as it gets", "ELIC", "LIC-TCM"),
]  # fmt: skip
SKIPPED = "skipped: the plug-in pillow-heif is missing; `pip install pillow-heif` brings it"
FAILED = "failed: the encoder ended with status 3"


class Study:
    """Tables of a made-up study: HEVC is skipped, JPEG XL fails once, an image is too small, HiFiC has one quality."""

    def __init__(self, names, sizes=SIZES):
        self.catalogue = {}
        for name in names:
            family, _, variant = name.partition("/")
            label = f"{family} {variant}".strip() if family.startswith("JPEG") else name.replace("/", ", ")
            codec = re.sub("[^a-z0-9]+", "-", name.lower()).replace("ms-ssim", "msssim")
            self.catalogue[codec] = {"label": label, "family": family, "backend": "x", "parameter": "p"}
        self.rows = [row for image in sizes for row in self.picture(image, sizes[image])]
        self.means = _text(means.means(self.rows, METRICS))
        self.rd = _text(self.rows)
        self.codec_rows = _text(means.codec_rows(self.rows, self.catalogue))
        self.codecs = palette.styles(self.codec_rows)

    def picture(self, image, size):
        for place, codec in enumerate(self.catalogue):
            for quality in range(1 if codec == "hific" else 7):
                yield self.cell(image, size, place, codec, quality)

    def cell(self, image, size, place, codec, quality):
        rate = (0.1 + 0.01 * place) * 1.6**quality * (1.5 if image == "b" else 1)
        gain = rate * (1 + 0.06 * place)
        row = dict.fromkeys(columns.rd_columns(METRICS))
        row |= {"image_set": "photos", "image": image, "codec": codec, "quality": str(quality), "reason": None}
        row |= {"width": size[0], "height": size[1]}
        if codec == "hevc" or (codec == "jpeg-xl" and quality == 6 and image == "b"):
            return row | {"reason": SKIPPED if codec == "hevc" else FAILED}
        row |= {
            "bytes": 100,
            "bpp": rate,
            "payload_bpp": rate,
            "encode_s": 0.01 * 1.4**place,
            "decode_s": 0.02 * size[0],
        }
        row |= dict.fromkeys(METRICS, 1 - 0.05 / (gain + 0.3)) | {"peak_rss": 10**8}
        row |= {name: 30 + 6 * math.log2(gain + 0.2) for name in METRICS if "psnr" in name}
        if image == "small":
            row |= {"ms_ssim": None, "reason": "ms_ssim: the image is 120x90, both sides must be at least 161"}
        return row

    def picture_rows(self, image):
        return [row for row in self.rd if row["image"] == image]

    @functools.cache  # noqa: B019
    def bd(self, *names):
        names = names or ("psnr_rgb", "vifp_sewar", "ms_ssim")
        found = bd_table.table(self.rd, bd_table.Options("jpeg", list(names), resamples=50))
        return _text([{column: row.get(column) for column in bd_table.COLUMNS} for row in found])

    def write(self, folder):
        atomic_io.write_rows(folder / "rd.csv", columns.rd_columns(METRICS), self.rows)
        atomic_io.write_rows(folder / "means.csv", means.mean_columns(METRICS), self.means)
        atomic_io.write_rows(folder / "codecs.csv", means.CODEC_COLUMNS, self.codec_rows)
        atomic_io.write_rows(folder / "bd.csv", bd_table.COLUMNS, self.bd())


def _text(rows):
    return [{column: "" if value is None else str(value) for column, value in row.items()} for row in rows]


@pytest.fixture(scope="module")
def small():
    return Study(CLASSICAL)


@pytest.fixture(scope="module")
def large():
    return Study(CLASSICAL + LEARNED)


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    small.write(folder)
    for image, (width, height) in SIZES.items():
        Image.new("RGB", (width, height), "teal").save(folder / f"{image}.png")
    rows = [
        {"image": name, "file": f"{name}.png", "width": size[0], "height": size[1], "was_jpeg": "yes"}
        for name, size in SIZES.items()
    ]
    atomic_io.write_rows(folder / "images.csv", rows[0], rows)
    return folder


def every_figure(study):
    """All kinds of figures, with their options, by name."""
    linear, log = curves.Options(), curves.Options(rate_axis="log", ssim_scale="db")
    three = curves.Options(("psnr_y", "ms_ssim", "ssim"), max_bpp=0.7)
    bd_rows = study.bd()
    few = study.bd("psnr_rgb")
    yield "picture", curves.figure(study.picture_rows("a"), study.codecs, "a (600×400)", linear)
    yield "small image", curves.figure(study.picture_rows("small"), study.codecs, "small", three)
    yield "log", curves.figure(study.picture_rows("b"), study.codecs, "b" * 300, log)
    yield "one panel", curves.figure(study.means, study.codecs, "mean", curves.Options(("psnr_rgb",)))
    yield "average", curves.figure(study.means, study.codecs, "mean", three)
    yield "bars", bd_rate.figure(bd_rows, study.codecs)
    yield "one bar panel", bd_rate.figure(few, study.codecs, over="mean curve", method="pchip")
    yield "time", times.figure(study.means, 0.2, study.codecs, bd_rate.against(few))
    yield "time, refused", times.figure(study.means, 0.2, study.codecs, bd_rate.against(bd_rows, "ms_ssim"), log)
    yield "time alone", times.figure(study.means, 0.2, study.codecs)


def drawn(figure):
    """The figure after drawing, and its renderer."""
    with canvas.looks():
        figure.set_dpi(canvas.DPI)
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()
        return renderer


def words(figure):
    return "\n".join(text.get_text() for text in figure.texts)


def one_line(figure):
    return " ".join(words(figure).split())


def labels_of(figure):
    return [text.get_text() for text in figure.texts if text.get_gid() == "legend"]


def overlap(one, other, slack=1.0):
    inter = Bbox.intersection(one, other)
    return inter is not None and inter.width > slack and inter.height > slack


def inside(box, whole, slack=0.5):
    return (
        box.x0 >= whole.x0 - slack
        and box.y0 >= whole.y0 - slack
        and box.x1 <= whole.x1 + slack
        and box.y1 <= whole.y1 + slack
    )


def tick_labels(axis):
    """The labels of an axis that are seen."""
    low, high = sorted(axis.get_view_interval())
    labels = [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [label for label in labels if label.get_visible() and label.get_text()]


# Layout


@pytest.mark.parametrize("size", ["small", "large"])
def test_nothing_overlaps_and_nothing_is_cut(size, request):
    for name, figure in every_figure(request.getfixturevalue(size)):
        renderer = drawn(figure)
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in figure.texts]
        boxes += [
            ("a handle", line.get_window_extent(renderer)) for line in figure.artists if line.get_gid() == "legend"
        ]
        boxes += [(f"panel {place}", panel.get_tightbbox(renderer)) for place, panel in enumerate(figure.axes)]
        for text, box in boxes:
            assert inside(box, figure.bbox), f"{name}: {text!r} leaves the canvas: {box} of {figure.bbox}"
        for (text, box), (other, place) in itertools.combinations(boxes, 2):
            assert not overlap(box, place), f"{name}: {text!r} overlaps {other!r}"
        for panel in figure.axes:
            for axis in (panel.xaxis, panel.yaxis):
                labels = [label.get_window_extent(renderer) for label in tick_labels(axis)]
                for one, other in itertools.pairwise(labels):
                    assert not overlap(one, other, 0), f"{name}: numbers of the {axis.axis_name} axis overlap"


def test_numbers_at_bars_stay_inside_their_panel(large):
    figure = bd_rate.figure(large.bd(), large.codecs)
    renderer = drawn(figure)
    for panel in figure.axes:
        texts = [text for text in panel.texts if text.get_text()]
        assert len(texts) == len(large.codecs) - 1
        for text in texts:
            box = text.get_window_extent(renderer)
            assert panel.bbox.x0 - 1 <= box.x0 and box.x1 <= panel.bbox.x1 + 8, text.get_text()


# Rate-distortion curves


@pytest.mark.parametrize("options", [curves.Options(), curves.Options(rate_axis="log", ssim_scale="db")])
def test_every_codec_is_in_every_panel_and_in_the_legend(large, options):
    figure = curves.figure(large.picture_rows("a"), large.codecs, "a", options)
    shown = [codec for codec in large.codecs if codec != "hevc"]
    for panel in figure.axes:
        assert [line.get_gid() for line in panel.lines] == shown
    labels = [large.codecs[codec].label for codec in shown]
    found = labels_of(figure)
    assert [text for text in found if text in labels] == labels
    handles = [line for line in figure.artists if line.get_gid() == "legend"]
    for codec, handle in zip(shown, handles):
        assert (handle.get_color(), handle.get_marker()) == (large.codecs[codec].colour, large.codecs[codec].marker)


def test_a_family_has_a_heading_only_where_labels_do_not_tell_it():
    same = [palette.Style(label, "JPEG", "k", "-", "o") for label in ("JPEG", "JPEG 4:4:4")]
    other = [palette.Style(label, "hyperprior", "k", "-", "o") for label in ("A", "B")]
    single = [palette.Style("C", "factorized", "k", "-", "o")]
    found = [[(entry.text, entry.style is None) for entry in group] for group in legend.entries(same + other + single)]
    assert found == [
        [("JPEG", False), ("JPEG 4:4:4", False)],
        [("hyperprior", True), ("A", False), ("B", False)],
        [("C", False)],
    ]


def test_a_codec_with_one_quality_is_a_marker(large):
    figure = curves.figure(large.picture_rows("a"), large.codecs, "a", curves.Options())
    lines = {line.get_gid(): line for line in figure.axes[0].lines}
    assert lines["hific"].get_linestyle() == "None" and lines["hific"].get_markersize() > lines["jpeg"].get_markersize()
    assert lines["jpeg"].get_linestyle() == "-"
    handles = [line for line in figure.artists if line.get_color() == large.codecs["hific"].colour]
    assert [handle.get_linestyle() for handle in handles] == ["None"]


def test_pictures_that_were_jpeg_are_named(small, tmp_path):
    rows = [{"image": name, "was_jpeg": was} for name, was in (("a", "yes"), ("b", "unknown"), ("c", "yes"))]
    atomic_io.write_rows(tmp_path / "images.csv", ["image", "was_jpeg"], rows)
    names = figures_options.were_jpeg([tmp_path / "images.csv"])
    assert names == ["a", "c"]
    told = one_line(curves.figure(small.means, small.codecs, "mean", curves.Options(), names))
    assert "JPEG at this size before, which flatters JPEG, most at the quality they had: a, c." in told
    many = one_line(curves.figure(small.means, small.codecs, "mean", curves.Options(), ["a"] * 24))
    assert "had: 24 images." in many
    assert "before" not in one_line(curves.figure(small.means, small.codecs, "mean", curves.Options()))


def test_what_is_missing_is_told_with_its_reason(small):
    picture = one_line(curves.figure(small.picture_rows("b"), small.codecs, "b", curves.Options()))
    assert f"Not shown: HEVC ({SKIPPED})." in picture
    assert f"Missing: JPEG XL at quality 6 ({FAILED})." in picture
    assert "Missing" not in one_line(curves.figure(small.picture_rows("a"), small.codecs, "a", curves.Options()))
    options = curves.Options(("psnr_rgb", "ms_ssim"))
    figure = curves.figure(small.picture_rows("small"), small.codecs, "small", options)
    told = "Missing MS-SSIM (Gaussian window): every codec (the image is 120x90, both sides must be at least 161)."
    assert told in one_line(figure)
    assert [text.get_text() for text in figure.axes[1].texts] == ["no value: see the note below"]
    mean = one_line(curves.figure(small.means, small.codecs, "mean", curves.Options()))
    assert f"Missing: JPEG XL at quality 6 (1 of 3 images have no value, first b ({FAILED}))." in mean


def test_a_codec_without_rows_is_told(small):
    rows = [row for row in small.picture_rows("a") if row["codec"] != "webp"]
    assert "Not shown: WebP (the table has no row)." in one_line(
        curves.figure(rows, small.codecs, "a", curves.Options())
    )


def test_infinite_values_are_told_and_not_drawn(small):
    rows = [dict(row) for row in small.picture_rows("a")]
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
    rows = [row for row in small.picture_rows("a") if row["codec"] == "hevc"]
    for axis in curves.RATE_AXES:
        figure = curves.figure(rows, small.codecs, "a", curves.Options(rate_axis=axis))
        drawn(figure)
        assert SKIPPED in one_line(figure)


def test_scale_in_decibels_is_that_of_the_ssim_family_alone(small):
    figure = curves.figure(small.picture_rows("a"), small.codecs, "a", curves.Options(ssim_scale="db"))
    row = small.picture_rows("a")[0]
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
    rows = small.picture_rows("a")
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
    figure = curves.figure(small.picture_rows("a"), small.codecs, "a", curves.Options(rate_axis="log"))
    drawn(figure)
    rates = [float(row["bpp"]) for row in small.picture_rows("a") if row["bpp"]]
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
    assert palette.axis_label("new_metric") == "new_metric"
    assert (
        len({palette.axis_label(name) for name in METRICS})
        == len({palette.short(name) for name in METRICS})
        == len(METRICS)
    )
    assert all(len(palette.parts(name)) == 2 for name in METRICS), (
        "a metric of the registry has no label in study/figures/palette.py"
    )


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
        curves.figure(small.picture_rows("a"), small.codecs, "a", curves.Options(**options))


def test_codecs_that_codecs_csv_lacks_are_refused(small):
    without = {codec: look for codec, look in small.codecs.items() if codec != "webp"}
    with pytest.raises(StudyError, match="'webp' is not in codecs"):
        curves.figure(small.picture_rows("a"), without, "a", curves.Options())
    with pytest.raises(StudyError, match="'webp' is not in codecs"):
        times.figure(small.means, 1.0, without)
    with pytest.raises(StudyError, match="'webp' is not in codecs"):
        bd_rate.figure(small.bd(), without)


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


# Looks


def looks(*codecs):
    return palette.styles([{"codec": codec, "label": codec, "family": family} for codec, family in codecs])


def test_codecs_of_a_study_differ(large):
    found = list(large.codecs.values())
    assert len({(look.colour, str(look.line), look.marker, look.filled) for look in found}) == len(found)
    assert len({(look.colour, look.marker, look.filled) for look in found}) == len(found)
    for one, other in itertools.combinations(found, 2):
        if one.family == other.family:
            assert one.colour == other.colour and one.line != other.line


def test_looks_are_the_same_in_every_study():
    one = looks(("jpeg", "JPEG"), ("webp", "WebP"), ("new", "Our codec"))
    other = looks(("new", "Our codec"), ("webp", "WebP"), ("avif", "AVIF"), ("jpeg", "JPEG"), ("jpeg-444", "JPEG"))
    for codec in one:
        assert one[codec] == other[codec]
    assert one["jpeg"].colour == "#000000"
    assert looks(("x", "hific"))["x"].colour == looks(("x", "HiFiC"))["x"].colour


def test_the_twins_for_mse_and_ms_ssim_are_told_apart_alike():
    found = looks(("a-mse", "b2018"), ("a-msssim", "b2018"), ("b-msssim", "WebP"), ("b-mse", "WebP"))
    assert found["a-mse"].line == found["b-mse"].line == "-"
    assert found["a-msssim"].line == found["b-msssim"].line != "-"


def test_more_families_than_colours_still_differ():
    found = looks(*((f"c{number}", f"family {number}") for number in range(2 * len(palette.FAMILIES))))
    assert len({(look.colour, look.marker, look.filled) for look in found.values()}) == len(found)
    assert sum(look.filled for look in found.values()) == len(palette.FAMILIES)


def test_two_names_of_one_family_share_its_colour_only():
    found = looks(("a", "scale hyperprior"), ("b", "bmshj2018-hyperprior"))
    assert found["a"].colour == found["b"].colour and found["a"].marker != found["b"].marker


def test_labels_are_made_unique_and_ids_must_be():
    rows = [{"codec": codec, "label": "same", "family": "f"} for codec in ("a", "b")]
    assert [look.label for look in palette.styles(rows).values()] == ["same (a)", "same (b)"]
    with pytest.raises(StudyError, match="'a' twice"):
        palette.styles([rows[0], rows[0]])


def test_colours_differ_for_every_kind_of_sight():
    """Machado, Oliveira, Fernandes (2009), severity 1; distances in OKLab (Ottosson 2020)."""
    sights = {
        "normal": np.eye(3),
        "protanopia": [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        "deuteranopia": [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ],
        "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
    }
    rgb = np.array([to_rgb(colour) for colour in palette.FAMILIES])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [[0.41222147, 0.53633254, 0.05144599], [0.2119035, 0.6806995, 0.10739696], [0.08830246, 0.28171884, 0.62997870]]
    )
    axes_of = np.array(
        [
            [0.21045426, 0.79361778, -0.00407205],
            [1.9779985, -2.42859221, 0.45059371],
            [0.0259040, 0.78277177, -0.80867577],
        ]
    )
    for sight, matrix in sights.items():
        seen = np.cbrt(np.clip(linear @ np.transpose(matrix), 0, 1) @ cones.T) @ axes_of.T
        distances = [np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)]
        assert min(distances) > 0.09, sight
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (1.05 / (luminance + 0.05)).min() > 1.75, "too pale on white"


# BD-rates


def bd_row(codec, rate, over="mean of images", image="", **more):
    row = dict.fromkeys(bd_table.COLUMNS, "")
    row |= {"image_set": "photos", "anchor": "jpeg", "metric": "psnr_rgb", "scale": "identity", "method": "akima"}
    row |= {"over": over, "image": image, "codec": codec, "bd_rate": "" if rate is None else str(rate), "n_images": "2"}
    return row | more


def test_bars_are_sorted_with_the_refused_at_the_end(small):
    rows = [
        bd_row("webp", -10, bd_rate_lo="-20", bd_rate_hi="-5", level="0.95"),
        bd_row("hevc", None, reason="hevc: 0 usable points"),
        bd_row("avif", -40.06),
        bd_row("jpeg-2000", 30),
        bd_row("vvc", None, reason="1 of 2 images are refused, first a (bd_rate: little; bd_metric: other); other"),
        *(bd_row("webp", rate, "image", image) for rate, image in ((-20, "a"), (0, "b"))),
    ]
    figure = bd_rate.figure(rows, small.codecs)
    drawn(figure)
    (panel,) = figure.axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["AVIF", "WebP", "JPEG 2000", "HEVC", "VVC"]
    assert [text.get_text() for text in panel.texts] == ["−40.1", "−10.0", "+30.0", "refused (a)", "refused (b)"]
    assert [patch.get_width() for patch in panel.patches] == [-40.06, -10, 30]
    told = one_line(figure)
    assert "photos: BD-rate against JPEG" in told and "95% bootstrap interval" in told
    assert "(a) this codec: 0 usable points" in told and "(b) 1 of 2 images are refused, first a (little)" in told
    assert "other" not in told
    assert any(list(line.get_xdata()) == [-20, 0] for line in panel.lines), "the images' own figures"
    low, high = panel.get_ylim()
    assert low > high, "the best stands on top"


def test_a_reason_that_codecs_share_is_told_once(small):
    rows = [
        bd_row(codec, None, reason=f"jpeg: 0 usable points; {codec}: 0 usable points") for codec in ("webp", "avif")
    ]
    figure = bd_rate.figure(rows, small.codecs)
    assert [text.get_text() for text in figure.axes[0].texts] == ["refused (a)"] * 2


def test_many_reasons_are_cut_and_it_says_so(large):
    rows = [
        bd_row(codec, None, reason=f"reason {number}")
        for number, codec in enumerate(codec for codec in large.codecs if codec != "jpeg")
    ] + [bd_row("jpeg", None, reason=f"other {number}", metric=f"m{number}") for number in range(6)]
    names = list(dict.fromkeys(row["metric"] for row in rows))
    panels = {name: bd_rate.bars(rows, name, "mean of images", "akima") for name in names}
    marks = bd_rate._marks(panels)
    assert list(marks.values())[:26] == [f" ({letter})" for letter in "abcdefghijklmnopqrstuvwxyz"]
    assert bd_rate._reasons(marks)[-1] == f"Refused without a letter: {len(marks) - 26} more reasons, in bd.csv."


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


# Time


def test_seconds_per_megapixel_are_those_of_all_pictures_together():
    rows = [
        {"image_set": "s", "image": name, "codec": "c", "quality": 1} | dict.fromkeys(columns.figures([]), 1.0)
        | {"encode_s": seconds, "reason": None} for name, seconds in (("a", 3.0), ("b", 1.0))
    ]  # fmt: skip
    sizes = [{"image": "a", "width": "1000", "height": "500"}, {"image": "b", "width": "100", "height": "100"}] * 2
    megapixels = figures_options.mean_megapixels(sizes)
    assert megapixels == pytest.approx(0.255)
    (speed,) = times.speeds(_text(means.means(rows, [])), megapixels)["c"]
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


# Originals


@pytest.mark.parametrize("count", [1, 2, 4, 24, 100])
def test_the_sheet_of_originals(count, tmp_path):
    shapes = itertools.cycle([(96, 64), (64, 96), (8, 512), (300, 20), (1, 1)])
    pictures = []
    for number, (width, height) in zip(range(count), shapes):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (width, height), "navy").save(path)
        row = {"image": f"picture{number}" + "x" * 40 * (number == 3), "width": str(width), "height": str(height)}
        pictures.append((path, row | {"was_jpeg": "yes" if number == 0 else "no"}))
    figure = originals.figure(pictures, "photos")
    renderer = drawn(figure)
    assert len(figure.axes) == min(count, originals.MOST)
    assert ("The first 60 of 100 images." in words(figure)) == (count == 100)
    assert "96×64*" in words(figure) and "* was JPEG" in words(figure)
    boxes = [text.get_window_extent(renderer) for text in figure.texts] + [panel.bbox for panel in figure.axes]
    assert all(inside(box, figure.bbox) for box in boxes)
    for one, other in itertools.combinations(boxes, 2):
        assert not overlap(one, other)


@given(st.lists(st.floats(0.45, 2.6), min_size=1, max_size=80))
def test_pictures_keep_their_order_on_the_sheet(shapes):
    rows = originals.arrange(shapes, 6.9)
    assert [place for row in rows for place in row] == list(range(len(shapes))) and all(rows)


def test_an_unreadable_original_is_named(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(StudyError, match=r"broken\.png"):
        originals.figure([(path, {"image": "broken", "width": "9", "height": "9"})], "photos")
    with pytest.raises(StudyError, match="no images"):
        originals.figure([], "photos")


# Text


@given(st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=200), st.floats(0.3, 7))
def test_wrapped_text_fits_and_is_whole(text, width):
    lines = canvas.wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(canvas.text_width(line, canvas.SMALL) <= width + 1e-9 for line in lines)


@given(st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=80), st.floats(0.3, 3))
def test_shortened_text_fits(text, width):
    short = canvas.shortened(text, width)
    assert short == text or ("…" in short and canvas.text_width(short) <= width)


# Files and commands


def run(*arguments, **environment):
    command_line = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command_line, env=os.environ | environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def commands(folder, out):
    tables_of = {name: ["--" + name, folder / f"{name}.csv"] for name in ("rd", "means", "codecs", "bd")}
    one_set = ["--set", "photos"]
    return {
        "plot_originals.py": ["--images", folder / "images.csv", *one_set, "--out", out / "originals"],
        "plot_images.py": [
            *tables_of["rd"], *tables_of["codecs"], "--images", folder / "images.csv", *one_set,
            "--image", "a", "b", "--out", out,
        ],
        "plot_average.py": [
            *tables_of["means"], *tables_of["codecs"], "--images", folder / "images.csv", *one_set,
            "--rate-axis", "log", "--ssim-scale", "db", "--panels", "psnr_rgb", "ssim", "--max-bpp", "1",
            "--out", out / "average.pdf", out / "average.png",
        ],
        "plot_bd.py": [*tables_of["bd"], *tables_of["codecs"], *one_set, "--out", out / "bd.rate"],
        "plot_time.py": [
            *tables_of["rd"], *tables_of["means"], *tables_of["codecs"], *tables_of["bd"], *one_set,
            "--metric", "vifp_sewar", "--out", out / "time",
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def made(folder, tmp_path_factory):
    """What all commands write, twice: the second time with other hash seeds and a matplotlibrc that spoils figures."""
    plain, spoilt = (tmp_path_factory.mktemp(name) for name in ("plain", "spoilt"))
    settings_of = spoilt / "matplotlibrc"
    settings_of.write_text(
        "font.size: 20\nlines.linewidth: 9\nsavefig.bbox: tight\npdf.fonttype: 3\naxes.facecolor: red\n"
    )
    (spoilt / "out").mkdir()
    for script, arguments in commands(folder, plain).items():
        assert run(SCRIPTS / script, *arguments, PYTHONHASHSEED="1") == (0, ""), script
    all_of_them = [
        [str(SCRIPTS / script), *map(str, rest)] for script, rest in commands(folder, spoilt / "out").items()
    ]
    program = "import runpy, sys\nfor sys.argv in {!r}: runpy.run_path(sys.argv[0], run_name='__main__')"
    environment = {"PYTHONHASHSEED": "2", "MATPLOTLIBRC": str(settings_of), "PYTHONPATH": str(SCRIPTS)}
    status, told = run("-c", program.format(all_of_them), **environment)
    assert status == 0, told
    return plain, spoilt / "out"


def test_commands_write_both_formats(made):
    plain, _ = made
    stems = ("originals", "a", "b", "average", "bd.rate", "time")
    assert {path.name for path in plain.iterdir()} == {f"{stem}.{kind}" for stem in stems for kind in ("pdf", "png")}
    for path in plain.glob("*.png"):
        with Image.open(path) as picture:
            picture.load()
            assert picture.width == 1400 and picture.info.get("Software") is None
    for path in plain.glob("*.pdf"):
        data = path.read_bytes()
        assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
        assert b"/FontFile2" in data and b"/Type3" not in data, "fonts are embedded as TrueType"
        assert b"CreationDate" not in data
        if path.stem != "originals":
            assert b"/Subtype /Image" not in data, "curves are lines, not pixels"


def test_the_same_tables_give_the_same_bytes(made):
    plain, spoilt = made
    for path in plain.iterdir():
        assert path.read_bytes() == (spoilt / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("script", "old", "new", "message"),
    [
        ("plot_images.py", "b", "c", "image set photos has no image 'c'; allowed: a, b, small"),
        ("plot_images.py", "photos", "photo", "has no row of image set 'photo'; did you mean 'photos'?"),
        ("plot_average.py", "ssim", "sssim", "the panel 'sssim' is not a column of the table; did you mean"),
        ("plot_bd.py", "--bd", "--bd=nowhere.csv", "can't read nowhere.csv"),
        ("plot_time.py", "vifp_sewar", "psnr_y", "bd.csv has no metric 'psnr_y'"),
        ("plot_originals.py", "images.csv", "rd.csv", "has no column 'file'"),
    ],
)
def test_mistakes_end_with_a_message(folder, tmp_path, monkeypatch, capsys, script, old, new, message):
    arguments = [str(argument) for argument in commands(folder, tmp_path)[script]]
    place = next(place for place, argument in enumerate(arguments) if argument == old or argument.endswith("/" + old))
    changed = arguments[place].removesuffix(old) + new
    arguments[place : place + 1 + (old == "--bd")] = [changed]
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPTS / script), run_name="__main__")
    told = capsys.readouterr().err
    assert ended.value.code == 1 and told.startswith("error: ") and message in told
    assert {path.stem for path in tmp_path.iterdir()} <= {"a"}, "nothing but the figure before the mistake"


def test_a_figure_with_another_suffix_is_refused(tmp_path):
    with pytest.raises(StudyError, match=r"allowed: \.pdf, \.png"):
        canvas.save(canvas.start(1.0).figure, [tmp_path / "figure.svg"])
    assert canvas.paths([tmp_path / "v1.5"]) == [tmp_path / "v1.5.pdf", tmp_path / "v1.5.png"]


def test_every_caption_is_plain_text():
    captions = sorted((SCRIPTS.parent / "rules" / "report").glob("*.rst"))
    assert {"originals", "images", "average", "bd_rate", "time"} <= {path.stem for path in captions}
    for path in captions:
        assert path.read_text(encoding="utf-8").strip().endswith(".")
