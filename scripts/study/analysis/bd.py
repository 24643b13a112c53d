"""Bjøntegaard differences of two rate-distortion curves: BD-rate and BD-metric, and when there is none.

BD-rate is the mean difference in log rate at equal score, in percent; BD-metric the mean difference in score at equal
log rate (G. Bjøntegaard, VCEG-M33, 2001), with piecewise interpolation: PCHIP as in JCTVC-L1100, or Akima (Herglotz et
al., "The Bjøntegaard Bible", arXiv:2304.12852). Values come from the library `bjontegaard`; batches (bootstrap
resamples) from `study.hermite`, which equals it.

Rate must be a function of score, but measured curves have points that cost more and score no better (a codec that
changes its tools at some quality, a scale that saturates). Nobody would choose them: a curve is what remains without
them, its operational frontier, and the table says what was left out. If more than the share `WORSE` of the points goes,
the curve is refused; so are curves of fewer than `POINTS` points, and pairs whose overlap is less than a given share of
the narrower curve's range. The wider curve may go on beyond the other without harm, as BD figures integrate over the
overlap alone. (The library's own `min_overlap` compares with the range that both curves cover together, and warns.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from study.analysis import splines
from study.analysis.refusals import Refusal
from study.metrics import registry

METHODS = ("pchip", "akima")
METHOD = METHODS[0]  # of every figure that isn't named otherwise
OVER = "mean of images"  # likewise: see `bd_table`
LEVEL = 0.95
POINTS = 4
WORSE = 0.2
LOSSLESS = 1e-6


@dataclass(frozen=True)
class Curves:
    """R curves of up to K points, ordered by rate: `rate`, `score` [R, K]; `finite`, `worse` bool [R, K]; `dip` [R].

    `finite` marks the points that have a value, each once; `worse` those among them that cost more and score no better
    than another. `dip` is the largest fall of the score as the rate rises, as a share of the curve's range of scores.
    """

    rate: np.ndarray
    score: np.ndarray
    finite: np.ndarray
    worse: np.ndarray
    dip: np.ndarray

    @cached_property
    def keep(self) -> np.ndarray:
        """The points that are used, bool [R, K]."""
        return self.finite & ~self.worse

    @property
    def usable(self) -> np.ndarray:
        """Which curves have enough points and few that are worse, bool [R]."""
        return self.usable_from(POINTS)

    def usable_from(self, fewest: int) -> np.ndarray:
        """As `usable`, where `fewest` points are enough."""
        few = self.worse.sum(axis=1) <= WORSE * self.finite.sum(axis=1)
        return (self.keep.sum(axis=1) >= fewest) & few

    def points(self, row: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Rates and scores of one curve's used points."""
        return self.rate[row, self.keep[row]], self.score[row, self.keep[row]]


def scale_of(metric: str) -> str:
    """The scale on which a metric is compared, as the registry has it. Raises StudyError for an unknown metric."""
    return registry.entry(metric).scale


def on_scale(values: np.ndarray, scale: str) -> np.ndarray:
    """Scores of any shape on a scale: as they are (`identity`), or -10 log10(1 - score) (`db`).

    The second is usual for MS-SSIM, whose values crowd together below 1 (Ballé et al., ICLR 2018). There, a score
    within 1e-6 of 1 is infinite: it is lossless as far as scores in float32 can tell.
    """
    if scale == "identity":
        return np.asarray(values, dtype=float)
    rest = 1 - np.asarray(values, dtype=float)
    near = rest < LOSSLESS
    return np.where(near, np.inf, -10 * np.log10(np.where(near, 1, rest)))


def off_scale(value: float, scale: str) -> float:
    """The score at a place on a scale: the inverse of `on_scale`."""
    return value if scale == "identity" else 1 - 10 ** (-value / 10)


def sign_of(metric: str) -> int:
    """1 for a metric of which more is better, -1 for one of which less is. Raises StudyError for an unknown metric.

    Curves are compared with scores times this sign, so that more is better in each.
    """
    return registry.entry(metric).sign


def ends_of_range(low: float, high: float, scale: str, sign: int) -> tuple[float, float]:
    """The least and the largest score, in the metric's own unit, of a range of scores as curves hold them."""
    least, largest = sorted(off_scale(sign * end, scale) for end in (low, high))
    return least, largest


