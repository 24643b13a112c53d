"""Tables of a made-up study for the tests of figures, and how a figure is read after drawing."""

import functools
import math
import re

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import Bbox

from study.analysis import bd_table, means
from study.core import atomic_io, columns, outcome
from study.figures import canvas, palette
from study.metrics import registry as metric_registry

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
NO_HEVC = outcome.without("skipped", "the plug-in pillow-heif is missing; `pip install pillow-heif` brings it")
BROKEN = outcome.without("failed", "the encoder ended with status 3")
SKIPPED, FAILED = outcome.in_words(NO_HEVC), outcome.in_words(BROKEN)


class FigureStudy:
    """Tables of a made-up study: HEVC is skipped, JPEG XL fails once, an image is too small, HiFiC has one quality."""

    def __init__(self, names, sizes=SIZES):
        self.catalogue = {}
        for name in names:
            family, _, variant = name.partition("/")
            label = f"{family} {variant}".strip() if family.startswith("JPEG") else name.replace("/", ", ")
            codec = re.sub("[^a-z0-9]+", "-", name.lower()).replace("ms-ssim", "msssim")
            self.catalogue[codec] = {"label": label, "family": family, "backend": "x", "parameter": "p"}
        self.rows = [row for image in sizes for row in self.image(image, sizes[image])]
        self.means = text_rows(means.means(self.rows, METRICS))
        self.rd = text_rows(self.rows)
        self.codec_rows = text_rows(means.codec_rows(self.rows, self.catalogue))
        self.codecs = palette.styles(self.codec_rows)

    def image(self, image, size):
        for index, codec in enumerate(self.catalogue):
            for quality in range(1 if codec == "hific" else 7):
                yield self.cell(image, size, index, codec, quality)

    def cell(self, image, size, index, codec, quality):
        rate = (0.1 + 0.01 * index) * 1.6**quality * (1.5 if image == "b" else 1)
        gain = rate * (1 + 0.06 * index)
        row = dict.fromkeys(columns.rd_columns(METRICS))
        row |= {"image_set": "photos", "image": image, "codec": codec, "quality": str(quality), "status": "ok"}
        row |= {"width": size[0], "height": size[1]}
        if codec == "hevc" or (codec == "jpeg-xl" and quality == 6 and image == "b"):
            return row | (NO_HEVC if codec == "hevc" else BROKEN)
        row |= {
            "bytes": 100,
            "bpp": rate,
            "payload_bpp": rate,
            "encode_s": 0.01 * 1.4**index,
            "decode_s": 0.02 * size[0],
        }
        row |= dict.fromkeys(METRICS, 1 - 0.05 / (gain + 0.3)) | {"peak_rss": 10**8}
        row |= {name: 30 + 6 * math.log2(gain + 0.2) for name in METRICS if "psnr" in name}
        if image == "small":
            why = "the image is 120x90, both sides must be at least 161"
            row |= {"ms_ssim": None, "gaps": outcome.as_gaps({"ms_ssim": why})}
        return row

    def image_rows(self, image):
        return [row for row in self.rd if row["image"] == image]

    @functools.cache  # noqa: B019
    def bd(self, *names, anchors=("jpeg",)):
        names = names or ("psnr_rgb", "vifp_sewar", "ms_ssim")
        table = bd_table.table(self.rd, bd_table.Options(anchors, list(names), resamples=50))
        return text_rows([{column: row.get(column) for column in bd_table.COLUMNS} for row in table])

    def write(self, folder):
        atomic_io.write_rows(folder / "rd.csv", columns.rd_columns(METRICS), self.rows)
        atomic_io.write_rows(folder / "means.csv", means.mean_columns(METRICS), self.means)
        atomic_io.write_rows(folder / "codecs.csv", means.CODEC_COLUMNS, self.codec_rows)
        atomic_io.write_rows(folder / "bd.csv", bd_table.COLUMNS, self.bd())
        clocked = [row | {"rounds": 3, "repeats": 5, "machine": "M"} for row in self.rows]
        atomic_io.write_rows(folder / "timing.csv", clocked[0], clocked)


def text_rows(rows):
    return [{column: "" if value is None else str(value) for column, value in row.items()} for row in rows]


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
