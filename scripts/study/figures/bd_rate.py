"""The chart of BD-rates: a row for each codec, a panel for each anchor and metric, reasons of those refused.

A strip beside each panel shows the range of scores that each BD-rate was integrated over, which differs from codec to
codec.
"""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.analysis import bd, refusals
from study.analysis.refusals import Refusal
from study.core.errors import StudyError, allowed
from study.figures import canvas, labelled_rows, palette
from study.figures.palette import Style

OVERS = ("mean of images", "mean curve")
COLUMNS = (
    "image_set", "over", "image", "codec", "anchor", "metric", "scale", "method", "bd_rate",
    "overlap_lo", "overlap_hi", "refusals",
)  # fmt: skip
LARGEST = 2.5
PAGE = 240 / 25.4  # inches, of a journal's page

_LABELS, _SHARE = 2.05, 0.38  # of the width at most
_NARROWEST = 1.25
_BETWEEN, _RIGHT, _UNDER, _TOP = 0.14, 0.08, 0.4, 0.08
_DIGITS, _REFUSED = 0.36, 0.68
_STRIP, _BEFORE_STRIP = 0.46, 0.1


@dataclass(frozen=True)
class Bar:
    """One codec in one panel: BD-rate in percent with its interval and those of the images, or why there is none.

    `span` is the range of scores that was integrated over, in the metric's unit. `refusals` are the reasons as bd.csv
    has them, `reason` is a text that bars of several codecs may share.
    """

    codec: str
    rate: float | None
    low: float | None
    high: float | None
    images: Sequence[float]
    span: tuple[float, float] | None = None
    refusals: tuple[Refusal, ...] = ()
    reason: str = ""


Panels = Mapping[tuple[str, str], Mapping[str, Bar]]  # bars by codec, of each (anchor, metric)


def figure(
    rows: Sequence[Mapping[str, str]],
    codecs: Mapping[str, Style],
    metrics: Sequence[str] | None = None,
    over: str = OVERS[0],
    method: str | None = None,
    about_images: Sequence[str] = (),
) -> Figure:
    """The chart of one image set's rows of bd.csv: all its anchors; by default all metrics, and its first method.

    `about_images` are notes on its images (`image_notes.of`).

    Codecs are sorted by their figures against the first anchor at the first metric, best first; without one they stand
    at the end. Without rows, the figure says so. Raises StudyError for choices that the rows lack.
    """
    if not rows:
        return _nothing()
    metrics = list(metrics or dict.fromkeys(row["metric"] for row in rows))
    method = method or rows[0]["method"]
    anchors = list(dict.fromkeys(row["anchor"] for row in rows))
    pairs = [(anchor, metric) for anchor in anchors for metric in metrics]
    panels = _merged({(anchor, metric): bars(rows, metric, over, method, anchor) for anchor, metric in pairs})
    for codec in {codec for panel in panels.values() for codec in panel} | set(anchors):
        palette.of(codec, codecs)
    order = _order(panels, codecs)
    marks = _marks(panels)
    scales = {metric: _scale(rows, metric) for metric in metrics}
    heading = f"{rows[0]['image_set']}: BD-rate against {_listed([codecs[anchor].label for anchor in anchors])}"
    with canvas.looks():
        notes = canvas.note_lines([*_about(rows, codecs, metrics, over, method), *_reasons(marks), *about_images])
        return _draw(panels, scales, codecs, order, marks, heading, notes)


def pages(
    whole: Figure,
    rows: Sequence[Mapping[str, str]],
    codecs: Mapping[str, Style],
    metrics: Sequence[str] | None,
    *chosen: Any,
) -> list[Figure]:
    """`whole`, the `figure` of what follows it, or where it is higher than `PAGE` figures of its parts.

    These are of one anchor each, and of as many metrics as a page holds; a single panel of very many codecs may still
    be higher.
    """
    names = list(metrics or dict.fromkeys(row["metric"] for row in rows))
    anchors = list(dict.fromkeys(row["anchor"] for row in rows))
    if whole.get_figheight() <= PAGE or len(names) * len(anchors) < 2:
        return [whole]
    half = len(names) - len(names) // 2
    parts = (
        [([row for row in rows if row["anchor"] == anchor], names) for anchor in anchors]
        if len(anchors) > 1
        else [(rows, names[:half]), (rows, names[half:])]
    )
    return [
        page for part, few in parts for page in pages(figure(part, codecs, few, *chosen), part, codecs, few, *chosen)
    ]


