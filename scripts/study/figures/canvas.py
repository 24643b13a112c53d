"""What the figures share: their looks, text measured before it is placed, notes, and files that repeat.

A figure is laid out in inches, from its top: everything outside the axes has a size before the figure is made, so that
nothing overlaps and nothing is cut. The inches are those of a figure with text of `TEXT` points: with a larger font all
of it grows alike, and fewer of them are on the paper. pyplot is not imported, and no matplotlibrc of the user has an
effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D, Transform

from study.core import atomic_io
from study.core.errors import StudyError, allowed
from study.figures import paper
from study.figures.paper import Paper

TITLE = 8.0
TEXT = paper.SIZE
SMALL = 6.5
LINE = 0.125
MARGIN = 0.06
SUFFIXES = (".png", *(f".{form}" for form in paper.VECTOR))
DPI = 200
GREY = "#555555"

_METADATA: dict[str, dict[str, None]] = {
    ".pdf": {"CreationDate": None},
    ".png": {"Software": None},
    ".svg": {"Date": None},
}
_TITLE_LINES = 3
_GROWING = {
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelpad": 2.5,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
}
_LOOKS = {
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.scale_dashes": True,
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "svg.fonttype": "path",
    "svg.hashsalt": "figure",  # the same names of parts in every file
    "savefig.dpi": DPI,
    "text.hinting": "no_hinting",  # the same widths in every file, those of `text_width`
    "text.usetex": False,
    "text.parse_math": False,
    "path.simplify": False,
}


@dataclass
class Layout:
    """The figure and where its next part goes: `y` is in inches from the bottom, and sinks.

    `scale` is by how much the paper's font is larger than `TEXT`, and with it all that is given in inches here.
    """

    figure: Figure
    y: float
    scale: float = 1.0

    @property
    def width(self) -> float:
        """The figure's width in inches of this module."""
        return self.figure.get_figwidth() / self.scale

    @property
    def inches(self) -> Transform:
        """From inches of this module to the figure."""
        return Affine2D().scale(self.scale) + self.figure.dpi_scale_trans


_PAPER: ContextVar[Paper] = ContextVar("paper", default=Paper())  # noqa: B039, it is frozen


@contextmanager
def on(chosen: Paper) -> Iterator[None]:
    """Within it, figures are made for that paper. Raises StudyError for a font that isn't there."""
    check_font(chosen.font)
    before = _PAPER.set(chosen)
    try:
        yield
    finally:
        _PAPER.reset(before)


def check_font(name: str) -> None:
    """Raise StudyError for a font that neither matplotlib nor the system has."""
    known = font_manager.get_font_names()
    if name not in known:
        raise StudyError(f"the font {name!r} is not installed; {allowed(name, sorted(known))}")


def width() -> float:
    """The width of the paper's figures in inches of this module."""
    return _PAPER.get().inches / scale()


def scale() -> float:
    """By how much the paper's font is larger than `TEXT`."""
    return _PAPER.get().font_size / TEXT


def points(size: float) -> float:
    """The size of a text on the paper, in points, whose size beside `TEXT` is `size`."""
    return size * scale()


def small() -> float:
    """The size of small text on the paper, in points."""
    return points(SMALL)


@contextmanager
def looks() -> Iterator[None]:
    """Within it, figures are made and saved with the settings of this module alone."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_LOOKS | {name: points(value) for name, value in _GROWING.items()})
        matplotlib.rcParams["font.family"] = _family(_PAPER.get().font)
        yield


def paths(out: Sequence[Path]) -> list[Path]:
    """The files to write: each path with a suffix of `SUFFIXES`; for any other path those of the paper added."""
    return [path for stem in out for path in ([stem] if stem.suffix in SUFFIXES else files(stem))]


def files(stem: Path) -> list[Path]:
    """The files of a figure: a path with the paper's suffixes added."""
    return [stem.with_name(f"{stem.name}.{suffix}") for suffix in _PAPER.get().suffixes]


