"""How codecs and metrics look in figures: a family has a colour, its codecs differ in line and marker.

A known family has its colour in every study. The colours were chosen by a search for the largest smallest distance in
OKLab between any two, for normal sight, protanopia, deuteranopia and tritanopia (Machado, Oliveira, Fernandes 2009),
on white. With more families than colours, families that share one differ in their markers.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from study.errors import StudyError
from study.suggest import allowed

COLOURS = {
    "JPEG": "#000000",
    "JPEG 2000": "#7f7f7f",
    "WebP": "#9c5418",
    "AVIF": "#24a80c",
    "JPEG XL": "#186084",
    "HEVC": "#f09090",
    "VVC": "#900c48",
    "bmshj2018-factorized": "#18ccd8",
    "bmshj2018-hyperprior": "#4860fc",
    "mbt2018-mean": "#cc00c0",
    "mbt2018": "#003090",
    "cheng2020": "#9c90fc",
    "b2018": "#c0c018",
    "hific": "#3c3c00",
}
MARKERS = "os^DvPX<p>hd"
LINES = {
    "mse": ("-", (0, (6, 1.2, 1.2, 1.2)), (0, (1.2, 1.2)), (0, (6, 1.2, 1.2, 1.2, 1.2, 1.2))),
    "ms-ssim": ((0, (3.5, 1.5)), (0, (8, 2)), (0, (2, 2)), (0, (8, 1.2, 2.5, 1.2))),
}
_LABELS = {
    "psnr_rgb": ("PSNR", "RGB"),
    "psnr_y": ("PSNR", "Y′"),
    "ssim": ("SSIM", "Gaussian window"),
    "ms_ssim": ("MS-SSIM", "Gaussian window"),
    "ssim_sewar": ("SSIM", "sewar"),
    "msssim_sewar": ("MS-SSIM", "sewar"),
    "vifp_sewar": ("VIFp", "sewar"),
}


@dataclass(frozen=True)
class Style:
    """The look of one codec: `line` and `marker` as matplotlib takes them."""

    label: str
    family: str
    colour: str
    line: object
    marker: str


def styles(codecs: Sequence[Mapping[str, str]]) -> dict[str, Style]:
    """The look of every codec by id, families together; `codecs` are the rows of codecs.csv in the study's order.

    A codec's line and marker follow its place in its family. Codecs optimised for MS-SSIM (by their ids) have dashes of
    their own, so that the twin optimised for MSE is told apart alike in all families.
    Raises StudyError for a codec that stands in `codecs` twice.
    """
    families: dict[str, list[Mapping[str, str]]] = {}
    for row in codecs:
        families.setdefault(row["family"], []).append(row)
    ids, labels = ([row[column] for row in codecs] for column in ("codec", "label"))
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise StudyError(f"codecs.csv has the codec {twice[0]!r} twice; run aggregate.py again")
    places = _places(families)
    found = {}
    for family, rows in families.items():
        used = {"mse": 0, "ms-ssim": 0}
        for row in rows:
            kind = "ms-ssim" if "msssim" in _plain(row["codec"]) else "mse"
            turn = 2 * used[kind] + (kind == "ms-ssim")
            found[row["codec"]] = Style(
                row["label"] if labels.count(row["label"]) == 1 else f"{row['label']} ({row['codec']})",
                family,
                list(COLOURS.values())[places[family] % len(COLOURS)],
                LINES[kind][used[kind] % len(LINES[kind])],
                MARKERS[(places[family] + places[family] // len(COLOURS) + turn) % len(MARKERS)],
            )
            used[kind] += 1
    return found


def of(codec: str, known: Mapping[str, Style]) -> Style:
    """The look of a codec. Raises StudyError for one that codecs.csv lacks."""
    if codec not in known:
        raise StudyError(f"codec {codec!r} is not in codecs.csv; {allowed(codec, known)}; run aggregate.py again")
    return known[codec]


def axis_label(metric: str, scale: str = "linear") -> str:
    """The label of a metric's axis: its name, what tells its definition from others, its unit."""
    name, definition = _LABELS.get(metric, (metric, ""))
    if name == "PSNR":
        return f"PSNR (dB, {definition})"
    told = f"{name} ({definition})" if definition else name
    return f"{told}, −10 log₁₀(1 − x) dB" if scale == "db" else told


def short(metric: str) -> str:
    """The name of a metric in running text, such as `MS-SSIM (sewar)`."""
    name, definition = _LABELS.get(metric, (metric, ""))
    return f"{name} ({definition})" if definition else name


def _places(families: Iterable[str]) -> dict[str, int]:
    """The place of each family's colour: a known family's own; for others the one that the name draws, or the next free.

    Places go on beyond the number of colours when all are taken.
    """
    n = len(COLOURS)
    own = {_plain(name): place for place, name in enumerate(COLOURS)}
    places = {family: own[_plain(family)] for family in families if _plain(family) in own}
    for family in sorted(set(families) - set(places)):
        start = hashlib.sha256(family.encode()).digest()[0]
        wishes = (turn * n + (start + step) % n for turn in itertools.count() for step in range(n))
        places[family] = next(place for place in wishes if place not in places.values())
    return places


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
