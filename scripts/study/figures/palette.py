"""How codecs and metrics look in figures: a family has a colour, its codecs differ in line and marker.

A known family has its colour in every study. The colours were chosen by a search for the largest smallest distance in
OKLab between any two, for normal sight, protanopia, deuteranopia and tritanopia (Machado, Oliveira, Fernandes 2009),
on white. With more families than colours, or two names of one family in a study, a colour serves a second family, with
other markers, filled white.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from study.core.errors import StudyError, allowed
from study.metrics import registry as metrics

FAMILIES = {
    "#000000": ("JPEG",),
    "#7f7f7f": ("JPEG 2000",),
    "#9c5418": ("WebP",),
    "#24a80c": ("AVIF",),
    "#186084": ("JPEG XL",),
    "#f09090": ("HEVC",),
    "#900c48": ("VVC",),
    "#18ccd8": ("factorized prior", "bmshj2018-factorized"),
    "#4860fc": ("scale hyperprior", "bmshj2018-hyperprior"),
    "#cc00c0": ("mean-scale hyperprior", "mbt2018-mean"),
    "#003090": ("context model", "mbt2018", "checkerboard context"),
    "#9c90fc": ("Cheng 2020",),
    "#c0c018": ("b2018",),
    "#3c3c00": ("HiFiC",),
}
MARKERS = "os^DvPX<>d"  # all of them have an inside
LINES = {
    "mse": ("-", (0, (6, 1.2, 1.2, 1.2)), (0, (1.2, 1.2)), (0, (6, 1.2, 1.2, 1.2, 1.2, 1.2))),
    "ms-ssim": ((0, (3.5, 1.5)), (0, (8, 2)), (0, (2, 2)), (0, (8, 1.2, 2.5, 1.2))),
}


@dataclass(frozen=True)
class Style:
    """The look of one codec: `line` and `marker` as matplotlib takes them; a marker is filled with colour or white."""

    label: str
    family: str
    colour: str
    line: object
    marker: str
    filled: bool = True


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
    looks = {}
    for family, rows in families.items():
        used = {"mse": 0, "ms-ssim": 0}
        for row in rows:
            kind = "ms-ssim" if "msssim" in _plain(row["codec"]) else "mse"
            turn = 2 * used[kind] + (kind == "ms-ssim")
            looks[row["codec"]] = Style(
                row["label"] if labels.count(row["label"]) == 1 else f"{row['label']} ({row['codec']})",
                family,
                list(FAMILIES)[places[family] % len(FAMILIES)],
                LINES[kind][used[kind] % len(LINES[kind])],
                MARKERS[(places[family] + places[family] // len(FAMILIES) + turn) % len(MARKERS)],
                places[family] < len(FAMILIES),
            )
            used[kind] += 1
    return looks


def of(codec: str, known: Mapping[str, Style]) -> Style:
    """The look of a codec. Raises StudyError for one that codecs.csv lacks."""
    if codec not in known:
        raise StudyError(f"codec {codec!r} is not in codecs.csv; {allowed(codec, known)}; run aggregate.py again")
    return known[codec]


def parts(metric: str) -> list[str]:
    """A metric's name and what tells its definition from others: `MS-SSIM`, `sewar`. Raises StudyError."""
    entry = metrics.entry(metric)
    return [entry.label, entry.variant] if entry.variant else [entry.label]


def axis_label(metric: str, scale: str = "linear") -> str:
    """The label of a metric's axis: its name, unit, variant, and whether less is better. Raises StudyError."""
    entry = metrics.entry(metric)
    if scale == "db":
        return f"{entry.short}, −10 log₁₀(1 − x) dB"
    direction = "" if entry.higher_is_better else "less is better"
    about = [part for part in (entry.unit if entry.unit != "1" else "", entry.variant, direction) if part]
    return f"{entry.label} ({', '.join(about)})" if about else entry.label


def short(metric: str) -> str:
    """The name of a metric in running text, such as `MS-SSIM (sewar)`. Raises StudyError."""
    return metrics.entry(metric).short


def _places(families: Iterable[str]) -> dict[str, int]:
    """The place of each family's colour: a known family's own; for others one drawn by the name, or the next free.

    Places go on beyond the number of colours when all are taken.
    """
    n = len(FAMILIES)
    own = {_plain(name): index for index, names in enumerate(FAMILIES.values()) for name in names}
    known = [family for family in families if _plain(family) in own]
    wishes = {family: itertools.count(own[_plain(family)], n) for family in known}
    for family in sorted(set(families) - set(known)):
        start = hashlib.sha256(family.encode()).digest()[0]
        wishes[family] = (turn * n + (start + step) % n for turn in itertools.count() for step in range(n))
    places: dict[str, int] = {}
    for family, wished in wishes.items():
        places[family] = next(index for index in wished if index not in places.values())
    return places


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