def bars(rows: Sequence[Mapping[str, str]], metric: str, over: str, method: str, anchor: str) -> dict[str, Bar]:
    """The bars of one metric and anchor by codec. Raises StudyError for a choice that the rows lack."""
    wanted = {"metric": metric, "over": over, "method": method, "anchor": anchor}
    for column, value in wanted.items():
        known = dict.fromkeys(row[column] for row in rows)
        if value not in known:
            raise StudyError(f"bd.csv has no {column} {value!r}; {allowed(value, known)}")
    del wanted["over"]
    chosen = [row for row in rows if all(row[column] == value for column, value in wanted.items())]
    images: dict[str, list[float]] = {}
    for row in chosen:
        if row["over"] == "image" and row["bd_rate"]:
            images.setdefault(row["codec"], []).append(float(row["bd_rate"]))
    return {
        row["codec"]: Bar(
            row["codec"],
            *(float(row[column]) if row.get(column) else None for column in ("bd_rate", "bd_rate_lo", "bd_rate_hi")),
            images.get(row["codec"], []),
            (float(row["overlap_lo"]), float(row["overlap_hi"])) if row["bd_rate"] and row["overlap_lo"] else None,
            _anonymous(refusals.from_json(row["refusals"], "bd_rate"), row["codec"]),
        )
        for row in chosen
        if row["over"] == over
    }


def against(
    rows: Sequence[Mapping[str, str]], metric: str | None = None, over: str = OVERS[0], method: str | None = None
) -> tuple[dict[str, Bar], str, str]:
    """The bars of one metric (by default the first), the first anchor, and the metric's name with its scale."""
    metric, method, anchor = metric or rows[0]["metric"], method or rows[0]["method"], rows[0]["anchor"]
    return bars(rows, metric, over, method, anchor), anchor, ", ".join(head(metric, _scale(rows, metric)))


def head(metric: str, scale: str) -> list[str]:
    """A metric's name, with the scale on which its curves were compared, and what tells its definition from others."""
    name, *definition = palette.parts(metric)
    return [f"{name} in dB" if scale == "db" else name, *definition]


def signed(value: float) -> str:
    """A percentage with its sign."""
    return f"{value:+.1f}".replace("-", "−")


def _scale(rows: Sequence[Mapping[str, str]], metric: str) -> str:
    return next(row["scale"] for row in rows if row["metric"] == metric)


def _order(panels: Panels, codecs: Mapping[str, Style]) -> list[str]:
    """The codecs by their bars in the first panel, its anchor at 0; those without a bar there at the end."""
    (anchor, _), first = next(iter(panels.items()))
    places = {codec: index for index, codec in enumerate(codecs)}
    rates = {codec: math.inf if bar.rate is None else bar.rate for codec, bar in first.items()} | {anchor: 0.0}
    return sorted({codec for panel in panels.values() for codec in panel}, key=lambda name: (rates[name], places[name]))


def _nothing() -> Figure:
    with canvas.looks():
        layout = canvas.start(2 * canvas.MARGIN + 3 * canvas.LINE, "BD-rate")
        canvas.notes(layout, ["Nothing to compare: the study has no codec beside the anchor."])
        return layout.figure


def _anonymous(reasons: Sequence[Refusal], codec: str) -> tuple[Refusal, ...]:
    """Reasons without the id of the bar's own codec, so that codecs can share them."""
    return tuple(
        replace(reason, codec="" if reason.codec == codec else reason.codec, inner=_anonymous(reason.inner, codec))
        for reason in reasons
    )


def worded(bars: Iterable[Bar]) -> list[Bar]:
    """The bars with their reasons in words, which codecs and metrics share."""
    bars = list(bars)
    texts = refusals.shared((bar.refusals for bar in bars if bar.rate is None), lambda codec: codec or "this codec")
    return [replace(bar, reason=texts.get(bar.refusals, "") if bar.rate is None else "") for bar in bars]


def _merged(panels: Panels) -> dict[tuple[str, str], dict[str, Bar]]:
    """The bars of all panels with reasons that they share."""
    texts = iter(worded(bar for panel in panels.values() for bar in panel.values()))
    return {key: {codec: next(texts) for codec in panel} for key, panel in panels.items()}


def _marks(panels: Panels) -> dict[str, str]:
    """A letter for each reason, in brackets; none after z."""
    reasons = dict.fromkeys(bar.reason for panel in panels.values() for bar in panel.values() if bar.rate is None)
    letters = itertools.chain(string.ascii_lowercase, itertools.repeat(""))
    return {reason: f" ({letter})" if letter else "" for reason, letter in zip(reasons, letters)}


