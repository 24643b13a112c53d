"""The tables of a study's claims: every comparison with its figure and interval, and the verdicts.

A comparison of two codecs over an image set is the mean over its images of one of three figures of `better` against
`than`, each from the two codecs' curves for one image:

- `bd_rate`: BD-rate over a range of scores, in percent; below 0 is better;
- `bd_metric`: BD-metric over a range of rates, in units of the metric's scale; above 0 is better, below 0 for a metric
  of which less is better;
- `points`: the mean difference in score at the points of the curve that has fewer (of equal ones, of that of which more
  lie in the other's range), the other interpolated (PCHIP) over log rate; its sign is as that of `bd_metric`. It serves
  curves of fewer points than a BD figure needs; between two points a curve is a straight line.

A margin counts in the better direction of the metric.

The interval is Student's over the images. Where `{seed}` stands in the ids, the figure is the mean over the trainings,
too, and the interval and the test hold the chance of a training beside that of the images (`crossed`). `p` is the
two-sided p-value of the test that the mean is the margin, `p_holm` the same adjusted for all comparisons of the claim
on the image set (Holm). A comparison `holds` if `p_holm` is at most 1 - `bd.LEVEL` and the mean is on the better side
of the margin, `fails` if it is on the other side, and is `undecided` otherwise, and with fewer than `FEW` images, whose
spread says too little. It is `not tested` if an image has no figure. `effect` is the mean's distance from the margin in
standard deviations of the images (Cohen's d of paired differences), above 0 if `better` is. `sd_seeds` is the standard
deviation among the trainings of the mean over the images.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from study.analysis import bd, bd_table, claim_training, crossed, refusals
from study.analysis.claim_pairs import ClaimPlan, ClaimTest, Part
from study.analysis.claim_training import Trained
from study.metrics.registry import REGISTRY

COMPARISON_COLUMNS = (
    "claim", "image_set", "part", "better", "than", "weights", "metric", "scale", "by",
    "range_lo", "range_hi", "share", "difference", "lo", "hi", "unit", "level", "margin",
    "effect", "p", "p_holm", "n_images", "n_seeds", "sd_seeds", "agree", "verdict", "reason", "note",
)  # fmt: skip
CLAIM_COLUMNS = (
    "claim", "text", "source", "departure", "data", "image_set", "weights", "verdict",
    "comparisons", "holds", "fails", "undecided", "not_tested", "n_images", "training", "reason", "note",
)  # fmt: skip
VERDICTS = ("holds", "fails", "undecided", "not tested")
FEW = 8  # images, below which there is no verdict


def tables(rows: Iterable[Mapping[str, object]], plan: ClaimPlan) -> tuple[list[dict], list[dict]]:
    """The rows of claims.csv and of claims_comparisons.csv from those of rd.csv.

    Verdicts are given for each image set, and apart for comparisons of
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
        for claim in plan.claims:
            if not claim.parts:
                continue
            compared = [] if claim.problems else list(_comparisons(claim, plan.weights, compare))
            compared = [row | {"claim": claim.claim, "image_set": image_set} for row in decided(compared)]
            comparisons += compared
            verdicts += [row | {"image_set": image_set} for row in _verdicts(claim, compared, plan.trained)]
    return verdicts, comparisons


def need_met(verdicts: Sequence[str], need: str | float) -> str:
    """The verdict on comparisons of which `all`, `any` or a share must hold.

    It is `holds` or `fails` only if no verdict on those that are undecided or not tested could change it.
    """
    wanted = {"all": len(verdicts), "any": 1}.get(str(need)) or math.ceil(float(need) * len(verdicts) - 1e-9)
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


def _comparisons(claim: ClaimTest, weights: Mapping[str, str], compare: Callable) -> Iterable[dict]:
    for number, part in enumerate(claim.parts, start=1):
        for better, than in part.pairs:
            codecs = part.codecs((better, than))
            kinds = {weights[codec] for pair in codecs for codec in pair if weights[codec]}
            named = {"part": number, "better": better, "than": than, "weights": " and ".join(sorted(kinds))}
            yield compare(part, codecs) | named


