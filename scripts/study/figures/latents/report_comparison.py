"""The table of the 2021 report's edits beside our own: rate and quality, and how our changes compare with its."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.analysis import report2021
from study.figures import canvas, palette

_LINE = 0.15
_GROUPS = {"bpp": "Rate (bpp)", "psnr": "PSNR (dB)", "ms_ssim": "MS-SSIM"}
_FORMATS = {"bpp": "{:.3f}", "psnr": "{:.2f}", "ms_ssim": "{:.4f}"}
_COLUMNS = (0.06, 0.3, 1.46, 2.06)
_GROUP, _OURS, _RATIO, _WORD = 1.65, 0.42, 0.84, 1.14
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
    with canvas.looks():
        text = canvas.note_lines(remarks)
        table = (len(lines) + 2) * _LINE + 0.1
        layout = canvas.start(
            2 * canvas.MARGIN + canvas.title_height(title) + 0.08 + table + canvas.LINE * len(text), title
        )
        layout.y -= 0.08
        _head(layout, measures)
        before = next(iter(lines))[0]
        for line, ((number, edit, policy), by_measure) in enumerate(lines.items()):
            if number != before:
                _rule(layout, 0.3)
            head = [str(number), str(edit)] if number != before or line == 0 else ["", ""]
            _row(layout, head, str(policy or "–"), by_measure, measures)
            before = number
        _rule(layout, 0.8)
        layout.y -= 0.08
        canvas.notes(layout, text)
        return layout.figure


def _head(layout: canvas.Layout, measures: Sequence[str]) -> None:
    for column, name in enumerate(measures):
        canvas.text(layout, _COLUMNS[3] + column * _GROUP, layout.y, _GROUPS[name], canvas.TEXT)
    layout.y -= _LINE
    for x, words in zip(_COLUMNS, ("Fig.", "Edit", "z")):
        canvas.text(layout, x, layout.y, words, canvas.TEXT)
    for column in range(len(measures)):
        for x, words in ((0.0, "report"), (_OURS, "ours"), (_RATIO, "ratio")):
            canvas.text(layout, _COLUMNS[3] + column * _GROUP + x, layout.y, words, canvas.SMALL, canvas.GREY)
    layout.y -= _LINE
    _rule(layout, 0.8)


def _rule(layout: canvas.Layout, width: float) -> None:
    ends = [canvas.MARGIN, canvas.WIDTH - canvas.MARGIN]
    y = [layout.y + 0.02] * 2
    line = Line2D(ends, y, color="black" if width > 0.5 else "#cccccc", linewidth=width)
    line.set_transform(layout.figure.dpi_scale_trans)
    layout.figure.add_artist(line)


def _row(
    layout: canvas.Layout,
    head: Sequence[str],
    policy: str,
    by_measure: Mapping[str, Mapping[str, object]],
    measures: Sequence[str],
) -> None:
    for x, words in zip(_COLUMNS, (*head, policy)):
        canvas.text(layout, x, layout.y, canvas.shortened(words, 1.12))
    for column, name in enumerate(measures):
        row = by_measure.get(name)
        if row is None:
            continue
        x = _COLUMNS[3] + column * _GROUP
        for left, key in ((0.0, "report"), (_OURS, "ours")):
            value = row[key]
            words = "?" if value is None and key == "report" else "–" if value is None else _FORMATS[name].format(value)
            canvas.text(layout, x + left, layout.y, words, colour=canvas.GREY if value is None else "black")
        if row["verdict"]:
            colour = _COLOURS[str(row["verdict"])]
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}".replace("-", "−")
            canvas.text(layout, x + _RATIO, layout.y, ratio, colour=colour)
            offset = _WORD if ratio else _RATIO
            canvas.text(layout, x + offset, layout.y, str(row["verdict"]), colour=colour)
    layout.y -= _LINE