def _about(
    rows: Sequence[Mapping[str, str]], codecs: Mapping[str, Style], metrics: Sequence[str], over: str, method: str
) -> list[str]:
    anchors = [codecs[anchor].label for anchor in dict.fromkeys(row["anchor"] for row in rows)]
    row = next(row for row in rows if row["over"] == over)
    n = row["n_images"]
    what = {
        "mean of images": f"the mean of {n} images' BD-rates",
        "mean curve": f"the BD-rate of the curves of means over {n} images",
    }[over]
    level = next((row["level"] for row in rows if row.get("level")), "")
    kind = {"t": "Student's", "bootstrap": "bootstrap"}.get(row.get("interval", ""), "")
    interval = f"; whiskers: {kind} {float(level):.0%} interval over the images" if level else "; no interval"
    dots = "; dots: the images' own" if n != "1" else ""
    return [
        f"Bars: {what} against {_listed(anchors)} ({method}){interval}{dots}. Below 0, a codec needs fewer bits "
        f"than the anchor for the same score. Sorted by {palette.short(metrics[0])}"
        f"{f' against {anchors[0]}' if len(anchors) > 1 else ''}.",
        "Strips at the right: the range of scores that both curves cover, which a bar is integrated over"
        f"{' (mean over the images)' if over == OVERS[0] and n != '1' else ''}. Bars of unlike ranges can't be ranked: "
        "head_to_head.csv compares each pair on its own range.",
    ]


def _listed(labels: Sequence[str]) -> str:
    """Labels in a sentence; where there are more than two, or one has a comma, semicolons keep them apart."""
    return " and ".join(labels) if len(labels) < 3 and "," not in "".join(labels) else "; ".join(labels)


def _reasons(marks: Mapping[str, str]) -> list[str]:
    notes = [f"{mark.strip()} {canvas.clipped(reason)}" for reason, mark in marks.items() if mark]
    more = len(marks) - len(notes)
    return [*notes, f"Refused without a letter: {more} more reasons, in bd.csv."] if more else notes


def _draw(
    panels: Panels,
    scales: Mapping[str, str],
    codecs: Mapping[str, Style],
    order: Sequence[str],
    marks: Mapping[str, str],
    heading: str,
    notes: Sequence[str],
) -> Figure:
    anchors = list(dict.fromkeys(anchor for anchor, _ in panels))
    metrics = list(scales)
    heads = {
        (anchor, metric): [*head(metric, scales[metric]), f"against {codecs[anchor].label}"][
            : None if len(anchors) > 1 else -1
        ]
        for anchor, metric in panels
    }
    labels = min(max(canvas.text_width(codecs[codec].label) for codec in order) + 0.12, _most_for_labels())
    shown = labelled_rows.of([codecs[codec].label for codec in order], labels - 0.1)
    left = canvas.MARGIN + labels
    room = canvas.width() - left - _RIGHT
    across = canvas.across(min(len(metrics), 3 if len(metrics) != 4 else 2), room, _NARROWEST, _BETWEEN)
    down = math.ceil(len(metrics) / across)  # of each anchor
    whole_width = (room - (across - 1) * _BETWEEN) / across
    width = whole_width - _BEFORE_STRIP - _STRIP
    height = shown.height
    top = canvas.LINE * max(map(len, heads.values())) + 0.04
    block = top + height + _UNDER
    whole = (
        2 * canvas.MARGIN + canvas.title_height(heading) + _TOP + len(anchors) * down * block + canvas.LINE * len(notes)
    )
    layout = canvas.start(whole, heading)
    layout.y -= _TOP
    span = _span([bar for panel in panels.values() for bar in panel.values()], width)
    for (anchor, metric), drawn in panels.items():
        column, level = metrics.index(metric) % across, metrics.index(metric) // across
        level += anchors.index(anchor) * down
        x, bottom = left + column * (whole_width + _BETWEEN), layout.y - level * block - top - height
        box = canvas.panel(layout, x, bottom, width, height)
        for row, codec in zip(shown.places, order):
            if codec == anchor:
                box.text(
                    0.015 * (span[1] - span[0]),
                    row,
                    "anchor",
                    va="center",
                    size=canvas.small(),
                    color=canvas.GREY,
                )
            elif codec in drawn:
                _bar(box, row, drawn[codec], codecs[codec], marks, span)
        _dress(box, span, width)
        shown.dress(box, column == 0)
        reach = [bar.span for part in anchors for bar in panels[part, metric].values() if bar.span]
        strip = canvas.panel(layout, x + width + _BEFORE_STRIP, bottom, _STRIP, height)
        _ranges(strip, [(row, drawn.get(codec)) for row, codec in zip(shown.places, order)], scales[metric], reach)
        shown.dress(strip, False)
        for line, text in enumerate(heads[anchor, metric]):
            at = x, bottom + height + top - line * canvas.LINE
            canvas.text(layout, *at, text, colour=canvas.GREY if line else "black")
    layout.y -= len(anchors) * down * block
    canvas.notes(layout, notes)
    return layout.figure