def _comparer(rows: Sequence[Mapping], plan: ClaimPlan) -> Callable[[Part, Sequence[tuple[str, str]]], dict]:
    """A function that compares pairs of codecs of one image set; it keeps curves, which several comparisons need."""
    by_codec: dict[str, list[Mapping]] = {}
    for row in rows:
        by_codec.setdefault(str(row["codec"]), []).append(row)
    images = list(dict.fromkeys(str(row["image"]) for row in rows))
    sides: dict[tuple[str, str], bd_table.Side] = {}

    def side(codec: str, metric: str) -> bd_table.Side:
        if (codec, metric) not in sides:
            options = bd_table.Options([], [metric], min_overlap=plan.options.min_overlap)
            part = by_codec.get(codec, [])
            bd_table.check(part or rows, options)
            sides[codec, metric] = bd_table.side(codec, part, images, metric, None, options)
        return sides[codec, metric]

    def compare(part: Part, pairs: Sequence[tuple[str, str]]) -> dict:
        curves = [(side(than, part.metric), side(better, part.metric)) for better, than in pairs]
        return _compare(part, curves, images, plan.options.min_overlap)

    return compare


def _compare(
    part: Part, pairs: Sequence[tuple[bd_table.Side, bd_table.Side]], images: Sequence[str], min_overlap: float
) -> dict:
    """A comparison without its verdict where it has a p-value; `decided` gives that, by all those of a claim.

    `pairs` are anchor and test, one pair for each training.
    """
    metric, by = part.metric, part.by
    scale, sign = bd.scale_of(metric), bd.sign_of(metric)
    within: tuple[float, ...] | None = tuple(map(float, part.within)) if part.within else None
    if within and by == "bd_rate":
        within = tuple(sorted(float(end) for end in sign * bd.on_scale(np.array(within), scale)))
    figure, unit = _FIGURES[by], "%" if by == "bd_rate" else "dB" if scale == "db" else REGISTRY[metric].unit
    figures = [figure(anchor.images, test.images, within, min_overlap) for anchor, test in pairs]
    values, low, high, share = (np.array(kind) for kind in zip(*figures))  # each [trainings, images]
    row = {"metric": metric, "scale": scale, "by": by, "margin": part.margin, "unit": unit, "n_images": len(images)}
    sides = {side.codec: side for pair in pairs for side in pair}.values()
    row |= {"note": bd.joined([_left_out(side) for side in sides]), "reason": "", "share": share.mean()}
    lacking = np.argwhere(np.isnan(values))
    if len(lacking):
        training, first = map(int, lacking[0])
        anchor, test = pairs[training]
        why = _why_none(by, anchor, test, first, within, float(share[training, first]), min_overlap)
        of = f"{test.codec} against {anchor.codec}: " if len(pairs) > 1 else ""
        count = len(set(lacking[:, 1]))
        note = f"{count} of {len(images)} images have no figure, first {images[first]}: {of}{why}"
        return row | {"verdict": "not tested", "reason": note}
    ends = low.mean(), high.mean()
    if by == "bd_rate":
        ends = bd.ends_of_range(*ends, scale, sign)
    towards, shown = (-1, 1) if by == "bd_rate" else (1, sign)  # to what is better, and to what is printed
    better = towards * values
    row |= {"range_lo": ends[0], "range_hi": ends[1], "difference": shown * values.mean()}
    by_image = better.mean(axis=0)
    row |= {"agree": int((by_image > part.margin).sum())}
    if len(pairs) > 1:
        row |= {"n_seeds": len(pairs), "sd_seeds": better.mean(axis=1).std(ddof=1)}
    if len(images) == 1:
        return row | {"verdict": "undecided", "reason": "no interval: one image"}
    lowest, highest = crossed.interval(shown * values, bd.LEVEL)
    spread = by_image.std(ddof=1)
    gain = better.mean() - part.margin
    effect = gain / spread if spread else math.copysign(math.inf, gain)
    return row | {
        "lo": lowest,
        "hi": highest,
        "level": bd.LEVEL,
        "effect": effect,
        "p": crossed.test(better, part.margin),
    }


