"""The cost in time: BD-rate against seconds per megapixel, and seconds per megapixel against the rate."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.analysis import timing as timing_table
from study.core import outcome
from study.core.errors import StudyError
from study.figures import axes, bd_rate, canvas, curves, legend, missing_notes, palette, tiles
from study.figures.bd_rate import Bar
from study.figures.palette import Style

STAGES = {"encode_s": "Encoding", "decode_s": "Decoding"}

_LEFT, _BETWEEN, _RIGHT = 0.47, 0.55, 0.1
_ROW, _UNDER, _NARROWEST = 1.95, 0.4, 1.9


NO_TIMING = (
    "the study has no `timing`. The seconds in rd.csv were measured while other jobs ran beside: they are a log, no "
    "benchmark. Add timing: {images: 2, repeats: 5} to the study, and its codecs are timed when it is done."
)


@dataclass(frozen=True)
class Speed:
    """One codec at one quality: mean rate in bpp, and seconds per megapixel of each stage."""

    rate: float
    seconds: Mapping[str, float]


def figure(
    means: Sequence[Mapping[str, str]],
    megapixels: float,
    source: str,
    codecs: Mapping[str, Style],
    rates: tuple[Mapping[str, Bar], str, str] | None = None,
    options: curves.Options | None = None,
) -> Figure:
    """The figure of one image set from what `timed` returns: rows with times, mean size in megapixels, their source.

    `rates` gives the upper panels: BD-rates by codec (`bars.bars`), the anchor, and a description of the metric.
    `options` tells the rate axis of the lower ones.
    Raises StudyError for codecs that `codecs` lacks.
    """
    options = options or curves.Options()
    if not means:
        raise StudyError("there are no rows to draw: the table has none of this image set")
    for row in means:
        palette.of(row["codec"], codecs)
    by_codec = speeds(means, megapixels)
    drawn = [codec for codec in codecs if codec in by_codec]
    rate, anchor, metric = rates or ({}, "", "")
    shown = {codec: rate[codec] for codec in drawn if codec in rate and rate[codec].rate is not None}
    if anchor in drawn:
        shown[anchor] = Bar(anchor, 0.0, None, None, [])
    end = curves.rate_end([speed.rate for speeds_of in by_codec.values() for speed in speeds_of], options)
    with canvas.looks():
        dots = {codecs[codec] for codec in drawn if len(by_codec[codec]) == 1}
        explained = legend.columns(legend.entries((codecs[codec] for codec in drawn), dots))
        notes = canvas.note_lines(
            [
                *_about(metric, anchor, codecs, source),
                *missing_notes.notes(means, codecs, list(STAGES), drawn),
                *_refused(drawn, shown, rate, codecs),
                *_beyond(by_codec, end),
            ]
        )
        return _draw(
            by_codec,
            shown if rates else None,
            codecs,
            means[0]["image_set"],
            (metric, anchor),
            options,
            end,
            explained,
            notes,
        )


UNTIMED = outcome.without(outcome.SKIPPED, "not timed, since each image has a parameter of its own")


def timed(
    means: Sequence[Mapping[str, str]], timing: Sequence[Mapping[str, str]]
) -> tuple[list[Mapping[str, str]], float, str]:
    """The rows of means.csv that timing.csv has times of, with these in place of the logged ones.

    Beside them the mean size of the timed images in megapixels, and how they were timed. A codec without a time keeps
    its rows, with no times and the reason. Raises StudyError if `timing` is empty.
    """
    if not timing:
        raise StudyError("timing.csv has no row of this image set; delete it and run the study again")
    cells: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in timing:
        cells.setdefault((row["codec"], row["quality"]), []).append(row)
    timed_rows, known = [], {codec for codec, _ in cells}
    for row in means:
        if row["codec"] not in known:
            timed_rows.append({**row, **dict.fromkeys(STAGES, ""), **UNTIMED})
        if (part := cells.get((row["codec"], row["quality"]))) is None:
            continue
        lacking = next((clocked for clocked in part if not all(clocked[stage] for stage in STAGES)), None)
        ending = {name: lacking[name] for name in ("status", "reason")} if lacking else {}
        sums = {stage: 0.0 if lacking else sum(float(clocked[stage]) for clocked in part) for stage in STAGES}
        times = {stage: "" if lacking else str(total / len(part)) for stage, total in sums.items()}
        timed_rows.append({**row, **times, **ending})
    sizes = {row["image"]: int(row["width"]) * int(row["height"]) / 1e6 for row in timing}
    source = (
        f"{timing_table.conditions(timing[0])} with no other job of the run beside "
        f"({len(sizes)} image{'s' * (len(sizes) != 1)})"
    )
    return timed_rows, sum(sizes.values()) / len(sizes), source


def speeds(means: Sequence[Mapping[str, str]], megapixels: float) -> dict[str, list[Speed]]:
    """Rate and seconds per megapixel of codecs at their qualities, by rate; rows that lack one are left out.

    A mean time over the mean size is all images' time over all their pixels.
    """
    by_codec: dict[str, list[Speed]] = {}
    for row in means:
        if row["bpp"] and all(row[stage] for stage in STAGES):
            seconds = {stage: float(row[stage]) / megapixels for stage in STAGES}
            by_codec.setdefault(row["codec"], []).append(Speed(float(row["bpp"]), seconds))
    return {codec: sorted(part, key=lambda speed: speed.rate) for codec, part in by_codec.items()}


def none(image_set: str) -> Figure:
    """What stands in the figure's place where the study has no times."""
    return tiles.gap(f"{image_set}: rate and time", NO_TIMING)


