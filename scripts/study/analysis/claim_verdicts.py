"""The tables of a study's claims: every comparison with its figure and interval, and the verdicts.

A comparison is between the mean curves of two codecs over an image set (rates and scores averaged over the images at
each quality, as papers print them), by one of three figures of `better` against `than`:

- `bd_rate`: BD-rate over a range of scores, in percent; below 0 is better;
- `bd_metric`: BD-metric over a range of rates, in units of the metric's scale; above 0 is better, below 0 for a metric
  of which less is better;
- `points`: the mean difference in score at the points of the curve that has fewer, the other interpolated (PCHIP) over
  log rate; its sign is as that of `bd_metric`. It serves curves of fewer points than a BD figure needs.

A margin counts in the better direction of the metric.

The interval is a percentile bootstrap interval over the images; all comparisons share the resamples (paired). A
comparison `holds` if the whole interval is on the better side of the margin, `fails` if the whole interval is not, and
is `undecided` if the margin lies inside it, or if there is no interval. It is `not tested` if there is no figure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from study.analysis import bd, bd_table, refusals
from study.metrics.registry import REGISTRY

COMPARISON_COLUMNS = (
    "claim", "image_set", "part", "better", "than", "weights", "metric", "scale", "by",
    "range_lo", "range_hi", "share", "difference", "lo", "hi", "unit", "level", "margin",
    "n_images", "agree", "verdict", "reason", "note",
)  # fmt: skip
CLAIM_COLUMNS = (
    "claim", "text", "source", "image_set", "weights", "verdict",
    "comparisons", "holds", "fails", "undecided", "not_tested", "n_images", "reason", "note",
)  # fmt: skip
VERDICTS = ("holds", "fails", "undecided", "not tested")
METHOD = "pchip"
FEW = 8


def tables(rows: Iterable[Mapping[str, object]], plan: Mapping) -> tuple[list[dict], list[dict]]:
    """The rows of claims.csv and of claims_comparisons.csv from those of rd.csv.

    `plan` has `claims` (each with `claim`, `text`, `source`, its `parts` as `study.claims.parts` gives them, and
    `problems`: why it can't be tested in this study), `weights` (by codec, see `study.claims.weights_kind`) and the
    `options` `min_overlap`, `resamples` and `seed`. Verdicts are given for each image set, and apart for comparisons of
    bundled, published and trained weights.
    Raises StudyError for rows that lack what the plan names.
    """
    rows = list(rows)
    sets: dict[str, list[Mapping]] = {}
    for row in rows:
        sets.setdefault(str(row["image_set"]), []).append(row)
    verdicts, comparisons = [], []
    for image_set, part in sets.items():
        compare = _comparer(part, plan)
        for claim in plan["claims"]:
            found = [] if claim["problems"] else list(_comparisons(claim, plan["weights"], compare))
            found = [row | {"claim": claim["claim"], "image_set": image_set} for row in found]
            comparisons += found
            verdicts += [row | {"image_set": image_set} for row in _verdicts(claim, found)]
    return verdicts, comparisons


def need_met(verdicts: Sequence[str], need: str | float) -> str:
    """The verdict on comparisons of which `all`, `any` or a share must hold.

    It is `holds` or `fails` only if no verdict on those that are undecided or not tested could change it.
    """
    wanted = {"all": len(verdicts), "any": 1}.get(need) or math.ceil(float(need) * len(verdicts) - 1e-9)
    count = Counter(verdicts)
    if count["holds"] >= wanted:
        return "holds"
    if len(verdicts) - count["fails"] < wanted:
        return "fails"
    return "not tested" if count["not tested"] == len(verdicts) else "undecided"


def all_of(verdicts: Sequence[str]) -> str:
    """The verdict on a claim all of whose parts must hold."""
    if "fails" in verdicts:
        return "fails"
    if set(verdicts) == {"not tested"}:
        return "not tested"
    return "holds" if set(verdicts) == {"holds"} else "undecided"


def _comparisons(claim: Mapping, weights: Mapping[str, str], compare: Callable) -> Iterable[dict]:
    for number, part in enumerate(claim["parts"], start=1):
        for better, than in part["pairs"]:
            kinds = dict.fromkeys(weights[codec] for codec in (better, than) if weights[codec])
            named = {"part": number, "better": better, "than": than, "weights": " and ".join(sorted(kinds))}
            yield compare(part, better, than) | named


def _comparer(rows: Sequence[Mapping], plan: Mapping) -> Callable[[Mapping, str, str], dict]:
    """A function that compares two codecs of one image set; it keeps curves, which several comparisons need."""
    by_codec: dict[str, list[Mapping]] = {}
    for row in rows:
        by_codec.setdefault(str(row["codec"]), []).append(row)
    images = list(dict.fromkeys(str(row["image"]) for row in rows))
    chosen = plan["options"]
    shares = bd.resampling(len(images), chosen["resamples"], chosen["seed"]) if len(images) > 1 else None
    sides: dict[tuple[str, str], bd_table.Side] = {}

    def side(codec: str, metric: str) -> bd_table.Side:
        if (codec, metric) not in sides:
            options = bd_table.Options(codec, [metric], **chosen)
            part = by_codec.get(codec, [])
            bd_table.check(part or rows, options)
            sides[codec, metric] = bd_table.side(codec, part, images, metric, shares, options)
        return sides[codec, metric]

    def compare(part: Mapping, better: str, than: str) -> dict:
        metric = part["metric"]
        return _compare(part, side(than, metric), side(better, metric), len(images), chosen["min_overlap"])

    return compare


def _compare(part: Mapping, anchor: bd_table.Side, test: bd_table.Side, n: int, min_overlap: float) -> dict:
    metric, by = part["metric"], part["by"]
    scale, sign = bd.scale_of(metric), bd.sign_of(metric)
    within = part["within"] and tuple(map(float, part["within"]))
    if within and by == "bd_rate":
        within = tuple(sorted(float(end) for end in sign * bd.on_scale(np.array(within), scale)))
    figure, unit = _FIGURES[by], "%" if by == "bd_rate" else "dB" if scale == "db" else REGISTRY[metric].unit
    values, low, high, share = (float(found[0]) for found in figure(anchor.mean, test.mean, within, min_overlap))
    row = {"metric": metric, "scale": scale, "by": by, "margin": part["margin"], "unit": unit, "n_images": n}
    row |= {"note": bd.joined([_left_out(side) for side in (anchor, test)]), "reason": "", "share": share}
    if share > 0:
        ends = bd.ends_of_range(low, high, scale, sign) if by == "bd_rate" else (low, high)
        row |= {"range_lo": ends[0], "range_hi": ends[1]}
    if math.isnan(values):
        return row | {"verdict": "not tested", "reason": _why_none(by, anchor, test, within, share, min_overlap)}
    towards, shown = (-1, 1) if by == "bd_rate" else (1, sign)  # to what is better, and to what is printed
    per_image = figure(anchor.images, test.images, within, min_overlap)[0]
    row |= {"difference": shown * values, "agree": int((towards * per_image > part["margin"]).sum())}
    if anchor.resampled is None or test.resampled is None:
        return row | {"verdict": "undecided", "reason": "no interval: one image"}
    samples = figure(anchor.resampled, test.resampled, within, min_overlap)[0]
    if (lost := int(np.isnan(samples).sum())) > bd_table.MAX_LOST * len(samples):
        return row | {"verdict": "undecided", "reason": f"no interval: {lost} of {len(samples)} resamples are refused"}
    low, high = bd.interval(samples, bd_table.Options.level)
    worst, best = sorted((towards * low, towards * high))
    verdict = "holds" if worst > part["margin"] else "fails" if best < part["margin"] else "undecided"
    reason = "the interval contains the margin" if verdict == "undecided" else ""
    low, high = sorted((shown * low, shown * high))
    return row | {"lo": low, "hi": high, "level": bd_table.Options.level, "verdict": verdict, "reason": reason}


def _bd_rate(anchor: bd.Curves, test: bd.Curves, within: tuple | None, min_overlap: float) -> tuple[np.ndarray, ...]:
    values = bd.bd_rates(anchor, test, METHOD, min_overlap, within)
    return values, *bd.overlap(anchor, test, "score", within)


def _bd_metric(anchor: bd.Curves, test: bd.Curves, within: tuple | None, min_overlap: float) -> tuple[np.ndarray, ...]:
    values = bd.bd_metrics(anchor, test, METHOD, min_overlap, within)
    return values, *bd.overlap(anchor, test, "rate", within)


def _points(anchor: bd.Curves, test: bd.Curves, within: tuple | None, min_overlap: float) -> tuple[np.ndarray, ...]:
    """Figures, ends of the rates and shares of the points that were compared, each [R]."""
    few, many, towards = (anchor, test, 1) if anchor.finite.sum() <= test.finite.sum() else (test, anchor, -1)
    inside = few.finite & (True if within is None else (few.rate >= within[0]) & (few.rate <= within[1]))
    at = bd.scores_at(many, few.rate, METHOD)
    taken = inside & np.isfinite(at)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = taken.sum(axis=1) / inside.sum(axis=1)
        gaps = np.where(taken, towards * (at - few.score), 0).sum(axis=1) / taken.sum(axis=1)
    share = np.nan_to_num(share)
    low = np.where(taken, few.rate, np.inf).min(axis=1, initial=np.inf)
    high = np.where(taken, few.rate, -np.inf).max(axis=1, initial=-np.inf)
    return np.where((share > 0) & (share >= min_overlap), gaps, np.nan), low, high, share


_FIGURES = {"bd_rate": _bd_rate, "bd_metric": _bd_metric, "points": _points}


def _why_none(
    by: str, anchor: bd_table.Side, test: bd_table.Side, within: tuple | None, share: float, min_overlap: float
) -> str:
    """Why there is no figure: a curve that can't be compared, or too little in common."""
    unusable = [side for side in (test, anchor) if bd.refusal(side.mean)]
    if by == "points" and len(unusable) < 2 and all(side.mean.finite.any() for side in (test, anchor)):
        unusable = []
    if unusable:
        return refusals.text(filter(None, (bd_table.refusal(side, side.mean, 0) for side in unusable)))
    what = "points of the shorter curve lie in the other's range" if by == "points" else "the curves overlap in it"
    of = "the stated range" if within and by != "points" else "the narrower range"
    told = f"{share:.0%} of the {what}" if by == "points" else f"the curves have {share:.0%} of {of} in common"
    return f"{told}, at least {min_overlap:.0%} is needed"


def _left_out(side: bd_table.Side) -> str:
    told = bd.left_out(side.mean)
    return f"{side.codec}: {told}" if told else ""


def _verdicts(claim: Mapping, comparisons: Sequence[Mapping]) -> list[dict]:
    """A row for each kind of weights that the comparisons speak of; one row for a claim that can't be tested."""
    same = {name: claim[name] for name in ("claim", "text", "source")}
    if not comparisons:
        return [same | {"verdict": "not tested", "comparisons": 0, "reason": "; ".join(claim["problems"])}]
    kinds: dict[str, list[Mapping]] = {}
    for row in comparisons:
        kinds.setdefault(row["weights"], []).append(row)
    return [same | {"weights": kind} | _verdict(claim["parts"], rows) for kind, rows in kinds.items()]


def _verdict(parts: Sequence[Mapping], rows: Sequence[Mapping]) -> dict:
    by_part: dict[int, list[Mapping]] = {}
    for row in rows:
        by_part.setdefault(row["part"], []).append(row)
    decided, reasons, notes = [], [], []
    for number, part in enumerate(parts, start=1):
        mine = by_part.get(number, [])
        if not mine:
            notes.append(f"no such codecs for part {number}")
            continue
        verdict = need_met([row["verdict"] for row in mine], part["need"])
        decided.append(verdict)
        if verdict != "holds":
            reasons.append(f"part {number}, {part['metric']}: {_told(verdict, mine)}")
    count = Counter(row["verdict"] for row in rows)
    n = rows[0]["n_images"]
    if n < FEW and count["holds"] + count["fails"]:
        notes.append(f"{n} images: the intervals are narrower than their level says")
    return {
        "verdict": all_of(decided),
        "comparisons": len(rows),
        **{verdict.replace(" ", "_"): count[verdict] for verdict in VERDICTS},
        "n_images": n,
        "reason": "; ".join(reasons),
        "note": "; ".join(notes),
    }


def _told(verdict: str, rows: Sequence[Mapping]) -> str:
    """A part's verdict with the first comparison that made it so."""
    others = [row for row in rows if row["verdict"] == verdict] or [row for row in rows if row["verdict"] != "holds"]
    first = others[0]
    why = f" ({first['reason']})" if first["reason"] else ""
    return f"{verdict}: {len(others)} of {len(rows)}, first {first['better']} against {first['than']}{why}"