def decided(rows: Sequence[dict]) -> list[dict]:
    """The comparisons of a claim on one image set, with verdicts by p-values that are adjusted for their number."""
    tested = [row for row in rows if "p" in row]
    for row, adjusted in zip(tested, bd.holm([row["p"] for row in tested])):
        row["p_holm"] = adjusted
        if row["n_images"] < FEW:
            row |= {"verdict": "undecided", "reason": f"{row['n_images']} images, a verdict needs {FEW}"}
        elif adjusted <= 1 - bd.LEVEL:
            row["verdict"] = "holds" if row["effect"] > 0 else "fails"
        else:
            row |= {"verdict": "undecided", "reason": f"p = {adjusted:.2g} after Holm's correction"}
    return list(rows)


def _bd_rate(anchor: bd.Curves, test: bd.Curves, within: tuple | None, min_overlap: float) -> tuple[np.ndarray, ...]:
    values = bd.bd_rates(anchor, test, bd.METHOD, min_overlap, within)
    return values, *bd.overlap(anchor, test, "score", within)


def _bd_metric(anchor: bd.Curves, test: bd.Curves, within: tuple | None, min_overlap: float) -> tuple[np.ndarray, ...]:
    values = bd.bd_metrics(anchor, test, bd.METHOD, min_overlap, within)
    return values, *bd.overlap(anchor, test, "rate", within)


def _points(anchor: bd.Curves, test: bd.Curves, within: tuple | None, min_overlap: float) -> tuple[np.ndarray, ...]:
    """Figures, ends of the rates and shares of the points that were compared, each [R].

    Of curves with as many points as each other, those of which more can be compared are taken, image by image.
    """
    fewest = min(anchor.finite.sum(), test.finite.sum())
    ways = [way for way in ((anchor, test, 1), (test, anchor, -1)) if way[0].finite.sum() == fewest]
    figures = [_at_points(*way, within) for way in ways]
    last = figures[-1][3] > figures[0][3]  # nowhere if there is one way
    gaps, low, high, share = (np.where(last, other, one) for one, other in zip(figures[0], figures[-1]))
    enough = np.greater(share, 0) & np.greater_equal(share, min_overlap)
    return np.where(enough, gaps, np.nan), low, high, share


def _at_points(few: bd.Curves, many: bd.Curves, towards: int, within: tuple | None) -> tuple[np.ndarray, ...]:
    """The mean difference, `many` minus `few` times `towards`, at the points of `few`; the rest as of `_points`."""
    inside = few.finite & (True if within is None else (few.rate >= within[0]) & (few.rate <= within[1]))
    at = bd.scores_at(many, few.rate, bd.METHOD, fewest=2)
    taken = inside & np.isfinite(at)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = taken.sum(axis=1) / inside.sum(axis=1)
        gaps = np.where(taken, towards * (at - few.score), 0).sum(axis=1) / taken.sum(axis=1)
    share = np.nan_to_num(share)
    low = np.where(taken, few.rate, np.inf).min(axis=1, initial=np.inf)
    high = np.where(taken, few.rate, -np.inf).max(axis=1, initial=-np.inf)
    return gaps, low, high, share


_FIGURES = {"bd_rate": _bd_rate, "bd_metric": _bd_metric, "points": _points}