def curves(rate: np.ndarray, score: np.ndarray) -> Curves:
    """Curves from points in any order, [R, K] or [K]; a point that isn't finite or has no positive rate is left out.

    More must be better: scores of a metric of which less is come times -1 (see `sign_of`).
    """
    rate, score = np.atleast_2d(np.asarray(rate, dtype=float)), np.atleast_2d(np.asarray(score, dtype=float))
    finite = np.isfinite(rate) & (rate > 0) & np.isfinite(score)
    rate, score = np.where(finite, rate, np.inf), np.where(finite, score, -np.inf)
    order = np.lexsort((-score, rate), axis=-1)
    rate, score, finite = (np.take_along_axis(part, order, axis=1) for part in (rate, score, finite))
    finite[:, 1:] &= (rate[:, 1:] != rate[:, :-1]) | (score[:, 1:] != score[:, :-1])
    best = np.full_like(score, -np.inf)
    np.maximum.accumulate(score[:, :-1], axis=1, out=best[:, 1:])
    low, high = _ends(score, finite)
    with np.errstate(invalid="ignore", divide="ignore"):
        falls = np.where(finite & (score < best), best - score, 0).max(axis=1, initial=0)
        dip = np.where(falls > 0, falls / (high - low), 0)
    return Curves(rate, score, finite, finite & (score <= best), dip)