def front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points (seconds, BD-rate) that no other is at least as good as in both, by seconds."""
    best, fastest = math.inf, []
    for seconds, rate in sorted(points):
        if rate < best:
            fastest.append((seconds, rate))
            best = rate
    return fastest


def _about(metric: str, anchor: str, codecs: Mapping[str, Style], source: str) -> list[str]:
    text = f"Times: all images' seconds over all their pixels, {source}."
    if metric:
        text += (
            f" Upper panels: BD-rate against {codecs[anchor].label} at {metric}; markers: the median quality's time, "
            "lines across: from the fastest quality to the slowest, lines upright: interval over the images, dotted: "
            "codecs that no other beats in both."
        )
    return [text]


def _refused(
    drawn: Sequence[str], shown: Mapping[str, Bar], rate: Mapping[str, Bar], codecs: Mapping[str, Style]
) -> list[str]:
    """Why codecs with times are not in the upper panels."""
    lacking = [codec for codec in drawn if rate and codec not in shown]
    worded = {bar.codec: bar for bar in bd_rate.worded(rate[codec] for codec in lacking if codec in rate)}
    labels: dict[str, list[str]] = {}
    for codec in lacking:
        reason = worded[codec].reason if codec in worded else "bd.csv has no row"
        labels.setdefault(canvas.clipped(reason), []).append(codecs[codec].label)
    return [f"Without BD-rate: {', '.join(names)} ({reason})." for reason, names in labels.items()]


def _beyond(by_codec: Mapping[str, Sequence[Speed]], end: float) -> list[str]:
    return curves.outside({codec: [speed.rate for speed in part] for codec, part in by_codec.items()}, end)


def _draw(
    by_codec: Mapping[str, Sequence[Speed]],
    shown: Mapping[str, Bar] | None,
    codecs: Mapping[str, Style],
    image_set: str,
    compared: tuple[str, str],
    options: curves.Options,
    end: float,
    explained: Sequence[Sequence[legend.Entry]],
    notes: Sequence[str],
) -> Figure:
    room = canvas.width() - _LEFT - _RIGHT
    across = canvas.across(len(STAGES), room, _NARROWEST, _BETWEEN)
    width = (room - (across - 1) * _BETWEEN) / across
    title = f"{image_set}: rate and time"
    kinds = ["cost"] if shown is None else ["trade", "cost"]
    places = [(kind, stage) for kind in kinds for stage in STAGES]
    down = len(places) // across
    row = _ROW if across > 1 else 0.8 * _ROW
    text = legend.height(explained) + canvas.LINE * len(notes)
    layout = canvas.start(2 * canvas.MARGIN + canvas.title_height(title) + 0.16 + down * (row + _UNDER) + text, title)
    layout.y -= 0.08
    for number, (kind, stage) in enumerate(places):
        left, level = _LEFT + number % across * (width + _BETWEEN), number // across
        box = canvas.panel(layout, left, layout.y - row - level * (row + _UNDER), width, row)
        if kind == "trade" and shown is not None:
            _trade(box, stage, by_codec, shown, codecs)
            canvas.y_label(box, f"BD-rate (%) against {codecs[compared[1]].label}")
        else:
            _cost(box, stage, by_codec, codecs, options, end)
    layout.y -= down * (row + _UNDER)
    legend.draw(layout, explained)
    layout.y -= 0.08
    canvas.notes(layout, notes)
    return layout.figure


def _trade(
    box: Axes,
    stage: str,
    by_codec: Mapping[str, Sequence[Speed]],
    shown: Mapping[str, Bar],
    codecs: Mapping[str, Style],
) -> None:
    box.set_xlabel(f"{STAGES[stage]} time (s per megapixel)")
    if len(shown) < 2:
        axes.empty(box, "no BD-rate: see the notes below")
        return
    points, reach, spans = [], [], []
    for codec in (codec for codec in codecs if codec in shown):
        look, bar = codecs[codec], shown[codec]
        seconds = [speed.seconds[stage] for speed in by_codec[codec]]
        middle = statistics.median(seconds)
        thin = {"color": look.colour, "linewidth": 0.6}
        box.plot([min(seconds), max(seconds)], [bar.rate] * 2, **thin)
        if bar.low is not None and bar.high is not None:
            box.plot([middle] * 2, [bar.low, bar.high], **thin)
        box.add_line(legend.line(look, [middle], [bar.rate], gid=codec))
        points.append((middle, bar.rate))
        reach += [value for value in (bar.rate, bar.low, bar.high) if value is not None]
        spans += seconds
    best = front(points)
    steps = [(seconds, rate) for (_, rate), (seconds, _) in zip(best, [*best[1:], best[-1]])]
    line = [point for pair in zip(best, steps) for point in pair]
    box.plot(*zip(*line), color="#999999", linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
    axes.log(box, "x", min(spans) / 1.3, max(spans) * 1.3)
    axes.value(box, *axes.padded(reach))
    box.axhline(0, color="#bbbbbb", linewidth=0.7, zorder=0.9)


def _cost(
    box: Axes,
    stage: str,
    by_codec: Mapping[str, Sequence[Speed]],
    codecs: Mapping[str, Style],
    options: curves.Options,
    end: float,
) -> None:
    for codec in (codec for codec in codecs if codec in by_codec):
        rates = [speed.rate for speed in by_codec[codec]]
        seconds = [speed.seconds[stage] for speed in by_codec[codec]]
        box.add_line(legend.line(codecs[codec], rates, seconds, gid=codec))
    rates = [speed.rate for part in by_codec.values() for speed in part]
    seconds = [speed.seconds[stage] for part in by_codec.values() for speed in part]
    axes.rate(box, options.rate_axis, curves.rate_start(rates, options), end)
    if seconds:
        axes.log(box, "y", min(seconds) / 1.3, max(seconds) * 1.3)
    else:
        axes.empty(box, "no time: see the note below")
    canvas.y_label(box, f"{STAGES[stage]} time (s per megapixel)")
    box.set_xlabel("Rate (bpp)")
