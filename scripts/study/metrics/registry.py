"""The metrics: the registry of their definitions.

Two definitions never share a name, and one definition has one name. Nothing that computes is imported here: whoever
asks what a metric is called, or which direction is better, doesn't depend on how it is computed.

To add a metric, write a module with its function (see `engine.Recipe`) and add its entry here, to
`perceptual` or to `viewing`.
"""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from study.core.errors import StudyError, allowed
from study.metrics import engine as metric_engine
from study.metrics.definition import CHEAP, SCALES, Metric
from study.metrics.engine import ENGINES
from study.metrics.perceptual import PERCEPTUAL
from study.metrics.viewing import VIEWING

if TYPE_CHECKING:
    import numpy as np

_WANG2004 = "Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13 (2004), eq. 13"
_WANG2003 = "Wang, Simoncelli, Bovik, Asilomar 2003, eq. 7"
_REFERENCE = "study.metrics.reference:compute"
_SEWAR: dict[str, Any] = {"library": "sewar", "version": "0.4.10", "reference": _REFERENCE}
_PYTORCH_MSSSIM: dict[str, Any] = {"library": "pytorch-msssim", "version": "1.0.0", "reference": _REFERENCE}
_PSNR = {"compute": "study.metrics.psnr:compute"}
_SIMILARITY = {"compute": "study.metrics.ssim:compute", "scale": "db"}
_VIF = {"compute": "study.metrics.vif:compute"}
_RGB = "R'G'B' as decoded, 0..255, each colour by itself"
_SSIM: dict[str, Any] = {  # with either window
    "definition": "SSIM: (2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 + C2)), C1 = (0.01 * 255)^2, "
    "C2 = (0.03 * 255)^2; biased variances",
    "label": "SSIM",
    "colour_space": _RGB,
    "averaging": "over windows, then over the colours",
    "source": _WANG2004,
    "unit": "1",
    "range": "-1 to 1; 1 for identical images",
    "higher_is_better": True,
    "smallest": 11,
    **_SIMILARITY,
}


def registry(*metrics: Metric) -> dict[str, Metric]:
    """The entries by name. Raises ValueError for two of one name, an unknown scale, or `db` where less is better."""
    by_name = {metric.name: metric for metric in metrics}
    if len(by_name) < len(metrics):
        raise ValueError("two definitions share a name")
    for name, metric in by_name.items():
        if metric.scale not in SCALES or (metric.scale == "db" and not metric.higher_is_better):
            raise ValueError(f"{name}: the scale must be one of {SCALES}, db only where higher is better")
    return by_name


REGISTRY = registry(
    Metric(
        "psnr_rgb",
        "10 log10(255^2 / MSE) of the samples",
        label="PSNR",
        variant="RGB",
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
        **_PSNR,
    ),
    Metric(
        "psnr_y",
        "10 log10(255^2 / MSE) of luma, which is not rounded",
        label="PSNR",
        variant="Y′",
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
        **_PSNR,
    ),
    Metric(
        "ssim",
        variant="Gaussian window",
        window="Gaussian, 11x11, sigma 1.5; only windows wholly inside the image",
        function="pytorch_msssim.ssim(data_range=255), in double precision",
        **_PYTORCH_MSSSIM,
        **_SSIM,
    ),
    Metric(
        "ms_ssim",
        "MS-SSIM: product over 5 scales of the contrast-structure terms, at the last scale of SSIM, to the powers "
        "0.0448, 0.2856, 0.3001, 0.2363, 0.1333; negative means count as 0",
        label="MS-SSIM",
        variant="Gaussian window",
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
        **_SIMILARITY,
    ),
    Metric(
        "ssim_sewar",
        variant="sewar",
        window="uniform, 11x11; only windows wholly inside the image",
        function="sewar.ssim, the first of its two values",
        **_SEWAR,
        **_SSIM,
    ),
    Metric(
        "msssim_sewar",
        "MS-SSIM as ms_ssim, but a negative mean has a complex power and the product's real part is taken; a side "
        "under 176, 88, 44, 22 pixels has 4, 3, 2, 1 scales, with the first of the powers",
        label="MS-SSIM",
        variant="sewar",
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
        **_SIMILARITY,
    ),
    Metric(
        "vifp_sewar",
        "VIF in the pixel domain: sum of log(1 + g^2 sx^2 / (sv^2 + 2)) over sum of log(1 + sx^2 / 2), over windows "
        "and 4 scales",
        label="VIFp",
        variant="sewar",
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
        **_VIF,
    ),
    *PERCEPTUAL,
    *VIEWING,
)


