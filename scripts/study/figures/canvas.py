"""What the figures share: their looks, text measured before it is placed, notes, and files that repeat.

A figure is laid out in inches, from its top: everything outside the axes has a size before the figure is made, so that
nothing overlaps and nothing is cut. pyplot is not imported, and no matplotlibrc of the user has an effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from study.core import atomic_io
from study.core.errors import StudyError, allowed

WIDTH = 7.0
FONT = "DejaVu Sans"
TITLE = 8.0
TEXT = 7.0
SMALL = 6.5
LINE = 0.125
MARGIN = 0.06
SUFFIXES = (".pdf", ".png")
DPI = 200
GREY = "#555555"

_METADATA = {".pdf": {"CreationDate": None}, ".png": {"Software": None}}
_LOOKS = {
    "font.family": FONT,
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
    "text.hinting": "no_hinting",  # the same widths in every file, those of `text_width`
    "text.usetex": False,
    "text.parse_math": False,
    "path.simplify": False,
}


@dataclass
class Layout:
    """The figure and where its next part goes: `y` is in inches from the bottom, and sinks."""

    figure: Figure
    y: float


@contextmanager
def looks() -> Iterator[None]:
    """Within it, figures are made and saved with the settings of this module alone."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_LOOKS)
        yield


def paths(out: Sequence[Path]) -> list[Path]:
    """The files to write: each path with the suffix .pdf or .png, and for any other path both suffixes added."""
    return [path for stem in out for path in ([stem] if stem.suffix in SUFFIXES else both(stem))]


def both(stem: Path) -> list[Path]:
    """The files of a figure: both suffixes added to a path."""
    return [stem.with_name(f"{stem.name}{suffix}") for suffix in SUFFIXES]


def save(figure: Figure, out: Iterable[Path]) -> None:
    """Write a figure to every path (.pdf or .png): fonts embedded, no time inside, the same bytes every time.

    Raises StudyError.
    """
    for path in out:
        if path.suffix not in SUFFIXES:
            raise StudyError(f"can't write a figure as {path}; {allowed(path.suffix, SUFFIXES)}")
        with looks(), atomic_io.replacing(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:], metadata=_METADATA[path.suffix])


def start(height: float, title: str = "", width: float = WIDTH) -> Layout:
    """A figure of that size in inches, with a title at its upper left if there is one."""
    layout = Layout(Figure(figsize=(width, height)), height - MARGIN)
    if title:
        lines(layout, [shortened(title, width - 2 * MARGIN, TITLE)], TITLE)
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


def y_label(box: Axes, text: str) -> None:
    """Label the vertical axis, at the same distance for all panels."""
    box.set_ylabel(text)
    box.yaxis.set_label_coords(-0.35 / (box.get_position().width * box.figure.get_figwidth()), 0.5)


@cache
def text_width(text: str, size: float = TEXT) -> float:
    """The width of a line of text in inches; `size` in points."""
    font = FontProperties(family=FONT, size=size)
    return text_to_path.get_text_width_height_descent(text, font, False)[0] / 72


def wrapped(text: str, width: float, size: float = SMALL) -> list[str]:
    """The text in lines of at most that width in inches; a word that is too long is cut in pieces."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while text_width(word, size) > width:
            cut = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or text_width(word[:n], size) <= width)
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line] if line else lines


def shortened(text: str, width: float, size: float = TEXT) -> str:
    """The text, or its beginning and end around `…` where it is wider than that, in inches."""
    kept = len(text)
    short = text
    while text_width(short, size) > width and kept > 1:
        kept -= 1
        short = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return short


def clipped(text: str, length: int = 300) -> str:
    """A message on one line, cut to that many characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def lines(layout: Layout, texts: Sequence[str], size: float = TEXT, colour: str = "black") -> None:
    """Put lines of text under what is there, from the left margin."""
    for line_of_text in texts:
        text(layout, MARGIN, layout.y, line_of_text, size, colour)
        layout.y -= LINE


def text(layout: Layout, x: float, y: float, words: str, size: float = TEXT, colour: str = "black") -> None:
    """Put one line of text with its upper left corner there, in inches."""
    layout.figure.text(x, y, words, size=size, color=colour, va="top", transform=layout.figure.dpi_scale_trans)


def note_lines(notes: Sequence[str], width: float = WIDTH) -> list[str]:
    """The lines that notes take under a figure."""
    return [line for note in notes for line in wrapped(note, width - 2 * MARGIN)]


def notes(layout: Layout, wrapped_lines: Sequence[str]) -> None:
    """Put the lines of `note_lines` under what is there."""
    lines(layout, wrapped_lines, SMALL, colour=GREY)
