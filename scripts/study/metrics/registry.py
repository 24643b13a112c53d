"""The metrics: the registry of their definitions, and the way from two images to their values.

Two definitions never share a name, and one definition has one name. Nothing slow is imported until `score` is called.
To add a metric, add its entry to the registry, and its computation to `metrics_fast.py` and `metrics_library.py`.
"""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from study.core.errors import StudyError, allowed

if TYPE_CHECKING:
    import numpy as np

ENGINES = ("fast", "library")


@dataclasses.dataclass(frozen=True)
class Metric:
    """An entry of the registry: everything one must know to compare a value with a published one.

    `function` of `library` at `version` is what the values equal; `range` includes what identical images get;
    `smallest` is the least side, in pixels, of an image that has a value; `empty` is why a larger one may have none
    (an empty string if it never happens).
    """

    name: str
    definition: str
    colour_space: str
    window: str
    averaging: str
    library: str
    version: str
    function: str
    source: str
    unit: str
    range: str
    higher_is_better: bool
    smallest: int
    empty: str = ""


_WANG2004 = "Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13 (2004), eq. 13"
_WANG2003 = "Wang, Simoncelli, Bovik, Asilomar 2003, eq. 7"
_SEWAR = {"library": "sewar", "version": "0.4.10"}
_PYTORCH_MSSSIM = {"library": "pytorch-msssim", "version": "1.0.0"}
_SSIM = "(2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 + C2)), C1 = (0.01 * 255)^2, C2 = (0.03 * 255)^2"
_RGB = "R'G'B' as decoded, 0..255, each colour by itself"


def registry(*metrics: Metric) -> dict[str, Metric]:
    """The entries by name. Raises ValueError for two of one name."""
    by_name = {metric.name: metric for metric in metrics}
    if len(by_name) < len(metrics):
        raise ValueError("two definitions share a name")
    return by_name


REGISTRY = registry(
    Metric(
        "psnr_rgb",
        "10 log10(255^2 / MSE) of the samples",
        colour_space="R'G'B' as decoded, 0..255",
        window="the whole image",
        averaging="squared errors over pixels and colours together, then the logarithm",
        function="sewar.psnr",
        source="the same as CompressAI's psnr-rgb",
        unit="dB",
        range="0 to inf; inf for identical images, written `inf` in tables",
        higher_is_better=True,
        smallest=1,
        **_SEWAR,
    ),
    Metric(
        "psnr_y",
        "10 log10(255^2 / MSE) of luma, which is not rounded",
        colour_space="Y' = 0.299 R' + 0.587 G' + 0.114 B' (ITU-R BT.601, full range 0..255)",
        window="the whole image",
        averaging="squared errors over pixels, then the logarithm",
        function="sewar.psnr of luma, MAX=255",
        source="ITU-R BT.601-7, 2.5.1, with the full range of JFIF",
        unit="dB",
        range="0 to inf; inf for identical luma, written `inf` in tables",
        higher_is_better=True,
        smallest=1,
        **_SEWAR,
    ),
    Metric(
        "ssim",
        f"SSIM: {_SSIM}; biased variances",
        colour_space=_RGB,
        window="Gaussian, 11x11, sigma 1.5; only windows wholly inside the image",
        averaging="over windows, then over the colours",
        function="pytorch_msssim.ssim(data_range=255), in double precision",
        source=_WANG2004,
        unit="1",
        range="-1 to 1; 1 for identical images",
        higher_is_better=True,
        smallest=11,
        **_PYTORCH_MSSSIM,
    ),
    Metric(
        "ms_ssim",
        "MS-SSIM: product over 5 scales of the contrast-structure terms, at the last scale of SSIM, to the powers "
        "0.0448, 0.2856, 0.3001, 0.2363, 0.1333; negative means count as 0",
        colour_space=_RGB,
        window="as ssim; next scale: means of 2x2 pixels, an odd side padded with zeros",
        averaging="over windows, the product for each colour, then over the colours",
        function="pytorch_msssim.ms_ssim(data_range=255), in double precision",
        source=f"{_WANG2003}; published by CompressAI, and by TFC (tf.image.ssim_multiscale pads odd sides otherwise)",
        unit="1",
        range="0 to 1; 1 for identical images",
        higher_is_better=True,
        smallest=161,
        **_PYTORCH_MSSSIM,
    ),
    Metric(
        "ssim_sewar",
        f"SSIM: {_SSIM}; biased variances",
        colour_space=_RGB,
        window="uniform, 11x11; only windows wholly inside the image",
        averaging="over windows, then over the colours",
        function="sewar.ssim, the first of its two values",
        source=_WANG2004,
        unit="1",
        range="-1 to 1; 1 for identical images",
        higher_is_better=True,
        smallest=11,
        **_SEWAR,
    ),
    Metric(
        "msssim_sewar",
        "MS-SSIM as ms_ssim, but a negative mean has a complex power and the product's real part is taken; a side "
        "under 176, 88, 44, 22 pixels has 4, 3, 2, 1 scales, with the first of the powers",
        colour_space="R'G'B' as decoded, 0..255; each further scale mixes them: R', (R'+G')/2, (G'+B')/2",
        window="Gaussian, 11x11, sigma 1.5; next scale: means of 2x2 pixels that end at the even ones, and of a "
        "colour with the one before it",
        averaging="over windows, over the colours, then the product",
        function="sewar.msssim",
        source=_WANG2003,
        unit="1",
        range="-1 to 1; 1 for identical images",
        higher_is_better=True,
        smallest=11,
        **_SEWAR,
    ),
    Metric(
        "vifp_sewar",
        "VIF in the pixel domain: sum of log(1 + g^2 sx^2 / (sv^2 + 2)) over sum of log(1 + sx^2 / 2), over windows "
        "and 4 scales",
        colour_space=_RGB,
        window="Gaussian, 17, 9, 5, 3 taps, sigma a fifth of that; only windows wholly inside; next scale: filtered "
        "with its window, every second pixel",
        averaging="the ratio for each colour, then over the colours",
        function="sewar.vifp",
        source="Sheikh, Bovik, IEEE Trans. Image Processing 15 (2006); vifp_mscale of its authors",
        unit="1",
        range="0 up; just below 1 for identical images, more than 1 for one with more contrast",
        higher_is_better=True,
        smallest=41,
        empty="a colour of the original is flat, which makes it 0/0",
        **_SEWAR,
    ),
)