def entry(name: str) -> Metric:
    """The entry of a metric. Raises StudyError for an unknown one."""
    if name not in REGISTRY:
        raise StudyError(f"metric {name!r} is unknown; {allowed(name, REGISTRY)}")
    return REGISTRY[name]


def groups(names: Iterable[str]) -> dict[str, list[str]]:
    """Metrics by the job that scores them, in the registry's order. Raises StudyError for an unknown one."""
    wanted = {entry(name).name for name in names}
    by_group: dict[str, list[str]] = {}
    for name, metric in REGISTRY.items():
        if name in wanted:
            by_group.setdefault(metric.group, []).append(name)
    return by_group


def own_jobs() -> list[str]:
    """The groups of metrics that aren't cheap: a job of its own scores each."""
    return [group for group in groups(REGISTRY) if group != CHEAP]


def recipes(names: Iterable[str]) -> str:
    """What a job must know to compute metrics, as JSON in the registry's order. Raises StudyError for unknown ones."""
    wanted = {entry(name).name for name in names}
    return json.dumps({name: dataclasses.asdict(REGISTRY[name].recipe) for name in REGISTRY if name in wanted})


def modules(names: Iterable[str]) -> list[str]:
    """The files with the code of metrics, relative to `scripts/`. Raises StudyError for an unknown metric."""
    chosen = [entry(name).recipe for name in names]
    functions = {part for recipe in chosen for part in (recipe.compute, recipe.reference, recipe.skip, recipe.versions)}
    return sorted({f"{name.partition(':')[0].replace('.', '/')}.py" for name in functions if name})


def score(
    reference: np.ndarray,
    image: np.ndarray,
    names: Iterable[str] | None = None,
    engine: str = "fast",
    threads: int = 1,
) -> tuple[dict[str, float], dict[str, str]]:
    """The metrics of an image against its reference, both uint8 [H, W, 3]: values by name, and reasons by name.

    Every one of `names` (by default the whole registry) is in one of the two. See `engine.score`.
    Engine `fast` is ours, `library` calls sewar and pytorch-msssim in double precision; they agree to 1e-9. The usual
    single precision of pytorch-msssim agrees to 1e-5, save where a bright flat area has become another brightness:
    there it is itself off by some 1e-5 (photos with a clipped sky, coarsely coded) up to 6e-4 (flat images).
    Raises StudyError for images of different sizes, other arrays, and unknown names.
    """
    wanted = REGISTRY if names is None else {name: entry(name) for name in names}
    chosen = {name: metric.recipe for name, metric in wanted.items()}
    return metric_engine.score(reference, image, chosen, engine, threads)


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
            "scale",
            "higher_is_better",
            "empty",
            "source",
        ):
            label = f"  {field.replace('_', ' ')}:"
            value = {True: "yes", False: "no", "": "never"}.get(row[field], row[field])
            lines += textwrap.wrap(f"{label:<21}{value}", width, subsequent_indent=" " * 21)
    return "\n".join(lines)


__all__ = [
    "CHEAP",
    "ENGINES",
    "REGISTRY",
    "SCALES",
    "Metric",
    "entry",
    "groups",
    "modules",
    "own_jobs",
    "recipes",
    "registry",
    "rows",
    "score",
    "text",
]
