"""The tables of an opinion test: how consistent observers are, the scale of codecs, and how metrics agree with it.

Intervals are percentiles of a bootstrap over observers and pairs at once: a resample draws observers with replacement,
and pairs (an image and two codecs at a rate) with replacement, and an answer counts as often as both were drawn
(A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1, 2007). Screening and repeats follow the spirit
of ITU-R BT.500.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.analysis import bd, rank_agreement
from study.analysis.opinions import bradley_terry
from study.analysis.opinions.answers import Answer, Sheet, Stimulus
from study.core.errors import StudyError
from study.metrics import registry

LEVEL = 0.95
FEWEST = 3  # codecs of a rank correlation
SCALE = ("image_set", "rate", "codec", "answers", "bpp", "strength", "lo", "hi", "level", "observers", "simulated")
OBSERVERS = (
    "observer", "file", "simulated", "scaled", "answers", "undecided", "traps", "traps_right", "repeats",
    "repeats_same", "agreement", "seconds", "counted", "reason",
)  # fmt: skip
METRICS = (
    "image_set", "rate", "metric", "codecs", "spearman", "spearman_lo", "spearman_hi", "kendall", "kendall_lo",
    "kendall_hi", "decided", "agreement", "agreement_lo", "agreement_hi", "level", "simulated",
)  # fmt: skip


@dataclass(frozen=True)
class _Group:
    """The counted answers of one image set at one rate, as arrays [a]: codecs' places, who answered, which pair."""

    image_set: str
    rate: float
    codecs: Sequence[str]
    answers: Sequence[Answer]
    first: np.ndarray
    second: np.ndarray
    share: np.ndarray
    observer: np.ndarray
    pair: np.ndarray

    def wins(self, weight: np.ndarray) -> np.ndarray:
        return bradley_terry.counted(self.first, self.second, self.share, weight, len(self.codecs))


def observers(sheets: Sequence[Sheet], least_traps: float) -> list[dict[str, object]]:
    """One row for each file: traps and repeats, agreement with the others' majority, and whether its answers count.

    An observer counts who was right at the share `least_traps` of the traps or more. `repeats_same` counts the pairs
    that were shown twice, with sides changed, and answered alike. `agreement` is the share of decided answers that
    agree with the majority of the other observers, where there is one; `seconds` the median of an answer.
    """
    votes = _votes(sheets)
    rows = []
    for sheet in sheets:
        trials = [answer for answer in sheet.answers if answer.kind == "trial"]
        traps = [answer for answer in sheet.answers if answer.kind == "trap"]
        right = sum(_preferred(answer) == "" for answer in traps)
        first = {_pair(answer): _preferred(answer) for answer in trials}
        again = [answer for answer in sheet.answers if answer.kind == "repeat" and _pair(answer) in first]
        counted = not traps or right >= least_traps * len(traps)
        reason = "" if counted else f"right at {right} of {len(traps)} traps, and {least_traps:.0%} are asked"
        rows.append(
            {
                "observer": sheet.observer,
                "file": sheet.file,
                "simulated": _yes(sheet.simulated),
                "scaled": _yes(sheet.scaled),
                "answers": len(trials),
                "undecided": sum(answer.better == "none" for answer in trials),
                "traps": len(traps),
                "traps_right": right,
                "repeats": len(again),
                "repeats_same": sum(_preferred(answer) == first[_pair(answer)] for answer in again),
                "agreement": _with_others(sheet, trials, votes),
                "seconds": float(np.median([answer.seconds for answer in trials])) if trials else None,
                "counted": _yes(counted),
                "reason": reason or None,
            }
        )
    return rows


def counted(sheets: Sequence[Sheet], rows: Sequence[Mapping[str, object]]) -> list[Sheet]:
    """The sheets whose answers count, by the rows of `observers`. Raises StudyError if none does."""
    kept = [sheet for sheet, row in zip(sheets, rows) if row["counted"] == "yes"]
    if not any(answer.kind == "trial" for sheet in kept for answer in sheet.answers):
        why = "; ".join(f"{row['file']}: {row['reason'] or 'no trial'}" for row in rows)
        raise StudyError(f"no answers are left to evaluate ({why}); collect more, or lower `least_traps`")
    return kept


