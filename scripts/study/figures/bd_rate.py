"""The chart of BD-rates against an anchor: a row for each codec, a panel for each metric, reasons of those refused."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.analysis import refusals
from study.analysis.refusals import Refusal
from study.core.errors import StudyError, allowed
from study.figures import canvas, palette
from study.figures.palette import Style

OVERS = ("mean of images", "mean curve")
COLUMNS = ("image_set", "over", "image", "codec", "anchor", "metric", "scale", "method", "bd_rate", "refusals")
LARGEST = 2.5

_ROW = 0.145
_LABELS = 2.05
_BETWEEN, _RIGHT, _UNDER, _TOP = 0.14, 0.08, 0.4, 0.08
_DIGITS, _REFUSED = 0.36, 0.68


@dataclass(frozen=True)
class Bar:
    """One codec in one panel: BD-rate in percent with its interval and those of the images, or why there is none.

    `refusals` are the reasons as bd.csv has them, `reason` is a text that bars of several codecs may share.
    """

    codec: str
    rate: float | None
    low: float | None
    high: float | None
    images: Sequence[float]
    refusals: tuple[Refusal, ...] = ()
    reason: str = ""


def figure(
    rows: Sequence[Mapping[str, str]],
    codecs: Mapping[str, Style],
    metrics: Sequence[str] | None = None,
    over: str = OVERS[0],
    method: str | None = None,
    about_images: Sequence[str] = (),
) -> Figure:
    """The chart of one image set's rows of bd.csv; by default of all its metrics, and its first method.

    `about_images` are notes on its images (`image_notes.of`).

    Codecs are sorted by their figures at the first metric, best first; without one they stand at the end. Without
    rows, the figure says so. Raises StudyError for choices that the rows lack.
    """
    if not rows:
        return _nothing()
    metrics = list(metrics or dict.fromkeys(row["metric"] for row in rows))
    method = method or rows[0]["method"]
    panels = _merged({metric: bars(rows, metric, over, method) for metric in metrics})
    for codec in {codec for panel in panels.values() for codec in panel} | {rows[0]["anchor"]}:
        palette.of(codec, codecs)
    order = _order(panels[metrics[0]], codecs)
    marks = _marks(panels)
    heads = {metric: head(metric, _scale(rows, metric)) for metric in metrics}
    heading = f"{rows[0]['image_set']}: BD-rate against {codecs[rows[0]['anchor']].label}"
    with canvas.looks():
        notes = canvas.note_lines([*_about(rows, codecs, metrics, over, method), *_reasons(marks), *about_images])
        return _draw(panels, heads, codecs, order, marks, heading, notes)


def bars(rows: Sequence[Mapping[str, str]], metric: str, over: str, method: str) -> dict[str, Bar]:
    """The bars of one metric by codec. Raises StudyError for a choice that the rows lack."""
    for column, value in (("metric", metric), ("over", over), ("method", method)):
        known = dict.fromkeys(row[column] for row in rows)
        if value not in known:
            raise StudyError(f"bd.csv has no {column} {value!r}; {allowed(value, known)}")
    chosen = [row for row in rows if row["metric"] == metric and row["method"] == method]
    images: dict[str, list[float]] = {}
    for row in chosen:
        if row["over"] == "image" and row["bd_rate"]:
            images.setdefault(row["codec"], []).append(float(row["bd_rate"]))
    return {
        row["codec"]: Bar(
            row["codec"],
            *(float(row[column]) if row.get(column) else None for column in ("bd_rate", "bd_rate_lo", "bd_rate_hi")),
            images.get(row["codec"], []),
            _anonymous(refusals.from_json(row["refusals"], "bd_rate"), row["codec"]),
        )
        for row in chosen
        if row["over"] == over
    }


def against(
    rows: Sequence[Mapping[str, str]], metric: str | None = None, over: str = OVERS[0], method: str | None = None
) -> tuple[dict[str, Bar], str, str]:
    """The bars of one metric (by default the first), the anchor, and the metric's name with its scale."""
    metric, method = metric or rows[0]["metric"], method or rows[0]["method"]
    return bars(rows, metric, over, method), rows[0]["anchor"], ", ".join(head(metric, _scale(rows, metric)))


def head(metric: str, scale: str) -> list[str]:
    """A metric's name, with the scale on which its curves were compared, and what tells its definition from others."""
    name, *definition = palette.parts(metric)
    return [f"{name} in dB" if scale == "db" else name, *definition]


def signed(value: float) -> str:
    """A percentage with its sign."""
    return f"{value:+.1f}".replace("-", "−")


def _scale(rows: Sequence[Mapping[str, str]], metric: str) -> str:
    return next(row["scale"] for row in rows if row["metric"] == metric)