def _why_none(
    by: str, anchor: bd_table.Side, test: bd_table.Side, image: int, within: tuple | None, share: float, least: float
) -> str:
    """Why an image has no figure: a curve that can't be compared, or too little in common."""
    unusable = [side for side in (test, anchor) if bd.refusal(side.images, image)]
    counts = [int(side.images.keep[image].sum()) for side in (test, anchor)]
    if by == "points" and max(counts) > 1 and min(counts) > 0:
        unusable = []
    if unusable:
        return refusals.text(filter(None, (bd_table.refusal(side, side.images, image) for side in unusable)))
    what = "points of the shorter curve lie in the other's range" if by == "points" else "the curves overlap in it"
    of = "the stated range" if within and by != "points" else "the narrower range"
    overlap = f"{share:.0%} of the {what}" if by == "points" else f"the curves have {share:.0%} of {of} in common"
    return f"{overlap}, at least {least:.0%} is needed"


def _left_out(side: bd_table.Side) -> str:
    """How many images have a curve that is used without some of its points."""
    count = sum(bool(bd.left_out(side.images, row)) for row in range(len(side.images.dip)))
    return f"{side.codec}: points left out in {count} of {len(side.images.dip)} images" if count else ""


def _verdicts(claim: ClaimTest, comparisons: Sequence[Mapping], trained: Mapping[str, Trained]) -> list[dict]:
    """A row for each kind of weights that the comparisons speak of; one row for a claim that can't be tested."""
    same = {name: getattr(claim, name) for name in ("claim", "text", "source", "departure")} | {"data": "study"}
    if not comparisons:
        return [same | {"verdict": "not tested", "comparisons": 0, "reason": "; ".join(claim.problems)}]
    kinds: dict[str, list[Mapping]] = {}
    for row in comparisons:
        kinds.setdefault(row["weights"], []).append(row)
    return [
        {**same, "weights": kind, **verdict(claim.parts, rows, _in_words)}
        | {
            "training": claim_training.describe(
                _trained_pairs(claim, rows), trained, all("n_seeds" in row for row in rows)
            )
        }
        for kind, rows in kinds.items()
    ]


def _trained_pairs(claim: ClaimTest, rows: Iterable[Mapping]) -> list[tuple[str, str]]:
    """The codecs of some comparisons, pair by pair."""
    return [pair for row in rows for pair in claim.parts[row["part"] - 1].codecs((row["better"], row["than"]))]


def verdict(parts: Sequence, rows: Sequence[Mapping], describe: Callable[[str, Sequence[Mapping]], str]) -> dict:
    """The verdict on a claim by its parts (with `metric` and `need`) and comparisons; `describe` says why of a part."""
    by_part: dict[int, list[Mapping]] = {}
    for row in rows:
        by_part.setdefault(row["part"], []).append(row)
    verdicts: list[str] = []
    reasons: list[str] = []
    notes: list[str] = []
    for number, part in enumerate(parts, start=1):
        mine = by_part.get(number, [])
        if not mine:
            verdicts.append("not tested")
            reasons.append(f"part {number}, {part.metric}: not tested: the study has no such codecs")
            continue
        met = need_met([row["verdict"] for row in mine], part.need)
        verdicts.append(met)
        if met != "holds":
            reasons.append(f"part {number}, {part.metric}: {describe(met, mine)}")
    count = Counter(row["verdict"] for row in rows)
    n = rows[0]["n_images"]
    return {
        "verdict": all_of(verdicts),
        "comparisons": len(rows),
        **{name.replace(" ", "_"): count[name] for name in VERDICTS},
        "n_images": n,
        "reason": "; ".join(reasons),
        "note": "; ".join(notes),
    }


def _in_words(verdict: str, rows: Sequence[Mapping]) -> str:
    """A part's verdict with the first comparison that made it so."""
    others = [row for row in rows if row["verdict"] == verdict] or [row for row in rows if row["verdict"] != "holds"]
    first = others[0]
    why = f" ({first['reason']})" if first["reason"] else ""
    return f"{verdict}: {len(others)} of {len(rows)}, first {first['better']} against {first['than']}{why}"
