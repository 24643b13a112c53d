"""Entries of the registry: metrics that are told how the image is looked at, which is a part of their definition."""

from __future__ import annotations

from typing import Any

from study.metrics.definition import Metric

_CVVDP: dict[str, Any] = {
    "label": "ColorVideoVDP",
    "window": "bands of a Laplacian pyramid of contrast, each relative to its own image: a uniform change of light is "
    "not seen",
    "averaging": "norms over positions, bands and channels, then a scale fitted to people's comparisons",
    "library": "cvvdp",
    "version": "0.5.7",
    "source": "Mantiuk, Hanji, Ashraf, Asano, Chapiro, ACM Trans. Graphics 43 (2024)",
    "unit": "JOD",
    "range": "no lowest value; 10 for identical images; a whole unit less where 3 of 4 people prefer the original",
    "higher_is_better": True,
    "smallest": 2,
    "compute": "study.metrics.cvvdp:compute",
    "skip": "study.metrics.cvvdp:skip",
    "versions": "study.metrics.cvvdp:versions",
    "group": "cvvdp",
}


def _on(display: str, words: str) -> dict[str, Any]:
    """What the entry of ColorVideoVDP on a display of the package says of it."""
    return {
        "definition": f"ColorVideoVDP: differences that are visible on the package's display {display}: {words}",
        "colour_space": f"light that {display} gives for sRGB as decoded, in opponent colours of the cones (DKL, D65)",
        "function": f"pycvvdp.cvvdp(display_name='{display}').predict",
        **_CVVDP,
    }


VIEWING = (
    Metric(
        "cvvdp_4k",
        variant="4K",
        **_on("standard_4k", "30 inches, 3840x2160, 200 cd/m2, 250 lux, from 0.75 m, 75 pixels for a degree"),
    ),
    Metric(
        "cvvdp_fhd",
        variant="Full HD",
        **_on("standard_fhd", "24 inches, 1920x1080, 200 cd/m2, 250 lux, from 0.6 m, 38 pixels for a degree"),
    ),
    Metric(
        "cvvdp_phone",
        variant="phone",
        **_on("standard_phone", "6 inches, 2400x1080, 500 cd/m2, 250 lux, from 0.4 m, 121 pixels for a degree"),
    ),
    Metric(
        "flip",
        "FLIP: mean of a map of colour differences, filtered as the eye does at 67 pixels for a degree, "
        "raised where edges or points differ",
        label="FLIP",
        variant="",
        colour_space="CIE L*a*b* with Hunt's correction, of sRGB as decoded, filtered in YCxCz",
        window="the eye's contrast sensitivity and detectors of edges and points, some 0.1 degrees wide",
        averaging="over pixels",
        library="flip-evaluator",
        version="1.7",
        function="flip_evaluator.evaluate, dynamic range LDR",
        source="Andersson, Nilsson, Akenine-Moller, Oskarsson, Astrom, Fairchild, Proc. ACM CGIT 3 (2020)",
        unit="1",
        range="0 to 1; 0 for identical images",
        higher_is_better=False,
        smallest=1,
        compute="study.metrics.flip:compute",
        skip="study.metrics.flip:skip",
        group="flip",
    ),
)
