"""What the tables lack, told in notes under a figure: which codecs and points, and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from study.figures import palette
from study.figures.canvas import clipped
from study.figures.palette import Style

WHOLE_CELL = ("skipped", "refused", "failed")
_HEAD = re.compile(r"(\w+(?:, \w+)*): ")
_VARYING = re.compile(
    r"^\d+(?= of \d+ images)|(?<=, first )\S+(?= \()|(?<=overlap in )[\d.]+(?=%)|(?<=range of )\w+(?=,)"
)


def notes(
    rows: Sequence[Mapping[str, str]], codecs: Mapping[str, Style], metrics: Sequence[str], drawn: Collection[str]
) -> list[str]:
    """Notes on rows of rd.csv or means.csv that lack a rate or a metric: one for each reason.

    `drawn` are the codecs that the figure shows; those in `codecs` that are not are named first, with the reason.
    """
    with_rows = {row["codec"] for row in rows}
    absent = [codecs[name].label for name in codecs if name not in drawn and name not in with_rows]
    found = [f"Not shown: {', '.join(absent)} (the table has no row)."] if absent else []
    whole: dict[str, list[str]] = {}
    partly: dict[tuple[tuple[str, ...], str], dict[str, list[str]]] = {}
    valued = set()
    for row in rows:
        codec = row["codec"]
        lacking = [metric for metric in metrics if not (row["bpp"] and row[metric])]
        valued |= {(codec, metric) for metric in metrics if metric not in lacking}
        if codec not in drawn:
            whole.setdefault(codec, []).extend(why(row["reason"], metric) for metric in lacking[:1])
            continue
        told: dict[str, list[str]] = {}
        for metric in lacking:
            told.setdefault(why(row["reason"], metric), []).append(metric)
        for reason, names in told.items():
            partly.setdefault((tuple(names), reason), {}).setdefault(codec, []).append(row["quality"])
    found += _absent(whole, codecs)
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
        found.append(f"Missing{what}: {where} ({clipped(reason)}).")
    return found


def why(reason: str, column: str) -> str:
    """What a row's `reason` says of one column: the reason of the whole cell, or that of this column alone."""
    parts = _parts(reason)
    for head, part in parts:
        if head in WHOLE_CELL:
            return part
    for head, part in parts:
        if column in head.split(", "):
            return part.removeprefix(f"{head}: ")
    return reason or "no reason is given"


def qualities(names: Iterable[str]) -> str:
    """Qualities in running text: `quality 5`, `qualities 5, 10`."""
    names = list(dict.fromkeys(names))
    return f"{'quality' if len(names) == 1 else 'qualities'} {', '.join(names)}"


def merged(reasons: Iterable[str]) -> dict[str, str]:
    """Each reason and a text for it; reasons that differ in a number or name only have one text with all of them."""
    alike: dict[str, list[str]] = {}
    for reason in dict.fromkeys(reasons):
        alike.setdefault(_VARYING.sub("\0", reason), []).append(reason)
    found = {}
    for frame, members in alike.items():
        slots = iter(zip(*(_VARYING.findall(reason) for reason in members)))
        text = re.sub("\0", lambda _: _range(next(slots)), frame)  # noqa: B023
        found |= dict.fromkeys(members, text)
    return found


def cut(reason: str) -> list[str]:
    """The parts of a reason, cut at `; ` outside of brackets."""
    found = []
    depth = start = 0
    for place, character in enumerate(reason):
        depth = max(depth + (character == "(") - (character == ")"), 0)
        if depth == 0 and reason.startswith("; ", place):
            found.append(reason[start:place])
            start = place + 2
    return [*found, reason[start:]]


def _range(values: Iterable[str]) -> str:
    values = list(dict.fromkeys(values))
    if len(values) == 1:
        return values[0]
    try:
        values.sort(key=float)
    except ValueError:
        return f"{', '.join(values[:3])}, …" if len(values) > 4 else f"{', '.join(values[:-1])} or {values[-1]}"
    return f"{values[0]} to {values[-1]}"


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


def _parts(reason: str) -> list[tuple[str, str]]:
    """A reason's parts with their heads (`failed`, or the columns that it is about), cut at `; ` outside of brackets.

    What has no head goes on with the part before it.
    """
    found: list[tuple[str, str]] = []
    for part in cut(reason):
        match = _HEAD.match(part)
        if match or not found:
            found.append((match[1] if match else "", part))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]}; {part}")
    return found
