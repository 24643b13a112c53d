"""Rate-distortion figures: one panel for each metric against the rate, every codec in each, one legend for all.

Nothing is left out in silence: notes under the panels tell which codecs and points lack a value and why, which values
are infinite, and how many points lie outside the rate axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.core.errors import StudyError, allowed
from study.figures import axes, canvas, legend, missing_notes, palette, published_lines
from study.figures.curve_options import RATE_AXES, SSIM_SCALES, Options
from study.figures.palette import Style

STOPS = (0.25, 0.5, 1.0, 1.5, 2.0)

_LEFT, _BETWEEN, _RIGHT = 0.47, 0.55, 0.1
_NARROWEST = 1.9
_ROW, _ROW_GAP, _UNDER = 2.05, 0.14, 0.36


@dataclass(frozen=True)
class Curve:
    """One codec in one panel: rates and values in order of rate, and the qualities whose value is infinite."""

    codec: str
    rate: Sequence[float]
    value: Sequence[float]
    infinite: Sequence[str]


def figure(
    rows: Sequence[Mapping[str, str]],
    codecs: Mapping[str, Style],
    title: str,
    options: Options,
    about_images: Sequence[str] = (),
    published: Sequence[Mapping[str, str]] = (),
) -> Figure:
    """The figure of the rows of one image (rd.csv), or of the means of one image set (means.csv).

    `codecs` comes from `style.styles`, in the order of the legend; `about_images` are notes on them
    (`image_notes.of`); `published` are rows of published.csv of the same images, whose curves are thin lines. Raises
    StudyError for a codec that `codecs` lacks, and for metrics that the rows lack.
    """
    check(rows, options)
    for row in rows:
        palette.of(row["codec"], codecs)
    panels = {metric: curves(rows, metric, options) for metric in options.panels}
    end = rate_end([rate for panel in panels.values() for curve in panel for rate in curve.rate], options)
    drawn = {curve.codec for panel in panels.values() for curve in panel if curve.rate}
    dots = {
        codecs[name]
        for name in drawn
        if all(len(c.rate) <= 1 for panel in panels.values() for c in panel if c.codec == name)
    }
    lines = published_lines.styles(published, options.panels)
    drawn_styles = [look for name, look in codecs.items() if name in drawn] + list(lines.values())
    with canvas.looks():
        explained = legend.columns(legend.entries(drawn_styles, dots))
        notes = canvas.note_lines(
            [
                *missing_notes.notes(rows, codecs, options.panels, drawn),
                *_infinite(panels, codecs, options),
                *outside(_longest(panels), end),
                *about_images,
                *published_lines.notes(published, lines),
            ]
        )
        for metric, panel in panels.items():
            points = published_lines.points(published, metric, end)
            panel += [
                Curve(
                    name, [rate for rate, _ in part], [_scaled(value, options.scale(metric)) for _, value in part], ()
                )
                for name, part in points.items()
            ]
        return _draw(panels, {**codecs, **lines}, title, options, end, explained, notes)


def check(rows: Sequence[Mapping[str, str]], options: Options) -> None:
    """Raise StudyError, which says what is allowed, for options that don't fit the rows."""
    for what, value, known in (
        ("rate axis", options.rate_axis, RATE_AXES),
        ("scale of SSIM", options.ssim_scale, SSIM_SCALES),
    ):
        if value not in known:
            raise StudyError(f"the {what} {value!r} is not possible; {allowed(value, known)}")
    if options.max_bpp is not None and not 0 < options.max_bpp < math.inf:
        raise StudyError(f"the end of the rate axis must be a number of bpp above 0; found {options.max_bpp}")
    if not options.panels:
        raise StudyError("a rate-distortion figure needs at least one metric as a panel")
    if not rows:
        raise StudyError("there are no rows to draw: the table has none of this image or image set")
    for metric in options.panels:
        if metric not in rows[0]:
            raise StudyError(f"the panel {metric!r} is not a column of the table; {allowed(metric, rows[0])}")


def curves(rows: Iterable[Mapping[str, str]], metric: str, options: Options) -> list[Curve]:
    """The curves of one panel, one for each codec that has a row; points without rate or value are left out."""
    by_codec: dict[str, list[tuple[float, float, str]]] = {}
    for row in rows:
        points = by_codec.setdefault(row["codec"], [])
        if row["bpp"] and row[metric]:
            value = _scaled(float(row[metric]), options.scale(metric))
            points.append((float(row["bpp"]), value, row["quality"]))
    return [
        Curve(
            codec,
            [rate for rate, value, _ in sorted(points) if math.isfinite(value)],
            [value for _, value, _ in sorted(points) if math.isfinite(value)],
            [quality for _, value, quality in points if not math.isfinite(value)],
        )
        for codec, points in by_codec.items()
    ]


