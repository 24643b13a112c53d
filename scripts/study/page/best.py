"""Which codec is best: BD-rates with intervals as forest plots, and every codec against every other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from study.analysis import bd, head_to_head
from study.figures import palette
from study.figures.palette import Style
from study.page import colours, forest

OVER = "mean of images"
APART = 12.0  # between two labels of the axis, in percent of its width
STRONGEST = 70.0  # percent of rate, from which a cell of the matrix has its full colour


@dataclass(frozen=True)
class Line:
    """A codec's line: BD-rate in percent, its range of scores, BD-metric, images on which it saves; or why none."""

    label: str
    look: Mapping[str, object]
    mark: forest.Mark | None
    rate: float | str
    covered: str
    metric: str
    saved: str
    reason: str = ""


@dataclass(frozen=True)
class Ranking:
    """All codecs against one anchor at one metric, best first; `choice` are the values of selectors that show it."""

    caption: str
    choice: Mapping[str, str]
    verdict: str
    axis: forest.Axis
    metric: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Against:
    """A cell of the matrix: text, colour (`less` or `more` rate, its strength in percent) and what it tells."""

    text: str
    kind: str = ""
    strength: float = 0
    tooltip: str = ""
    undecided: bool = False


@dataclass(frozen=True)
class Matrix:
    """Every codec (row) against every other (column), the one that beats most others first."""

    caption: str
    choice: Mapping[str, str]
    labels: Sequence[str]
    rows: Sequence[tuple[str, str, Sequence[Against]]] = field(default_factory=list)


def rankings(rows: Sequence[Mapping[str, str]], known: Mapping[str, Style]) -> list[Ranking]:
    """For each image set, metric and anchor of bd.csv: the mean of the images' BD-rates, with intervals."""
    groups: dict[tuple[str, str, str], list[Mapping[str, str]]] = {}
    saving: dict[tuple[str, ...], list[bool]] = {}
    for row in rows:
        key = row["image_set"], row["metric"], row["anchor"]
        if row["method"] == bd.METHOD and row["over"] == OVER:
            groups.setdefault(key, []).append(row)
        elif row["method"] == bd.METHOD and row["over"] == "image" and row["bd_rate"]:
            saving.setdefault((*key, row["codec"]), []).append(float(row["bd_rate"]) < 0)
    return [_ranking(key, group, saving, known) for key, group in groups.items()]


def matrices(rows: Sequence[Mapping[str, str]], known: Mapping[str, Style], anchor: str) -> list[Matrix]:
    """For each image set and metric of head_to_head.csv the BD-rate of every codec against every other."""
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault((row["image_set"], row["metric"]), []).append(row)
    return [_matrix(key, group, known, anchor) for key, group in groups.items()]


def _ranking(
    key: tuple[str, str, str],
    rows: Sequence[Mapping[str, str]],
    saving: Mapping[tuple[str, ...], Sequence[bool]],
    known: Mapping[str, Style],
) -> Ranking:
    image_set, metric, anchor = key
    ends = [_number(row[name]) for row in rows for name in ("bd_rate", "bd_rate_lo", "bd_rate_hi")]
    on = forest.axis(ends, True, APART)
    lines = [
        _line(row, on, saving.get((*key, row["codec"]), ()), known[row["codec"]])
        for row in sorted(rows, key=lambda row: float(row["bd_rate"] or "inf"))
    ]
    zero = Line(
        known[anchor].label, colours.look(known[anchor]), forest.mark(on, 0, None, None, 1, " %"), 0, "", "", ""
    )
    index = next((i for i, line in enumerate(lines) if not isinstance(line.rate, float) or line.rate > 0), len(lines))
    n = rows[0]["n_images"]
    name = palette.short(metric)
    caption = (
        f"{image_set}, {name}: rate against {known[anchor].label} at equal score, mean of {n} images, "
        f"{100 * float(rows[0]['level'] or bd.LEVEL):g} % intervals over images"
    )
    choice = {"Image set": image_set, "Metric": name, "Anchor": known[anchor].label}
    return Ranking(
        caption, choice, _verdict(rows, known, anchor, name), on, name, [*lines[:index], zero, *lines[index:]]
    )