def _most_for_labels() -> float:
    """The width that the codecs' names may take; longer ones go on in a second line."""
    return min(_LABELS, _SHARE * canvas.width())


def _span(bars: Sequence[Bar], width: float) -> tuple[float, float]:
    """The span of the axes in percent: all bars, cut at `LARGEST` times the best, with room for the numbers."""
    reach = [value for bar in bars for value in (bar.rate, bar.low, bar.high, *bar.images) if value is not None]
    low, high = min([0.0, *reach]), max([0.0, *reach])
    high = min(high, max(LARGEST * -low, 50.0))
    low, high = min(low, -1.0), max(high, 1.0)
    room = _DIGITS * (high - low) / (width - _DIGITS)
    right = max([high, *(_ends(bar)[1] + room for bar in bars if bar.rate is not None and bar.rate < 0)])
    if any(bar.rate is None for bar in bars):
        right = max(right, _REFUSED * (high - low) / (width - _DIGITS))
    left = min([low, *(_ends(bar)[0] - room for bar in bars if bar.rate is not None and bar.rate >= 0)])
    return left - 0.02 * (right - left), right + 0.02 * (right - left)


def _ends(bar: Bar) -> tuple[float, float]:
    """What a bar covers with its interval and images, from 0 on, in percent."""
    reach = [value for value in (0.0, bar.rate, bar.low, bar.high, *bar.images) if value is not None]
    return min(reach), max(reach)


def _bar(box: Axes, row: float, bar: Bar, look: Style, marks: Mapping[str, str], span: tuple[float, float]) -> None:
    pad = 0.015 * (span[1] - span[0])
    if bar.rate is None:
        box.text(pad, row, f"refused{marks[bar.reason]}", va="center", size=canvas.small(), color=canvas.GREY)
        return
    tint = [0.5 + 0.5 * part for part in to_rgb(look.colour)]
    box.barh(row, bar.rate, height=0.7, color=tint, edgecolor=look.colour, linewidth=0.5)
    dots = {"color": "white", "markeredgecolor": "black", "markeredgewidth": 0.4, "markersize": 1.8}
    box.plot(bar.images, [row] * len(bar.images), linestyle="none", marker="o", **dots)
    if bar.low is not None and bar.high is not None:
        reach = [[bar.rate - bar.low], [bar.high - bar.rate]]
        box.errorbar(bar.rate, row, xerr=reach, color="black", elinewidth=0.7, capsize=1.5, capthick=0.7)
    if bar.rate > span[1]:
        box.plot([span[1] - pad], [row], marker=">", markersize=3, color="black", markeredgewidth=0)
    low, high = _ends(bar)
    at, side = (high + pad, "left") if bar.rate < 0 else (low - pad, "right")
    box.text(at, row, signed(bar.rate), va="center_baseline", ha=side, size=canvas.small())


def _ranges(
    box: Axes, drawn: Sequence[tuple[float, Bar | None]], scale: str, reach: Sequence[tuple[float, float]]
) -> None:
    """The strip of a panel: a line for each bar over the scores that it covers, on the metric's scale."""

    def at(scores: Sequence[float]) -> list[float]:
        return sorted(float(score) for score in bd.on_scale(np.array(scores), scale))

    for row, bar in drawn:
        if bar is not None and bar.span is not None:
            box.plot(at(bar.span), [row, row], color="#444444", linewidth=1.4, solid_capstyle="butt", gid=bar.codec)
    box.grid(False)
    if reach:
        ends = [min(map(min, reach)), max(map(max, reach))]
        digits = 3 if ends[1] < 1.5 else 0
        low, high = at(ends)
        box.set_xlim(low - 0.03 * (high - low), high + 0.03 * (high - low))
        labels = [f"{end:.{digits}f}".removeprefix("0") or "0" for end in ends]
        box.set_xticks([low, high], labels, size=canvas.small())
        for label, side in zip(box.get_xticklabels(), ("left", "right")):
            label.set_horizontalalignment(side)
    else:
        box.set_axis_off()


def _dress(box: Axes, span: tuple[float, float], width: float) -> None:
    box.set_xlim(*span)
    box.axvline(0, color="black", linewidth=0.6)
    box.xaxis.set_major_locator(MaxNLocator(max(int(width / 0.29), 3), steps=(1, 2, 2.5, 5, 10)))
    box.set_xlabel("BD-rate (%)")
