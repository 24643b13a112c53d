"""BD-rates as LaTeX tables (booktabs): one for each image set and anchor, codecs by metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from study.analysis import bd as bd_figures
from study.figures import palette

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def tables(bd: Sequence[Mapping[str, str]], labels: Mapping[str, str]) -> str:
    """The tables of a study from the rows of bd.csv; needs `\\usepackage{booktabs}`.

    Figures are means over the images of the images' BD-rates, PCHIP interpolation. A refused cell is a dash, with its
    reason in a comment. `labels` gives the codecs' names.
    """
    chosen = [row for row in bd if (row["over"], row["method"]) == (bd_figures.OVER, bd_figures.METHOD)]
    parts: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in chosen:
        parts.setdefault((row["image_set"], row["anchor"]), []).append(row)
    return "\n".join(_table(rows, image_set, labels) for (image_set, _), rows in parts.items())


def escaped(text: str) -> str:
    """Text as LaTeX shows it."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def _table(rows: Sequence[Mapping[str, str]], image_set: str, labels: Mapping[str, str]) -> str:
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    cells = {(row["codec"], row["metric"]): row for row in rows}
    first = rows[0]
    caption = (
        f"BD-rate in percent against {labels[first['anchor']]} on {image_set} ({first['n_images']} images), "
        f"the mean of the images' figures (PCHIP); in brackets Student's 95 % interval over the images. "
        "Negative is better."
    )
    lines = [
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{escaped(caption)}}}",
        f"\\begin{{tabular}}{{l{'rl' * len(metrics)}}}",
        "\\toprule",
        " & ".join(["Codec", *(f"\\multicolumn{{2}}{{c}}{{{escaped(palette.short(name))}}}" for name in metrics)])
        + " \\\\",
        "\\midrule",
    ]
    for codec in dict.fromkeys(row["codec"] for row in rows):
        lines.append(" & ".join([escaped(labels[codec]), *(_cell(cells[codec, name]) for name in metrics)]) + " \\\\")
    lines += ["\\bottomrule", "\\end{tabular}", "\\end{table}"]
    refused = [row for row in rows if not row["bd_rate"]]
    lines += [f"% {row['codec']}, {row['metric']}: {' '.join(row['reason'].split())}" for row in refused]
    return "\n".join(lines) + "\n"


def _cell(row: Mapping[str, str]) -> str:
    if not row["bd_rate"]:
        return "-- &"
    ends = [row["bd_rate_lo"], row["bd_rate_hi"]]
    interval = f"[{', '.join(_signed(end) for end in ends)}]" if all(ends) else ""
    return f"{_signed(row['bd_rate'])} & {interval}".rstrip()


def _signed(number: str) -> str:
    return f"${float(number):+.1f}$"
