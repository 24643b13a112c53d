"""The table of the 2021 report's edits beside our own: rate and quality, and how our changes compare with its."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.analysis import report2021
from study.figures import canvas, palette

_LINE = 0.15
_NARROW = 5.0
_GROUPS = {"bpp": "Rate (bpp)", "psnr": "PSNR (dB)", "ms_ssim": "MS-SSIM"}
_FORMATS = {"bpp": "{:.3f}", "psnr": "{:.2f}", "ms_ssim": "{:.4f}"}
_COLUMNS = (0.06, 0.3, 1.46, 2.06)
_GROUP, _OURS, _RATIO, _WORD = 1.67, 0.42, 0.84, 1.18
_COLOURS = {
    "alike": "#1a7f37",
    "smaller": "#9a6700",
    "larger": "#9a6700",
    "opposite": "#c0392b",
    "unknown": canvas.GREY,
}
LEGEND = (
    "Ratio: our change against the unedited image over the report's. Green, alike: within a factor of "
    f"{report2021.FACTOR:g}. Amber, smaller or larger: of the same sign, beyond that factor. Red, opposite: of the "
    "other sign. Unknown: the report or we lack a value. That PSNR and MS-SSIM fall when a part of the latent is lost "
    "follows from the edit, so their sign shows nothing; the ratio does."
)


def figure(rows: Sequence[Mapping[str, object]], title: str, notes: Sequence[str]) -> Figure:
    """The table of the rows of `reported.rows`, one line for each edit and policy."""
    lines: dict[tuple, dict[str, Mapping[str, object]]] = {}
    for row in rows:
        lines.setdefault((row["figure"], row["edit"], row["side_information"]), {})[row["measure"]] = row
    measures = [name for name in _GROUPS if any(name in by_measure for by_measure in lines.values())]
    metrics = [palette.short(row["metric"]) for row in next(iter(lines.values())).values() if row["metric"] != "bpp"]
    remarks = [
        LEGEND,
        f"Ours: bits of the whole file; {', '.join(metrics)}." if metrics else "Ours: bits of the whole file.",
        *notes,
    ]
    blocks = [[name] for name in measures] if canvas.width() < _NARROW else [measures]
    with canvas.looks():
        text = canvas.note_lines(remarks)
        table = len(blocks) * ((len(lines) + 2) * _LINE + 0.18)
        layout = canvas.start(
            2 * canvas.MARGIN + canvas.title_height(title) + table + canvas.LINE * len(text) + 0.04, title
        )
        layout.y -= 0.08
        for block in blocks:
            _table(layout, lines, block)
            layout.y -= 0.1
        canvas.notes(layout, text)
        return layout.figure


def _table(
    layout: canvas.Layout, lines: Mapping[tuple, Mapping[str, Mapping[str, object]]], measures: Sequence[str]
) -> None:
    """Lines of the table with the columns of some measures, beside each other."""
    columns = _columns(layout.width, len(measures))
    _head(layout, measures, columns)
    before = next(iter(lines))[0]
    for line, ((number, edit, policy), by_measure) in enumerate(lines.items()):
        if number != before:
            _rule(layout, 0.3)
        head = [str(number), str(edit)] if number != before or line == 0 else ["", ""]
        _row(layout, [*head, str(policy or "–")], by_measure, measures, columns)
        before = number
    _rule(layout, 0.8)


@dataclass(frozen=True)
class _Columns:
    """Where a table's columns begin, in inches: those of the head, and those within each of the `groups`."""

    head: Sequence[float]
    groups: Sequence[float]
    inner: Sequence[float]  # report, ours, ratio, word
    size: float = canvas.TEXT


def _columns(width: float, count: int) -> _Columns:
    """The usual places, or these drawn together where the width has no room for them, in smaller letters."""
    needed = _COLUMNS[3] + count * _GROUP
    part = min(1.0, (width - canvas.MARGIN) / needed)
    groups = [_COLUMNS[3] + number * _GROUP for number in range(count)]
    inner = (0.0, _OURS, _RATIO, _WORD)
    return _Columns(*([part * x for x in xs] for xs in (_COLUMNS[:3], groups, inner)), part * canvas.TEXT)


def _head(layout: canvas.Layout, measures: Sequence[str], columns: _Columns) -> None:
    for x, name in zip(columns.groups, measures):
        canvas.text(layout, x, layout.y, _GROUPS[name], columns.size)
    layout.y -= _LINE
    for x, words in zip(columns.head, ("Fig.", "Edit", "z")):
        canvas.text(layout, x, layout.y, words, columns.size)
    small = columns.size * canvas.SMALL / canvas.TEXT
    for group in columns.groups:
        for x, words in zip(columns.inner, ("report", "ours", "ratio")):
            canvas.text(layout, group + x, layout.y, words, small, canvas.GREY)
    layout.y -= _LINE
    _rule(layout, 0.8)


def _rule(layout: canvas.Layout, width: float) -> None:
    ends = [canvas.MARGIN, layout.width - canvas.MARGIN]
    y = [layout.y + 0.02] * 2
    line = Line2D(ends, y, color="black" if width > 0.5 else "#cccccc", linewidth=width)
    line.set_transform(layout.inches)
    layout.figure.add_artist(line)


def _row(
    layout: canvas.Layout,
    head: Sequence[str],
    by_measure: Mapping[str, Mapping[str, object]],
    measures: Sequence[str],
    columns: _Columns,
) -> None:
    def text(x: float, words: str, colour: str = "black") -> None:
        canvas.text(layout, x, layout.y, words, columns.size, colour)

    for column, words in enumerate(head):
        end = [*columns.head, columns.groups[0]][column + 1]
        text(columns.head[column], canvas.shortened(words, end - columns.head[column] - 0.02, columns.size))
    for group, name in zip(columns.groups, measures):
        row = by_measure.get(name)
        if row is None:
            continue
        left, ours, ratio_at, word_at = (group + x for x in columns.inner)
        for x, key in ((left, "report"), (ours, "ours")):
            value = row[key]
            words = "?" if value is None and key == "report" else "–" if value is None else _FORMATS[name].format(value)
            text(x, words, canvas.GREY if value is None else "black")
        if row["verdict"]:
            colour = _COLOURS[str(row["verdict"])]
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}".replace("-", "−")
            text(ratio_at, ratio, colour)
            text(word_at if ratio else ratio_at, str(row["verdict"]), colour)
    layout.y -= _LINE
