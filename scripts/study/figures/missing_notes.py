"""What the tables lack, told in notes under a figure: which codecs and points, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from study.core import outcome
from study.figures import palette
from study.figures.canvas import clipped
from study.figures.palette import Style


def notes(
    rows: Sequence[Mapping[str, str]], codecs: Mapping[str, Style], metrics: Sequence[str], drawn: Collection[str]
) -> list[str]:
    """Notes on rows of rd.csv or means.csv that lack a rate or a metric: one for each reason.

    `drawn` are the codecs that the figure shows; those in `codecs` that are not are named first, with the reason.
    """
    with_rows = {row["codec"] for row in rows}
    absent = [codecs[name].label for name in codecs if name not in drawn and name not in with_rows]
    lines = [f"Not shown: {', '.join(absent)} (the table has no row)."] if absent else []
    whole: dict[str, list[str]] = {}
    partly: dict[tuple[tuple[str, ...], str], dict[str, list[str]]] = {}
    valued = set()
    for row in rows:
        codec = row["codec"]
        lacking = [metric for metric in metrics if not (row["bpp"] and row[metric])]
        valued |= {(codec, metric) for metric in metrics if metric not in lacking}
        if codec not in drawn:
            whole.setdefault(codec, []).extend(outcome.why(row, metric) for metric in lacking[:1])
            continue
        by_reason: dict[str, list[str]] = {}
        for metric in lacking:
            by_reason.setdefault(outcome.why(row, metric), []).append(metric)
        for reason, names in by_reason.items():
            partly.setdefault((tuple(names), reason), {}).setdefault(codec, []).append(row["quality"])
    lines += _absent(whole, codecs)
    for (names, reason), cells in partly.items():
        what = "" if len(names) == len(metrics) else f" {', '.join(palette.short(name) for name in names)}"
        without = {codec for codec in cells if not any((codec, name) in valued for name in names)}
        if len(cells) > 1 and without == set(drawn) & with_rows:
            where = "every codec"
        else:
            where = "; ".join(
                codecs[codec].label + ("" if codec in without else f" at {qualities(cell)}")
                for codec, cell in cells.items()
            )
        lines.append(f"Missing{what}: {where} ({clipped(reason)}).")
    return lines


def qualities(names: Iterable[str]) -> str:
    """Qualities in running text: `quality 5`, `qualities 5, 10`."""
    names = list(dict.fromkeys(names))
    return f"{'quality' if len(names) == 1 else 'qualities'} {', '.join(names)}"


def _absent(whole: Mapping[str, Sequence[str]], codecs: Mapping[str, Style]) -> list[str]:
    """A note for each reason; a codec with several has the first, and a count of the others."""
    by_reason: dict[str, list[str]] = {}
    for codec, reasons in whole.items():
        if not reasons:
            continue
        others = len(set(reasons)) - 1
        more = f"; and {others} other reason{'s' * (others > 1)}" if others else ""
        by_reason.setdefault(clipped(reasons[0]) + more, []).append(codecs[codec].label)
    return [f"Not shown: {', '.join(labels)} ({reason})." for reason, labels in by_reason.items()]
