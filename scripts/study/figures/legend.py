"""The legend that all panels of a figure share, outside of them, and the lines and markers that it explains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from matplotlib.lines import Line2D

from study.figures import canvas
from study.figures.palette import Style

_HANDLE = 0.36
_GAP = 0.05
_BETWEEN = 0.16
_RISE = 0.035  # half the height of a capital


@dataclass
class Entry:
    """A line of the legend: a codec's look (`joined` by a line or not), or, without one, the heading of a family."""

    text: str
    style: Style | None = None
    joined: bool = True


def entries(styles: Iterable[Style], dots: Collection[Style] = ()) -> list[list[Entry]]:
    """The legend's groups, one a family in the order given, with a heading where the labels don't tell the family.

    `dots` are the codecs that are drawn without lines.
    """
    families: dict[str, list[Style]] = {}
    for style in styles:
        families.setdefault(style.family, []).append(style)
    groups = []
    for family, members in families.items():
        named = len(members) == 1 or all(family.lower() in style.label.lower() for style in members)
        heading = [] if named else [Entry(family)]
        groups.append([*heading, *(Entry(style.label, style, style not in dots) for style in members)])
    return groups


def columns(groups: Sequence[Sequence[Entry]], width: float | None = None) -> list[list[Entry]]:
    """The legend in as few rows as fit the width in inches (the paper's by default), by columns.

    A family stays in one column unless it is longer than one.
    """
    width = canvas.width() if width is None else width
    total = sum(len(group) for group in groups)
    for rows in range(1, total + 1):
        packed = _packed(groups, rows)
        if sum(map(_column_width, packed)) - _BETWEEN <= width - 2 * canvas.MARGIN:
            return packed
    return _packed(groups, total)


def height(packed: Sequence[Sequence[Entry]]) -> float:
    """The height of a legend in inches."""
    return canvas.LINE * max((len(column) for column in packed), default=0)


def draw(layout: canvas.Layout, packed: Sequence[Sequence[Entry]]) -> None:
    """Put a legend under what is there: `packed` comes from `columns`."""
    spare = layout.width - 2 * canvas.MARGIN - sum(map(_column_width, packed)) + _BETWEEN
    between = min(max(spare, 0) / len(packed), 0.3) if packed else 0.0
    x = canvas.MARGIN
    inches = layout.inches
    for column in packed:
        y = layout.y
        for entry in column:
            words = entry.text
            left = x
            if entry.style is not None:
                left += _HANDLE + _GAP
                words = canvas.shortened(words, layout.width - left)
                handle = line(
                    entry.style,
                    [x, x + _HANDLE / 2, x + _HANDLE],
                    [y - canvas.LINE / 2] * 3,
                    entry.joined,
                    markevery=[1],
                )
                handle.set(transform=inches, gid="legend")
                layout.figure.add_artist(handle)
            colour = "black" if entry.style else canvas.GREY
            layout.figure.text(
                left,
                y - canvas.LINE / 2 - _RISE,
                words,
                size=canvas.points(canvas.TEXT),
                color=colour,
                gid="legend",
                transform=inches,
            )
            y -= canvas.LINE
        x += _column_width(column) + between
    layout.y -= height(packed)


def line(style: Style, x: Sequence[float], y: Sequence[float], joined: bool = True, **options: object) -> Line2D:
    """A curve in a codec's look; a single point, or `joined` false, is a marker without a line.

    A look without marker is a thin line.
    """
    single = len(x) == 1 or not joined
    return Line2D(
        x,
        y,
        color=style.colour,
        linestyle="none" if single else style.line,
        linewidth=0.9 if style.marker else 0.6,
        marker=style.marker,
        markersize=4.0 if single else 3.0,
        markerfacecolor=style.colour if style.filled else "white",
        markeredgewidth=0.0 if style.filled else 0.6,
        **options,
    )


def _packed(groups: Sequence[Sequence[Entry]], rows: int) -> list[list[Entry]]:
    columns: list[list[Entry]] = []
    for group in groups:
        if columns and len(columns[-1]) + len(group) <= rows:
            columns[-1].extend(group)
        else:
            columns += [list(group[start : start + rows]) for start in range(0, len(group), rows)]
    return columns


def _column_width(column: Sequence[Entry]) -> float:
    handle = _HANDLE + _GAP
    return _BETWEEN + max(canvas.text_width(entry.text) + (handle if entry.style else 0) for entry in column)
