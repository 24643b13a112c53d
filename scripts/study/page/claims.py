"""The cards of a study's claims: sentence, verdicts, why, and each comparison with its interval as a forest plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from study.analysis import claim_pairs, claim_verdicts
from study.figures import palette
from study.figures.palette import Style
from study.metrics import registry
from study.page import colours, forest

SHOWN = 8  # comparisons of a part that are shown without a click
COLUMNS = {
    "claims": (
        "claim", "verdict", "data", "image_set", "weights", "holds", "fails", "undecided", "not_tested", "reason",
    ),
    "claims_comparisons": (
        "claim", "image_set", "better", "than", "metric", "difference", "lo", "hi", "unit", "p_holm", "agree",
        "n_images", "verdict", "reason",
    ),
    "claims_edits": (
        "claim", "data", "image_set", "codec", "edit", "metric", "claimed", "change", "lo", "hi", "p_holm", "n_images",
        "verdict", "reason",
    ),
}  # fmt: skip
_VERBS = {"holds": "hold", "fails": "fail", "undecided": "are undecided", "not tested": "are not tested"}
_VERB = {"holds": "holds", "fails": "fails", "undecided": "is undecided", "not tested": "is not tested"}


@dataclass(frozen=True)
class Pair:
    """One comparison: its name, the colours of what is claimed to be better, its place, verdict, why, p-value."""

    name: str
    look: Mapping[str, object] | None
    mark: forest.Mark | None
    verdict: str
    reason: str
    p: float | None


@dataclass(frozen=True)
class Part:
    """The comparisons of one part of a claim, on one axis; `side` is where the claim has them, from `margin` on."""

    title: str
    about: str
    axis: forest.Axis
    side: str
    margin: float
    pairs: Sequence[Pair]
    more: Sequence[Pair]


@dataclass(frozen=True)
class Verdict:
    """What came of a claim on an image set (`about`), in words, and the plots."""

    about: str
    verdict: str
    reasons: Sequence[str]
    parts: Sequence[Part]


@dataclass(frozen=True)
class Card:
    """One claim with all that was found of it; `verdict` is that of all tests of it, `mixed` where they differ."""

    claim: str
    text: str
    source: str
    departure: str
    verdict: str
    verdicts: Sequence[Verdict]


def cards(
    claims: Sequence[Mapping[str, str]],
    comparisons: Sequence[Mapping[str, str]],
    changes: Sequence[Mapping[str, str]],
    known: Mapping[str, Style],
) -> list[Card]:
    """The cards from the rows of claims.csv, claims_comparisons.csv and claims_edits.csv; `known` the codecs' looks.

    Claims that the study can't test stand last.
    """
    known = {**known, **_of_trainings(comparisons, known)}
    named: dict[str, list[Mapping[str, str]]] = {}
    for row in claims:
        named.setdefault(row["claim"], []).append(row)
    made = []
    for claim, rows in named.items():
        verdicts = [_verdict(row, comparisons, changes, known) for row in rows]
        own = {one.verdict for one in verdicts}
        tested = own - {"not tested"} or own
        first = rows[0]
        verdict = next(iter(tested)) if len(tested) == 1 else "mixed"
        made.append(Card(claim, first["text"], first["source"], first["departure"], verdict, verdicts))
    return sorted(made, key=lambda card: card.verdict == "not tested")


def _of_trainings(comparisons: Sequence[Mapping[str, str]], known: Mapping[str, Style]) -> dict[str, Style]:
    """The looks of the names with `{seed}`: that of the first training, with what all their labels begin with."""
    looks = {}
    for name in {row[side] for row in comparisons for side in ("better", "than") if claim_pairs.SEED in row[side]}:
        trainings = [known[codec] for codec in claim_pairs.seeds(name, known).values()]
        alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*(look.label for look in trainings)))
        shared = "".join(letters[0] for letters in alike).rstrip(" ,(").removesuffix("seed").rstrip(" ,(")
        looks[name] = replace(trainings[0], label=shared or name)
    return looks


def counted(cards: Sequence[Card]) -> list[tuple[str, int]]:
    """How many claims have each verdict, those that none has left out."""
    count = Counter(card.verdict for card in cards)
    return [(verdict, count[verdict]) for verdict in (*claim_verdicts.VERDICTS, "mixed") if count[verdict]]


def _verdict(
    row: Mapping[str, str],
    comparisons: Sequence[Mapping[str, str]],
    changes: Sequence[Mapping[str, str]],
    known: Mapping[str, Style],
) -> Verdict:
    keys = ("claim", "image_set", "weights")
    own = [one for one in comparisons if all(one[key] == row[key] for key in keys)]
    edited = [one for one in changes if all(one[key] == row[key] for key in (*keys, "data"))]
    parts = [_compared(group, known) for group in _grouped(own)] + [
        _changed(group, known) for group in _grouped(edited)
    ]
    reasons = [_reason(part) for part in parts] or [row["reason"]]
    if row["data"] == "report":
        about = "in the report's own table"
    else:
        about = ", ".join(filter(None, (row["image_set"], row["weights"] and f"{row['weights']} weights")))
    return Verdict(about, row["verdict"], [one for one in reasons if one], parts)


def _grouped(rows: Sequence[Mapping[str, str]]) -> list[list[Mapping[str, str]]]:
    parts: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        parts.setdefault(row["part"], []).append(row)
    return list(parts.values())


def _compared(rows: Sequence[Mapping[str, str]], known: Mapping[str, Style]) -> Part:
    """The part of a claim that compares codecs."""
    first = rows[0]
    ratio, metric = first["by"] == "bd_rate", first["metric"]
    better = -1 if ratio or not registry.entry(metric).higher_is_better else 1
    unit = "" if first["unit"] in ("", "1") else f" {first['unit']}"
    on, digits = _axis(rows, "difference", ratio)
    kinds = {"bd_rate": "BD-rate at {}", "bd_metric": "BD-{}", "points": "{}, difference at the points"}
    title = kinds[first["by"]].format(palette.short(metric)) + (f" in{unit}" if unit else "")
    if trainings := max(row["n_seeds"] for row in rows):
        title += f", means of {trainings} trainings"
    than, ahead = ({row[side] for row in rows} for side in ("than", "better"))
    who = ""
    if len(than) == 1:
        who = f", against {known[first['than']].label}"
    elif len(ahead) == 1:
        who = f", {known[first['better']].label} against others"
    named = {
        row["better"] + row["than"]: known[row["better"]].label
        if len(than) == 1
        else known[row["than"]].label
        if len(ahead) == 1
        else f"{known[row['better']].label} against {known[row['than']].label}"
        for row in rows
    }
    pairs = [
        Pair(
            named[row["better"] + row["than"]],
            colours.look(known[row["than"] if len(ahead) == 1 < len(than) else row["better"]]),
            _mark(on, row, "difference", digits),
            row["verdict"],
            row["reason"],
            _number(row["p_holm"]),
        )
        for row in rows
    ]
    margin = on.at(better * float(first["margin"] or 0))
    return _part(title + who, palette.short(metric) + who, on, better, margin, pairs)


def _changed(rows: Sequence[Mapping[str, str]], known: Mapping[str, Style]) -> Part:
    """The part of a claim that says what edits of latents change."""
    first = rows[0]
    on, digits = _axis(rows, "change", False)
    metric = first["metric"]
    reported = first["data"] == "report"
    name = {"psnr": "PSNR", "ms_ssim": "MS-SSIM"}.get(metric, metric) if reported else _name(metric)
    codecs = {(row["codec"], row["quality"], row["side_information"]) for row in rows}
    pairs = []
    for row in rows:
        text = row["edit"].replace("-", " ")
        if len(codecs) > 1:
            text += f" ({known[row['codec']].label}, quality {row['quality']})"
        look = colours.look(known[row["codec"]]) if row["codec"] in known else None
        pairs.append(
            Pair(text, look, _mark(on, row, "change", digits), row["verdict"], row["reason"], _number(row["p_holm"]))
        )
    claimed = 1 if first["claimed"] == claim_pairs.RISES else -1
    return _part(f"Change of {name}, claimed: {first['claimed']}", name, on, claimed, on.at(0), pairs)


def _name(metric: str) -> str:
    return palette.short(metric) if metric in registry.REGISTRY else metric


def _part(title: str, about: str, on: forest.Axis, better: int, margin: float, pairs: Sequence[Pair]) -> Part:
    ordered = sorted(pairs, key=lambda pair: -better * pair.mark.at if pair.mark else 1000)
    shown = SHOWN if len(ordered) > SHOWN + 2 else len(ordered)
    return Part(title, about, on, "right" if better > 0 else "left", margin, ordered[:shown], ordered[shown:])


def _axis(rows: Sequence[Mapping[str, str]], column: str, ratio: bool) -> tuple[forest.Axis, int]:
    values = [_number(row[name]) for row in rows for name in (column, "lo", "hi")]
    return forest.axis(values, ratio), 1 if ratio else forest.digits_of([_number(row[column]) for row in rows])


def _mark(on: forest.Axis, row: Mapping[str, str], column: str, digits: int) -> forest.Mark | None:
    value = _number(row[column])
    return None if value is None else forest.mark(on, value, _number(row["lo"]), _number(row["hi"]), digits, "")


def _reason(part: Part) -> str:
    """How many comparisons of a part hold, and why those don't that have no figure or no verdict."""
    pairs = [*part.pairs, *part.more]
    count = Counter(pair.verdict for pair in pairs)
    if len(pairs) == 1:
        summary = f"the only comparison {_VERB[pairs[0].verdict]}"
    elif len(count) == 1:
        summary = f"all {len(pairs)} comparisons {_VERBS[pairs[0].verdict]}"
    else:
        said = [
            f"{count[one]} {(_VERB if count[one] == 1 else _VERBS)[one]}"
            for one in claim_verdicts.VERDICTS
            if count[one]
        ]
        summary = f"of {len(pairs)} comparisons {', '.join(said[:-1])} and {said[-1]}"
    return f"{part.about}: {summary}{_why(pairs)}."


def _why(pairs: Sequence[Pair]) -> str:
    """What keeps comparisons from a verdict, in brackets; nothing where their reasons have nothing in common."""
    open_ones = [pair for pair in pairs if pair.verdict in ("undecided", "not tested") and pair.reason]
    reasons = list(dict.fromkeys(pair.reason for pair in open_ones))
    if len(reasons) == 1:
        return f" ({reasons[0]})"
    chances = [pair.p for pair in open_ones if pair.p is not None and pair.reason.startswith("p = ")]
    if chances and len(chances) == len(open_ones):
        return f" (p from {min(chances):.2g} to {max(chances):.2g} after Holm's correction)"
    return ""


def _number(text: str) -> float | None:
    return float(text) if text else None