def rate_end(rates: Sequence[float], options: Options) -> float:
    """The end of the rate axis in bpp.

    Without `max_bpp`, a log axis holds every point. A linear one ends at the least of 0.25, 0.5, 1, 1.5 and 2 bpp that
    holds nine tenths of the points; where none does, at 2 bpp if that holds half of them, else after the last point.
    """
    if not rates:
        return options.max_bpp or 1.0
    last = max(rates)
    if options.max_bpp is not None:
        return options.max_bpp
    if options.rate_axis == "log":
        return last
    held = {stop: sum(rate <= stop for rate in rates) for stop in STOPS}
    fitting = [stop for stop in STOPS if held[stop] >= 0.9 * len(rates)]
    if fitting:
        return fitting[0]
    return STOPS[-1] if held[STOPS[-1]] >= len(rates) / 2 else last


def _scaled(value: float, scale: str) -> float:
    if scale == "db":
        return -10 * math.log10(1 - value) if value < 1 else math.inf
    return value


def _infinite(panels: Mapping[str, Sequence[Curve]], codecs: Mapping[str, Style], options: Options) -> list[str]:
    notes = []
    for metric, panel in panels.items():
        lossless = [
            f"{codecs[curve.codec].label} at {missing_notes.qualities(curve.infinite)}"
            for curve in panel
            if curve.infinite
        ]
        if lossless:
            unit = " dB" if options.scale(metric) == "db" else ""
            notes.append(
                f"Not drawn, since {palette.short(metric)} is infinite{unit and ' in dB'}: {'; '.join(lossless)}."
            )
    return notes


def outside(rates: Mapping[str, Sequence[float]], end: float) -> list[str]:
    """A note on the points beyond the end of the rate axis; `rates` are those of each codec."""
    beyond = [codec for codec, part in rates.items() if any(rate > end for rate in part)]
    if not beyond:
        return []
    count = sum(rate > end for part in rates.values() for rate in part)
    points = sum(map(len, rates.values()))
    verb = "is" if count == 1 else "are"
    return [f"Beyond the rate axis, above {end:g} bpp, {verb} {count} of {points} points, of {_some(len(beyond))}."]


def _some(codecs: int) -> str:
    return "1 codec" if codecs == 1 else f"{codecs} codecs"


def _longest(panels: Mapping[str, Sequence[Curve]]) -> dict[str, Sequence[float]]:
    """The rates of every codec in the panel where it has the most points."""
    longest: dict[str, Sequence[float]] = {}
    for panel in panels.values():
        for curve in panel:
            longest[curve.codec] = max(longest.get(curve.codec, ()), curve.rate, key=len)
    return longest


def _draw(
    panels: Mapping[str, Sequence[Curve]],
    codecs: Mapping[str, Style],
    title: str,
    options: Options,
    end: float,
    explained: Sequence[Sequence[legend.Entry]],
    notes: Sequence[str],
) -> Figure:
    room = canvas.width() - _LEFT - _RIGHT
    across = canvas.across(min(len(panels), 2), room, _NARROWEST, _BETWEEN)
    down = math.ceil(len(panels) / across)
    width = (room - (across - 1) * _BETWEEN) / across
    row = 1.4 * _ROW if width > 4 else _ROW if across > 1 or len(panels) == 1 else 0.75 * _ROW
    block = down * row + (down - 1) * _ROW_GAP
    above, text = canvas.title_height(title) + 0.08, legend.height(explained) + canvas.LINE * len(notes)
    layout = canvas.start(2 * canvas.MARGIN + above + block + _UNDER + text + 0.08, title)
    layout.y -= 0.08
    start = rate_start([rate for panel in panels.values() for curve in panel for rate in curve.rate], options)
    for index, (metric, panel) in enumerate(panels.items()):
        column, level = index % across, index // across
        box = canvas.panel(
            layout,
            _LEFT + column * (width + _BETWEEN),
            layout.y - row - level * (row + _ROW_GAP),
            width,
            row,
        )
        lowest = index + across >= len(panels)
        _panel(box, metric, panel, codecs, options, (start, end), lowest)
    layout.y -= block + _UNDER
    legend.draw(layout, explained)
    layout.y -= 0.08
    canvas.notes(layout, notes)
    return layout.figure


def rate_start(rates: Sequence[float], options: Options) -> float:
    """The beginning of the rate axis in bpp: 0 on a linear one, just before the first point on a log one."""
    return min(rates, default=0.1) * 0.9 if options.rate_axis == "log" else 0.0


def _panel(
    box: Axes,
    metric: str,
    panel: Sequence[Curve],
    codecs: Mapping[str, Style],
    options: Options,
    span: tuple[float, float],
    lowest: bool,
) -> None:
    order = {codec: index for index, codec in enumerate(codecs)}
    for curve in sorted(panel, key=lambda curve: order[curve.codec]):
        if curve.rate:
            box.add_line(legend.line(codecs[curve.codec], curve.rate, curve.value, gid=curve.codec))
    canvas.y_label(box, palette.axis_label(metric, options.scale(metric)))
    axes.rate(box, options.rate_axis, *span)
    axes.value(box, *axes.value_span([(curve.rate, curve.value) for curve in panel], span[1]))
    if lowest:
        box.set_xlabel("Rate (bpp)")
    else:
        box.tick_params(labelbottom=False)
    if not any(curve.rate for curve in panel):
        axes.empty(box, "no value: see the note below")