def _line(row: Mapping[str, str], on: forest.Axis, saves: Sequence[bool], style: Style) -> Line:
    look = colours.look(style)
    if not row["bd_rate"]:
        return Line(style.label, look, None, "", "", "", "", row["reason"])
    value, low, high = (_number(row[name]) for name in ("bd_rate", "bd_rate_lo", "bd_rate_hi"))
    gain, digits = _number(row["bd_metric"]), 2 if float(row["overlap_hi"]) > 1.5 else 4
    return Line(
        style.label,
        look,
        forest.mark(on, value, low, high, 1, " %"),
        value,
        f"{float(row['overlap_lo']):.{digits}f} to {float(row['overlap_hi']):.{digits}f}",
        "–" if gain is None else forest.signed(gain, 2),
        f"{sum(saves)} of {len(saves)}",
    )


def _verdict(rows: Sequence[Mapping[str, str]], known: Mapping[str, Style], anchor: str, metric: str) -> str:
    """The answer in a sentence: the codec with the lowest rate, and how many are surely below the anchor."""
    with_rate = sorted((row for row in rows if row["bd_rate"]), key=lambda row: float(row["bd_rate"]))
    if not with_rate:
        return f"No codec has a BD-rate against {known[anchor].label} at {metric}."
    first = with_rate[0]
    surely = sum(bool(row["bd_rate_hi"]) and float(row["bd_rate_hi"]) < 0 for row in with_rate)
    text = f"{forest.signed(float(first['bd_rate']), 1)} %"
    if first["bd_rate_lo"]:
        ends = (forest.signed(float(first[f"bd_rate_{end}"]), 1) for end in ("lo", "hi"))
        text += f" (interval {' to '.join(ends)})"
    name, least = known[first["codec"]].label, known[anchor].label
    if float(first["bd_rate"]) >= 0:
        return f"No codec needs less rate than {least} at {metric}; the nearest is {name}, {text}."
    return (
        f"{name} has the lowest BD-rate at {metric}: {text} against {least}. "
        f"The interval of {surely} of {len(rows)} codecs is wholly below 0."
    )


def _matrix(key: tuple[str, str], rows: Sequence[Mapping[str, str]], known: Mapping[str, Style], anchor: str) -> Matrix:
    image_set, metric = key
    pairs = {(row["codec"], row["anchor"]): row for row in rows}
    wins = {codec: 0 for codec in known if any(codec == one for one, _ in pairs)}
    for (codec, _), row in pairs.items():
        wins[codec] += bool(row["bd_rate"]) and float(row["bd_rate"]) < 0
    order = sorted(wins, key=lambda codec: -wins[codec])
    turned = head_to_head.reversed_pairs(rows, anchor)
    body = []
    for codec in order:
        cells = [_against(pairs.get((codec, other)), codec, other, known, (codec, other) in turned) for other in order]
        body.append((known[codec].label, f"{wins[codec]} of {len(order) - 1}", cells))
    caption = f"{image_set}, {palette.short(metric)}: rate of each row's codec against each column's, in %"
    choice = {"Image set": image_set, "Metric": palette.short(metric)}
    return Matrix(caption, choice, [known[codec].label for codec in order], body)


def _against(
    row: Mapping[str, str] | None, codec: str, other: str, known: Mapping[str, Style], turned: bool
) -> Against:
    if row is None:
        return Against("")
    who = f"{known[codec].label} against {known[other].label}"
    if not row["bd_rate"]:
        return Against("×", tooltip=f"{who}: no figure")
    rate = float(row["bd_rate"])
    text = f"{rate:+.0f}".replace("-", "−") if rate < 999.5 else ">999"
    tooltip = f"{who}: {forest.signed(rate, 1)} %"
    undecided = False
    if row["bd_rate_lo"]:
        low, high = float(row["bd_rate_lo"]), float(row["bd_rate_hi"])
        tooltip += f", interval {forest.signed(low, 1)} to {forest.signed(high, 1)}"
        undecided = low < 0 < high
    tooltip += "; ranked the other way by the anchor" if turned else ""
    strength = round(100 * min(abs(rate) / STRONGEST, 1))
    return Against(text, "less" if rate < 0 else "more", strength, tooltip, undecided)


def _number(text: str) -> float | None:
    return float(text) if text else None