def save(figure: Figure, out: Iterable[Path]) -> None:
    """Write a figure to every path (.pdf, .svg or .png): fonts inside, no time, the same bytes every time.

    Raises StudyError.
    """
    for path in out:
        if path.suffix not in SUFFIXES:
            raise StudyError(f"can't write a figure as {path}; {allowed(path.suffix, SUFFIXES)}")
        with looks(), atomic_io.replacing(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:], metadata=_METADATA[path.suffix])


def start(height: float, title: str = "", wide: float | None = None) -> Layout:
    """A figure of that height, and width if it isn't the paper's, in inches, with a title at its upper left, if any."""
    wide = width() if wide is None else wide
    layout = Layout(Figure(figsize=(wide * scale(), height * scale())), height - MARGIN, scale())
    if title:
        lines(layout, _title_lines(title, wide), TITLE)
    return layout


def title_height(title: str, wide: float | None = None) -> float:
    """The height in inches that `start` takes for the title, at a width in inches (the paper's by default)."""
    return LINE * len(_title_lines(title, width() if wide is None else wide))


def _title_lines(title: str, wide: float) -> list[str]:
    room = wide - 2 * MARGIN
    whole = wrapped(title, room, TITLE)
    rest = whole[_TITLE_LINES - 1 :]
    return whole if len(rest) < 2 else [*whole[: _TITLE_LINES - 1], shortened(" ".join(rest), room, TITLE)]


def across(count: int, room: float, least: float, between: float) -> int:
    """How many of `count` panels, `least` wide and `between` apart, fit beside each other in `room`; at least one.

    All widths are in inches.
    """
    return max(1, min(count, int((room + between) / (least + between))))


def panel(layout: Layout, left: float, bottom: float, wide: float, height: float) -> Axes:
    """Axes at that place, in inches from the figure's lower left corner."""
    whole = layout.figure.get_size_inches() / layout.scale
    return layout.figure.add_axes(
        (left / whole[0], bottom / whole[1], wide / whole[0], height / whole[1]), gid=f"{len(layout.figure.axes)}"
    )


def y_label(box: Axes, text: str, distance: float = 0.35) -> None:
    """Label the vertical axis, at one distance in inches for all panels, in letters that keep it within the axis."""
    position, inches = box.get_position(), box.figure.get_size_inches() / scale()
    size = min(TEXT, TEXT * position.height * inches[1] / text_width(text)) if text else TEXT
    box.set_ylabel(text, size=points(size))
    box.yaxis.set_label_coords(-distance / (position.width * inches[0]), 0.5)


def text_width(text: str, size: float = TEXT) -> float:
    """The width of a line of text in inches; `size` in points, beside `TEXT`."""
    return _text_width(text, size, _PAPER.get().font)


@cache
def _text_width(text: str, size: float, font: str) -> float:
    properties = FontProperties(family=_family(font), size=size)
    return text_to_path.get_text_width_height_descent(text, properties, False)[0] / 72


def _family(font: str) -> list[str]:
    """A font, and the one that has the signs which it may lack."""
    return list(dict.fromkeys((font, paper.FONT)))


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
    """Put lines of text, `size` in points beside `TEXT`, under what is there, from the left margin."""
    for line_of_text in texts:
        text(layout, MARGIN, layout.y, line_of_text, size, colour)
        layout.y -= LINE


def text(layout: Layout, x: float, y: float, words: str, size: float = TEXT, colour: str = "black") -> None:
    """Put one line of text with its upper left corner there, in inches."""
    layout.figure.text(x, y, words, size=size * layout.scale, color=colour, va="top", transform=layout.inches)


def note_lines(notes: Sequence[str], wide: float | None = None) -> list[str]:
    """The lines that notes take under a figure of a width in inches (the paper's by default)."""
    room = (width() if wide is None else wide) - 2 * MARGIN
    return [line for note in notes for line in wrapped(note, room)]


def notes(layout: Layout, wrapped_lines: Sequence[str]) -> None:
    """Put the lines of `note_lines` under what is there."""
    lines(layout, wrapped_lines, SMALL, colour=GREY)
