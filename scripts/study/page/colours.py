"""How codecs look on the page: the figures' colours, lines and markers as CSS and Plotly take them.

The figures' colours are made for white. Each has a counterpart of like hue for a dark ground (#16181d), found in the
same way: the largest smallest distance in OKLab between any two, for normal sight, protanopia, deuteranopia and
tritanopia (Machado, Oliveira, Fernandes 2009), with a contrast of 3 and more against the ground.
"""

from __future__ import annotations

import math

from study.figures.palette import FAMILIES, Style

WIDTH = 2.0
DARK = dict(
    zip(
        FAMILIES,
        (
            "#f0fcff", "#6c7878", "#cc780c", "#9cd89c", "#1884c0", "#c0303c", "#ff0c9c",
            "#00e4f0", "#9c6cfc", "#fc84c0", "#6ca8ff", "#9018ff", "#90c018", "#9cfc6c",
        ),
        strict=True,
    )
)  # fmt: skip
_MARKERS = {
    "o": "circle",
    "s": "square",
    "^": "triangle-up",
    "D": "diamond",
    "v": "triangle-down",
    "P": "cross",
    "X": "x",
    "<": "triangle-left",
    ">": "triangle-right",
    "d": "diamond-tall",
}


def look(style: Style) -> dict[str, object]:
    """Colour on a light and on a dark ground, Plotly's dash (in pixels, for a line of `WIDTH`) and symbol."""
    solid = style.line == "-"
    return {
        "light": style.colour,
        "dark": DARK[style.colour],
        "dash": "solid" if solid else ",".join(f"{WIDTH * length:g}px" for length in style.line[1]),
        "symbol": _MARKERS[style.marker] + ("" if style.filled else "-open"),
    }


def oklab(colour: str) -> tuple[float, float, float]:
    """L, a, b of `#rrggbb`."""
    red, green, blue = (_ungamma(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _ungamma(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