def overlap(
    anchor: Curves, test: Curves, over: str, within: tuple[float, float] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The interval that both curves cover: `low`, `high` and its share of the narrower curve's range, each [R].

    `over` is `score`, or `rate` (the interval in rate, the share in log rate). Without overlap the share is 0.
    `within`, scores or rates, limits the interval, and the share is then that of the range which it states.
    """
    first, second = (_ends(getattr(part, over), part.keep) for part in (anchor, test))
    low, high = np.maximum(first[0], second[0]), np.minimum(first[1], second[1])
    measure = np.log10 if over == "rate" else np.asarray
    if within is not None:
        low, high = np.maximum(low, within[0]), np.minimum(high, within[1])
        first = second = np.array(within[0]), np.array(within[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        ranges = [measure(ends[1]) - measure(ends[0]) for ends in (first, second)]
        share = (measure(high) - measure(low)) / np.minimum(*ranges)
    return low, high, np.where(np.isfinite(share), np.clip(share, 0, 1), 0)


def bd_rate(anchor: Curves, test: Curves, method: str, row: int = 0) -> float:
    """Mean difference in rate at equal score, in percent, by `bjontegaard`; negative if `test` is better."""
    return _library().bd_rate(
        *anchor.points(row), *test.points(row), method, require_matching_points=False, min_overlap=0
    )


def bd_metric(anchor: Curves, test: Curves, method: str, row: int = 0) -> float:
    """Mean difference in score at equal log rate, by `bjontegaard`; positive if `test` is better.

    Scores are as curves hold them: for a metric of which less is better, times -1 (see `sign_of`).
    """
    return _library().bd_psnr(
        *anchor.points(row), *test.points(row), method, require_matching_points=False, min_overlap=0
    )


def bd_rates(
    anchor: Curves, test: Curves, method: str, min_overlap: float, within: tuple[float, float] | None = None
) -> np.ndarray:
    """`bd_rate` of every pair of curves, [R]; NaN where it is refused. `within` limits the scores, as in `overlap`."""
    return 100 * (10 ** _differences(anchor, test, "score", method, min_overlap, within) - 1)


def bd_metrics(
    anchor: Curves, test: Curves, method: str, min_overlap: float, within: tuple[float, float] | None = None
) -> np.ndarray:
    """`bd_metric` of every pair of curves, [R]; NaN where it is refused. `within` limits the rates, as in `overlap`."""
    return _differences(anchor, test, "rate", method, min_overlap, within)


def scores_at(curve: Curves, rate: np.ndarray, method: str, fewest: int = POINTS) -> np.ndarray:
    """The scores of curves at rates [R, M]; NaN outside a curve's range, and for a curve that isn't usable.

    `fewest` is how many points a curve needs; between two points it is a straight line over log rate.
    """
    low, high = _ends(curve.rate, curve.keep)
    inside = curve.usable_from(fewest)[:, None] & (rate >= low[:, None]) & (rate <= high[:, None])
    scores = np.full(rate.shape, np.nan)
    rows = np.flatnonzero(inside.any(axis=1))
    at = np.log10(np.clip(rate[rows], low[rows, None], high[rows, None]))
    for same, pattern in _patterns(curve.keep[rows]):
        points = np.log10(curve.rate[rows[same]][:, pattern]), curve.score[rows[same]][:, pattern]
        scores[rows[same]] = splines.values(*points, at[same], method)
    return np.where(inside, scores, np.nan)


def refusal(curve: Curves, row: int = 0) -> Refusal | None:
    """Why a curve can't be compared; None if it can."""
    count, worse, whole = (int(marked[row].sum()) for marked in (curve.keep, curve.worse, curve.finite))
    if count < POINTS:
        return Refusal("points", count=count, limit=POINTS)
    if worse > WORSE * whole:
        return Refusal("worse", count=worse, total=whole, limit=WORSE)
    return None


def left_out(curve: Curves, row: int = 0) -> str:
    """Which points of a curve are not used; empty if all are."""
    whole = curve.finite.shape[1]
    lost, worse = int((~curve.finite[row]).sum()), int(curve.worse[row].sum())
    notes = [f"{lost} of {whole} points left out that have no finite value or repeat another"] if lost else []
    if worse:
        deep = f" (worse by up to {curve.dip[row]:.1%} of the range)" if curve.dip[row] else ""
        notes.append(f"{worse} of {whole} points left out that cost more and score no better{deep}")
    return joined(notes)


def t_interval(values: np.ndarray, level: float) -> tuple[float, float]:
    """Student's interval of the mean of independent `values` [n], n at least 2, at a level such as 0.95."""
    from scipy.special import stdtrit

    reach = stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / math.sqrt(len(values))
    return float(values.mean() - reach), float(values.mean() + reach)


def t_test(values: np.ndarray, expected: float) -> float:
    """The two-sided p-value of Student's test that the mean of independent `values` [n] is `expected`; n at least 2."""
    from scipy.special import stdtr

    error = values.std(ddof=1) / math.sqrt(len(values))
    if error == 0:
        return float(values.mean() == expected)
    return float(2 * stdtr(len(values) - 1, -abs(values.mean() - expected) / error))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of a family of tests, adjusted for their number (S. Holm, Scand. J. Statistics 6, 1979)."""
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = least
    return adjusted


def interval(samples: np.ndarray, level: float) -> tuple[float, float]:
    """The percentile bootstrap interval of samples [N] at a level (Efron and Tibshirani, 1993, chapter 13)."""
    low, high = np.nanquantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def resampling(images: int, resamples: int, seed: int) -> np.ndarray:
    """How often each image is drawn in each resample with replacement, as shares: float [resamples, images]."""
    drawn = np.random.default_rng(seed).integers(images, size=(resamples, images))
    counts = np.zeros((resamples, images))
    np.add.at(counts, (np.arange(resamples)[:, None], drawn), 1)
    return counts / images


def weighted(shares: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The means of `values` [images, K] in each resample, [resamples, K], the same on any number of threads."""
    return np.einsum("rn,nk->rk", shares, values)


def joined(parts: Sequence[str]) -> str:
    """The parts that aren't empty, each once, joined with `; `."""
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _differences(
    anchor: Curves, test: Curves, over: str, method: str, min_overlap: float, within: tuple[float, float] | None
) -> np.ndarray:
    low, high, share = overlap(anchor, test, over, within)
    rows = np.flatnonzero(anchor.usable & test.usable & (share > 0) & (share >= min_overlap))
    if over == "rate":
        low, high = np.log10(low[rows]), np.log10(high[rows])
    else:
        low, high = low[rows], high[rows]
    gaps = np.full(len(share), np.nan)
    areas = [_areas(part, rows, over, low, high, method) for part in (test, anchor)]
    gaps[rows] = (areas[0] - areas[1]) / (high - low)
    return gaps


def _areas(part: Curves, rows: np.ndarray, over: str, low: np.ndarray, high: np.ndarray, method: str) -> np.ndarray:
    """The integrals of the curves `rows`; those that use the same points are computed together."""
    areas = np.empty(len(rows))
    for same, pattern in _patterns(part.keep[rows]):
        score = part.score[rows[same]][:, pattern]
        rate = np.log10(part.rate[rows[same]][:, pattern])
        x, y = (score, rate) if over == "score" else (rate, score)
        areas[same] = splines.integral(x, y, low[same], high[same], method)
    return areas


def _patterns(keep: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every different row of `keep` [R, K]: which rows are equal to it, bool [R], and the row."""
    left = np.ones(len(keep), dtype=bool)
    while left.any():
        pattern = keep[np.argmax(left)]
        same = left & (keep == pattern).all(axis=1)
        yield same, pattern
        left &= ~same


def _ends(values: np.ndarray, marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest of the marked values of each row; inf and -inf where there is none."""
    low = np.where(marked, values, np.inf).min(axis=1, initial=np.inf)
    return low, np.where(marked, values, -np.inf).max(axis=1, initial=-np.inf)


def _library() -> Any:
    import bjontegaard

    return bjontegaard