def scale_and_metrics(
    sheets: Sequence[Sheet], rd: Iterable[Mapping[str, str]], metrics: Sequence[str], resamples: int, seed: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The rows of the scale, for each (image set, rate, codec), and of the metrics, for (image set, rate, metric).

    `sheets` are those that count, `rd` the rows of rd.csv. A strength is of its group's mean 0, in log-odds. A metric's
    correlations are between strengths and the metric's means over the images at which a codec was compared; `agreement`
    is the share of decided answers that prefer what the metric scores higher (equal scores count half).
    """
    cells = {(row["image_set"], row["image"], row["codec"], row["quality"]): row for row in rd}
    simulated = _yes(any(sheet.simulated for sheet in sheets))
    names = {name: index for index, name in enumerate(dict.fromkeys(sheet.observer for sheet in sheets))}
    random = np.random.default_rng(seed)
    scale: list[dict[str, object]] = []
    compared: list[dict[str, object]] = []
    for group in _groups(sheets, names):
        weights = _resampled(group, len(names), resamples, random)
        strengths = bradley_terry.strengths(group.wins(np.ones(len(group.answers))))
        samples = np.array([bradley_terry.strengths(group.wins(weight)) for weight in weights])
        key = {"image_set": group.image_set, "rate": group.rate}
        shown = _shown(group, cells)
        for index, codec in enumerate(group.codecs):
            lo, hi = _interval(samples[:, index])
            took = (group.first == index) | (group.second == index)
            rates = [float(row["bpp"]) for row in shown[codec]]
            row = {"codec": codec, "answers": int(took.sum()), "bpp": float(np.mean(rates))}
            row |= {"strength": float(strengths[index]), "lo": lo, "hi": hi, "level": LEVEL}
            scale.append(key | row | {"observers": len(set(group.observer[took].tolist())), "simulated": simulated})
        for metric in metrics:
            row = _metric(group, metric, shown, cells, strengths, samples, weights)
            compared.append(key | row | {"level": LEVEL, "simulated": simulated})
    return scale, compared


def _groups(sheets: Sequence[Sheet], names: Mapping[str, int]) -> list[_Group]:
    answered: dict[tuple[str, float], list[tuple[str, Answer]]] = {}
    for sheet in sheets:
        for answer in sheet.answers:
            if answer.kind == "trial":
                answered.setdefault((answer.left.image_set, answer.left.rate), []).append((sheet.observer, answer))
    groups = []
    for (image_set, rate), given in sorted(answered.items()):
        answers = [answer for _, answer in given]
        codecs = sorted({side.codec for answer in answers for side in (answer.left, answer.right)})
        pairs = {pair: index for index, pair in enumerate(dict.fromkeys(map(_pair, answers)))}
        shares = {"left": 1.0, "right": 0.0, "none": 0.5}
        groups.append(
            _Group(
                image_set,
                rate,
                codecs,
                answers,
                np.array([codecs.index(answer.left.codec) for answer in answers]),
                np.array([codecs.index(answer.right.codec) for answer in answers]),
                np.array([shares[answer.better] for answer in answers]),
                np.array([names[observer] for observer, _ in given]),
                np.array([pairs[_pair(answer)] for answer in answers]),
            )
        )
    return groups


def _resampled(group: _Group, observers: int, resamples: int, random: np.random.Generator) -> np.ndarray:
    """How often each answer counts in each resample, [resamples, a]."""
    pairs = int(group.pair.max()) + 1
    present = np.unique(group.observer)
    weights = np.empty((resamples, len(group.answers)))
    for number in range(resamples):
        who = np.zeros(observers)
        np.add.at(who, random.choice(present, len(present)), 1)
        which = np.bincount(random.integers(pairs, size=pairs), minlength=pairs)
        weights[number] = who[group.observer] * which[group.pair]
    return weights


def _shown(group: _Group, cells: Mapping[tuple, Mapping[str, str]]) -> dict[str, list[Mapping[str, str]]]:
    """The rows of rd.csv at which each codec was compared, each once."""
    seen: dict[str, dict[Stimulus, Mapping[str, str]]] = {codec: {} for codec in group.codecs}
    for answer in group.answers:
        for side in (answer.left, answer.right):
            seen[side.codec][side] = _row(side, cells)
    return {codec: list(rows.values()) for codec, rows in seen.items()}


def _row(side: Stimulus, cells: Mapping[tuple, Mapping[str, str]]) -> Mapping[str, str]:
    return cells[side.image_set, side.image, side.codec, side.quality]


def _metric(
    group: _Group,
    metric: str,
    shown: Mapping[str, Sequence[Mapping[str, str]]],
    cells: Mapping[tuple, Mapping[str, str]],
    strengths: np.ndarray,
    samples: np.ndarray,
    weights: np.ndarray,
) -> dict[str, object]:
    sign = registry.entry(metric).sign

    def score(row: Mapping[str, str]) -> float:
        return sign * float(row[metric]) if row.get(metric) else np.nan

    means = np.array([np.mean([score(row) for row in shown[codec]]) for codec in group.codecs])
    agreement: dict[str, object] = {"metric": metric, "codecs": int(np.isfinite(means).sum())}
    for name, correlate in (("spearman", _spearman), ("kendall", _kendall)):
        lo, hi = _interval(np.array([correlate(sample, means) for sample in samples]))
        agreement |= {name: _number(correlate(strengths, means)), f"{name}_lo": lo, f"{name}_hi": hi}
    gaps = np.array([score(_row(answer.left, cells)) - score(_row(answer.right, cells)) for answer in group.answers])
    use = (group.share != 0.5) & ~np.isnan(gaps)
    agrees = np.where(gaps == 0, 0.5, (gaps > 0) == (group.share == 1.0))[use]
    agreement["decided"] = int(use.sum())
    totals = weights[:, use].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        lo, hi = _interval(np.where(totals > 0, weights[:, use] @ agrees / totals, np.nan))
    agreement |= {"agreement": float(agrees.mean()) if use.any() else None, "agreement_lo": lo, "agreement_hi": hi}
    return agreement


def _spearman(strengths: np.ndarray, means: np.ndarray) -> float:
    from scipy.stats import rankdata

    known = np.isfinite(strengths) & ~np.isnan(means)
    if known.sum() < FEWEST:
        return np.nan
    first, second = rankdata(strengths[known]), rankdata(means[known])
    first, second = first - first.mean(), second - second.mean()
    length = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / length) if length else np.nan


def _kendall(strengths: np.ndarray, means: np.ndarray) -> float:
    known = np.isfinite(strengths) & ~np.isnan(means)
    if known.sum() < FEWEST:
        return np.nan
    return float(rank_agreement.tau(np.stack([strengths[known], means[known]], axis=1))[0, 1])


def _interval(samples: np.ndarray) -> tuple[float | None, float | None]:
    """The percentile interval of the samples that are numbers; none without any."""
    return bd.interval(samples, LEVEL) if np.isfinite(samples).any() else (None, None)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _pair(answer: Answer) -> tuple[Stimulus, ...]:
    """The two that were compared, whichever side they were on."""
    return tuple(sorted((answer.left, answer.right), key=lambda side: (side.codec, side.quality)))


def _preferred(answer: Answer) -> str | None:
    """The codec that was preferred ("" for the original); None for an undecided answer."""
    return {"left": answer.left.codec, "right": answer.right.codec, "none": None}[answer.better]


def _votes(sheets: Sequence[Sheet]) -> dict[tuple, dict[str, str | None]]:
    """For each pair what each observer preferred."""
    votes: dict[tuple, dict[str, str | None]] = {}
    for sheet in sheets:
        for answer in sheet.answers:
            if answer.kind == "trial":
                votes.setdefault(_pair(answer), {})[sheet.observer] = _preferred(answer)
    return votes


def _with_others(
    sheet: Sheet, trials: Sequence[Answer], votes: Mapping[tuple, Mapping[str, str | None]]
) -> float | None:
    agreed = []
    for answer in trials:
        others = [vote for name, vote in votes[_pair(answer)].items() if name != sheet.observer and vote is not None]
        own = _preferred(answer)
        counts = {codec: others.count(codec) for codec in set(others)}
        best = [codec for codec, count in counts.items() if count == max(counts.values())]
        if own is not None and len(best) == 1:
            agreed.append(own == best[0])
    return float(np.mean(agreed)) if agreed else None


def _yes(value: bool) -> str:
    return "yes" if value else "no"