def _order(found: Mapping[str, Bar], codecs: Mapping[str, Style]) -> list[str]:
    places = {codec: place for place, codec in enumerate(codecs)}
    rates = {codec: math.inf if bar.rate is None else bar.rate for codec, bar in found.items()}
    return sorted(found, key=lambda codec: (rates[codec], places[codec]))


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


def _merged(panels: Mapping[str, Mapping[str, Bar]]) -> dict[str, dict[str, Bar]]:
    """The bars of all panels with reasons that they share."""
    texts = iter(worded(bar for panel in panels.values() for bar in panel.values()))
    return {metric: {codec: next(texts) for codec in panel} for metric, panel in panels.items()}


def _marks(panels: Mapping[str, Mapping[str, Bar]]) -> dict[str, str]:
    """A letter for each reason, in brackets; none after z."""
    reasons = dict.fromkeys(bar.reason for panel in panels.values() for bar in panel.values() if bar.rate is None)
    letters = itertools.chain(string.ascii_lowercase, itertools.repeat(""))
    return {reason: f" ({letter})" if letter else "" for reason, letter in zip(reasons, letters)}


def _about(
    rows: Sequence[Mapping[str, str]], codecs: Mapping[str, Style], metrics: Sequence[str], over: str, method: str
) -> list[str]:
    anchor = codecs[rows[0]["anchor"]].label
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
        f"Bars: {what} against {anchor} ({method}){interval}{dots}. "
        f"Below 0, a codec needs fewer bits than {anchor} for the same score. Sorted by {palette.short(metrics[0])}."
    ]


def _reasons(marks: Mapping[str, str]) -> list[str]:
    notes = [f"{mark.strip()} {canvas.clipped(reason)}" for reason, mark in marks.items() if mark]
    more = len(marks) - len(notes)
    return [*notes, f"Refused without a letter: {more} more reasons, in bd.csv."] if more else notes


def _draw(
    panels: Mapping[str, Mapping[str, Bar]],
    heads: Mapping[str, Sequence[str]],
    codecs: Mapping[str, Style],
    order: Sequence[str],
    marks: Mapping[str, str],
    heading: str,
    notes: Sequence[str],
) -> Figure:
    across = min(len(panels), 4 if len(panels) != 5 else 3)
    down = math.ceil(len(panels) / across)
    labels = min(max(canvas.text_width(codecs[codec].label) for codec in order) + 0.12, _LABELS)
    left = canvas.MARGIN + labels
    width = (canvas.WIDTH - left - _RIGHT - (across - 1) * _BETWEEN) / across
    height = _ROW * (len(order) + 0.4)
    top = canvas.LINE * max(map(len, heads.values())) + 0.04
    block = top + height + _UNDER
    whole = 2 * canvas.MARGIN + canvas.title_height(heading) + _TOP + down * block + canvas.LINE * len(notes)
    layout = canvas.start(whole, heading)
    layout.y -= _TOP
    span = _span([bar for panel in panels.values() for bar in panel.values()], width)
    for index, (metric, drawn) in enumerate(panels.items()):
        column, level = index % across, index // across
        bottom = layout.y - level * block - top - height
        box = canvas.panel(layout, left + column * (width + _BETWEEN), bottom, width, height)
        for row, codec in enumerate(order):
            _bar(box, row, drawn[codec], codecs[codec], marks, span)
        _dress(box, span, len(order), width)
        for line, text in enumerate(heads[metric]):
            at = left + column * (width + _BETWEEN), bottom + height + top - line * canvas.LINE
            canvas.text(layout, *at, text, colour=canvas.GREY if line else "black")
        if column == 0:
            names = [canvas.shortened(codecs[codec].label, labels - 0.1) for codec in order]
            box.set_yticks(range(len(order)), names)
    layout.y -= down * block
    canvas.notes(layout, notes)
    return layout.figure


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


def _bar(box: Axes, row: int, bar: Bar, look: Style, marks: Mapping[str, str], span: tuple[float, float]) -> None:
    pad = 0.015 * (span[1] - span[0])
    if bar.rate is None:
        box.text(pad, row, f"refused{marks[bar.reason]}", va="center", size=canvas.SMALL, color=canvas.GREY)
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
    box.text(at, row, signed(bar.rate), va="center_baseline", ha=side, size=canvas.SMALL)


def _dress(box: Axes, span: tuple[float, float], rows: int, width: float) -> None:
    box.set_xlim(*span)
    box.set_ylim(rows - 0.3, -0.7)
    box.axvline(0, color="black", linewidth=0.6)
    box.xaxis.set_major_locator(MaxNLocator(max(int(width / 0.29), 3), steps=(1, 2, 2.5, 5, 10)))
    box.grid(False, axis="y")
    box.set_yticks([])
    box.tick_params(axis="y", length=0)
    box.spines["left"].set_visible(False)
    box.set_xlabel("BD-rate (%)")
