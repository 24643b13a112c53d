"""What the figures share: their looks, text measured before it is placed, a legend and notes, and files that repeat.

A figure is laid out in inches, from its top: everything outside the axes has a size before the figure is made, so that
nothing overlaps and nothing is cut. pyplot is not imported, and no matplotlibrc of the user has an effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from study import files
from study.errors import StudyError
from study.style import Style
from study.suggest import allowed

WIDTH = 7.0
TEXT = 7.0
SMALL = 6.5
LINE = 0.125
MARGIN = 0.06
SUFFIXES = (".pdf", ".png")
DPI = 200
GREY = "#555555"

_HANDLE = 0.36
_GAP = 0.05
_BETWEEN = 0.16
_METADATA = {".pdf": {"CreationDate": None}, ".png": {"Software": None}}
_LOOKS = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "axes.titlesize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelpad": 2.5,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
    "lines.scale_dashes": True,
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "savefig.dpi": DPI,
    "text.usetex": False,
    "text.parse_math": False,
    "path.simplify": False,
}


@dataclass
class Entry:
    """A line of the legend: a codec's look, or, without one, the heading of a family."""

    text: str
    style: Style | None = None
    joined: bool = True


@dataclass
class Layout:
    """The figure and where its next part goes: `y` is in inches from the bottom, and sinks."""

    figure: Figure
    y: float
    texts: list = field(default_factory=list)


@contextmanager
def looks() -> Iterator[None]:
    """Within it, figures are made and saved with the settings of this module alone."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_LOOKS)
        yield


def paths(out: Sequence[Path]) -> list[Path]:
    """The files to write: each path with the suffix .pdf or .png, and for any other path both suffixes added."""
    return [path for stem in out for path in ([stem] if stem.suffix in SUFFIXES else _both(stem))]


def save(figure: Figure, out: Iterable[Path]) -> None:
    """Write a figure to every path (.pdf or .png): fonts embedded, no time inside, the same bytes every time."""
    for path in out:
        if path.suffix not in SUFFIXES:
            raise StudyError(f"can't write a figure as {path}; {allowed(path.suffix, SUFFIXES)}")
        with looks(), files.replacing(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:], metadata=_METADATA[path.suffix])


def start(height: float, title: str = "", width: float = WIDTH) -> Layout:
    """A figure of that size in inches, with a title at its upper left if there is one."""
    layout = Layout(Figure(figsize=(width, height)), height - MARGIN)
    if title:
        lines(layout, [title], weight="bold")
    return layout


def title_height(title: str) -> float:
    """The height that `start` takes for the title."""
    return LINE if title else 0.0


def panel(layout: Layout, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at that place, in inches from the figure's lower left corner."""
    whole = layout.figure.get_size_inches()
    return layout.figure.add_axes(
        (left / whole[0], bottom / whole[1], width / whole[0], height / whole[1]), gid=f"{len(layout.figure.axes)}"
    )


@cache
def text_width(text: str, size: float = TEXT, weight: str = "normal") -> float:
    """The width of a line of text in inches; `size` in points."""
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, False)[0] / 72


def wrapped(text: str, width: float, size: float = SMALL) -> list[str]:
    """The text in lines of at most that width in inches; a word that is too long is cut in pieces."""
    found, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, size) <= width:
            line = longer
            continue
        if line:
            found.append(line)
        while text_width(word, size) > width:
            cut = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or text_width(word[:n], size) <= width)
            found.append(word[:cut])
            word = word[cut:]
        line = word
    return [*found, line] if line else found


def shortened(text: str, width: float, size: float = TEXT, weight: str = "normal") -> str:
    """The text, or its beginning and end around `…` where it is wider than that, in inches."""
    kept = len(text)
    short = text
    while text_width(short, size, weight) > width and kept > 1:
        kept -= 1
        short = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return short