def score(
    reference: np.ndarray,
    picture: np.ndarray,
    names: Iterable[str] | None = None,
    engine: str = "fast",
    threads: int = 1,
) -> tuple[dict[str, float], dict[str, str]]:
    """The metrics of an image against its reference, both uint8 [H, W, 3]: values by name, and reasons by name.

    Every one of `names` (by default the whole registry) is in one of the two: an image that is too small for a metric,
    or for which it is undefined, has a reason instead of a value. PSNR of identical images is `math.inf`.
    Engine `fast` is ours, `library` calls sewar and pytorch-msssim in double precision; they agree to 1e-9. The usual
    single precision of pytorch-msssim agrees to 1e-5, save where a bright flat area has become another brightness:
    there it is itself off by some 1e-5 (photos with a clipped sky, coarsely coded) up to 6e-4 (flat images).
    Raises StudyError for images of different sizes, other arrays, and unknown names.
    """
    names = tuple(REGISTRY if names is None else names)
    _check(reference, picture, names, engine)
    height, width, _ = reference.shape
    reasons = {
        name: f"the image is {width}x{height}, both sides must be at least {REGISTRY[name].smallest}"
        for name in names
        if min(height, width) < REGISTRY[name].smallest
    }
    if engine == "fast":
        from study.metrics.fast import compute
    else:
        from study.metrics.reference import compute
    values = compute(reference, picture, [name for name in names if name not in reasons], threads)
    for name in [name for name, value in values.items() if math.isnan(value)]:
        del values[name]
        reasons[name] = REGISTRY[name].empty or "the value is not a number"
    return values, reasons


def rows() -> list[dict[str, object]]:
    """The registry as rows of a table."""
    return [dataclasses.asdict(metric) for metric in REGISTRY.values()]


def text(width: int = 100) -> str:
    """The registry for a terminal: a table of the short entries, then the definitions in full."""
    short = ("name", "unit", "smallest", "library", "version", "function")
    cells = [short, *([str(row[field]) for field in short] for row in rows())]
    widths = [max(len(line[column]) for line in cells) for column in range(len(short))]
    lines = ["  ".join(cell.ljust(size) for cell, size in zip(line, widths)).rstrip() for line in cells]
    for row in rows():
        lines += ["", str(row["name"])]
        for field in (
            "definition",
            "colour_space",
            "window",
            "averaging",
            "range",
            "higher_is_better",
            "empty",
            "source",
        ):
            label = f"  {field.replace('_', ' ')}:"
            value = {True: "yes", False: "no", "": "never"}.get(row[field], row[field])
            lines += textwrap.wrap(f"{label:<21}{value}", width, subsequent_indent=" " * 21)
    return "\n".join(lines)


def _check(reference: np.ndarray, picture: np.ndarray, names: Iterable[str], engine: str) -> None:
    for name in names:
        if name not in REGISTRY:
            raise StudyError(f"metric {name!r} is unknown; {allowed(name, REGISTRY)}")
    if engine not in ENGINES:
        raise StudyError(f"engine {engine!r} of the metrics is unknown; {allowed(engine, ENGINES)}")
    for what, rgb in (("reference", reference), ("image", picture)):
        if rgb.dtype != "uint8" or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
            raise StudyError(f"the {what} to score must be uint8 [H, W, 3]; found {rgb.dtype} {list(rgb.shape)}")
    if reference.shape != picture.shape:
        sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in (reference, picture)]
        raise StudyError(f"the reference is {sizes[0]}, the image {sizes[1]}; only images of one size can be compared")