def clipped(text: str, length: int = 200) -> str:
    """A message on one line, cut to that many characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def lines(layout: Layout, texts: Sequence[str], size: float = TEXT, weight: str = "normal", colour: str = "black") -> None:
    """Put lines of text under what is there, from the left margin."""
    for text in texts:
        layout.figure.text(
            MARGIN, layout.y, text, size=size, weight=weight, color=colour, va="top", **_inches(layout.figure)
        )
        layout.y -= LINE


def note_lines(notes: Sequence[str], width: float = WIDTH) -> list[str]:
    """The lines that notes take under a figure."""
    return [line for note in notes for line in wrapped(note, width - 2 * MARGIN)]


def notes(layout: Layout, wrapped_lines: Sequence[str]) -> None:
    """Put the lines of `note_lines` under what is there."""
    lines(layout, wrapped_lines, SMALL, colour=GREY)


def entries(styles: Iterable[Style]) -> list[list[Entry]]:
    """The legend's groups, one a family in the order given, with a heading where the labels don't tell the family."""
    families: dict[str, list[Style]] = {}
    for style in styles:
        families.setdefault(style.family, []).append(style)
    groups = []
    for family, members in families.items():
        told = len(members) == 1 or all(family.lower() in style.label.lower() for style in members)
        heading = [] if told else [Entry(family)]
        groups.append([*heading, *(Entry(style.label, style) for style in members)])
    return groups


def columns(groups: Sequence[Sequence[Entry]], width: float = WIDTH) -> list[list[Entry]]:
    """The legend in as few rows as fit the width; a family stays in one column unless it is longer than one."""
    total = sum(len(group) for group in groups)
    for rows in range(1, total + 1):
        found = _packed(groups, rows)
        if sum(map(_column_width, found)) - _BETWEEN <= width - 2 * MARGIN:
            return found
    return _packed(groups, total)


def legend_height(packed: Sequence[Sequence[Entry]]) -> float:
    """The height of a legend in inches."""
    return LINE * max((len(column) for column in packed), default=0)


def legend(layout: Layout, packed: Sequence[Sequence[Entry]], joined: bool = True) -> None:
    """Put a legend under what is there: `packed` comes from `columns`; `joined` draws lines through the markers."""
    spare = layout.figure.get_figwidth() - 2 * MARGIN - sum(map(_column_width, packed)) + _BETWEEN
    between = min(max(spare, 0) / max(len(packed) - 1, 1), 0.5)
    x = MARGIN
    inches = _inches(layout.figure)
    for column in packed:
        y = layout.y
        for entry in column:
            text = entry.text
            left = x
            if entry.style is not None:
                left += _HANDLE + _GAP
                text = shortened(text, layout.figure.get_figwidth() - MARGIN - left)
                middle = y - 0.52 * LINE
                handle = line(entry.style, [x, x + _HANDLE / 2, x + _HANDLE], [middle] * 3, joined, markevery=[1])
                handle.set(transform=inches["transform"], gid="legend")
                layout.figure.add_artist(handle)
            weight = "normal" if entry.style else "bold"
            layout.figure.text(left, y, text, size=TEXT, weight=weight, va="top", gid="legend", **inches)
            y -= LINE
        x += _column_width(column) + between
    layout.y -= legend_height(packed)


def line(style: Style, x: Sequence[float], y: Sequence[float], joined: bool = True, **options: object) -> Line2D:
    """A curve in a codec's look; a single point, or `joined` false, is a marker without a line."""
    single = len(x) == 1 or not joined
    return Line2D(
        x,
        y,
        color=style.colour,
        linestyle="none" if single else style.line,
        linewidth=0.9,
        marker=style.marker,
        markersize=4.0 if single else 3.0,
        markeredgewidth=0,
        **options,
    )


def _both(stem: Path) -> list[Path]:
    return [stem.with_name(f"{stem.name}{suffix}") for suffix in SUFFIXES]


def _inches(figure: Figure) -> dict:
    return {"transform": figure.dpi_scale_trans}


def _packed(groups: Sequence[Sequence[Entry]], rows: int) -> list[list[Entry]]:
    found: list[list[Entry]] = []
    for group in groups:
        if found and len(found[-1]) + len(group) <= rows:
            found[-1].extend(group)
        else:
            found += [list(group[start : start + rows]) for start in range(0, len(group), rows)]
    return found


def _column_width(column: Sequence[Entry]) -> float:
    handle = _HANDLE + _GAP
    return _BETWEEN + max(
        text_width(entry.text, TEXT, "normal" if entry.style else "bold") + (handle if entry.style else 0)
        for entry in column
    )
