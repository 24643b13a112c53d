"""Do metrics agree? Kendall's tau between the orders in which they put codecs, and images.

M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33 (1945): tau-b, which allows for ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.core.errors import StudyError
from study.metrics import registry

RATES = (0.125, 0.25, 0.5, 1.0, 2.0)  # bits per pixel at which codecs are compared
FEWEST = 3  # items of an order


@dataclass(frozen=True)
class Agreement:
    """Means of tau over orders, [metric, metric], NaN without any; `orders` is the most that went into one of them."""

    taus: np.ndarray
    orders: int


def codecs_order(rows: Sequence[Mapping[str, str]], metrics: Sequence[str]) -> Agreement:
    """The agreement on the order of codecs, for each image at each of `RATES`, from rows of rd.csv of one image set."""
    tables = [np.array(list(scores.values())) for scores in at_rates(rows, metrics).values()]
    return _mean(tables, len(metrics))


def preferred(
    rows: Sequence[Mapping[str, str]], metrics: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> dict[str, tuple[int, int]]:
    """How often each metric puts the first codec of a pair before the second, and in how many comparisons it could.

    The pairs are compared for each image at each of `RATES` within the points of both, from rows of rd.csv of one set.
    """
    gains = [
        scores[first] - scores[second]
        for scores in at_rates(rows, metrics).values()
        for first, second in pairs
        if first in scores and second in scores
    ]
    table = np.array(gains).reshape(-1, len(metrics))
    counts = (table > 0).sum(axis=0), (~np.isnan(table)).sum(axis=0)
    return {name: (int(wins), int(known)) for name, wins, known in zip(metrics, *counts)}


def at_rates(
    rows: Sequence[Mapping[str, str]], metrics: Sequence[str]
) -> dict[tuple[str, float], dict[str, np.ndarray]]:
    """The scores of codecs by image and rate, [metric], more being better, from rows of rd.csv of one image set.

    A codec's score at a rate is read from the line through its points over the logarithm of the rate; it has none
    outside its points.
    """
    curves: dict[tuple[str, str], list[list[float]]] = {}
    for row in rows:
        if row["bpp"]:
            curves.setdefault((row["image"], row["codec"]), []).append([float(row["bpp"]), *_scores(row, metrics)])
    tables: dict[tuple[str, float], dict[str, np.ndarray]] = {}
    for (image, codec), points in curves.items():
        table = np.array(sorted(points))
        for rate in RATES:
            if len(table) > 1 and table[0, 0] <= rate <= table[-1, 0]:
                scores = [_at(rate, table[:, 0], table[:, column]) for column in range(1, table.shape[1])]
                tables.setdefault((image, rate), {})[codec] = np.array(scores)
    return tables


def images_order(rows: Sequence[Mapping[str, str]], metrics: Sequence[str]) -> Agreement:
    """The agreement on the order of images, for each quality of each codec, from rows of rd.csv of one image set."""
    tables: dict[tuple[str, str], list[list[float]]] = {}
    for row in rows:
        tables.setdefault((row["codec"], row["quality"]), []).append(_scores(row, metrics))
    return _mean([np.array(scores) for scores in tables.values()], len(metrics))


def tau(scores: np.ndarray) -> np.ndarray:
    """Kendall's tau-b between the columns of [item, metric]; NaN where one has no order. NaN stands for no score."""
    first, second = np.triu_indices(len(scores), 1)
    with np.errstate(invalid="ignore"):
        steps = np.where(scores[first] == scores[second], 0.0, np.sign(scores[first] - scores[second]))
    known = ~np.isnan(steps)
    steps = np.where(known, steps, 0.0)
    moved = (steps != 0).astype(float)
    both = (moved.T @ known) * (known.T.astype(float) @ moved)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(both > 0, steps.T @ steps / np.sqrt(both), np.nan)


def side_by_side(agreement: Agreement) -> list[int]:
    """An order of the metrics in which those that agree are neighbours; as they are where there is no order to go by.

    Leaves of average linkage over 1 - tau, in the order of the least sum of steps (Z. Bar-Joseph, D. K. Gifford, T. S.
    Jaakkola, "Fast optimal leaf ordering for hierarchical clustering", Bioinformatics 17, 2001), by SciPy. Of the two
    directions that in which the first metric is in the first half.
    """
    from scipy.cluster import hierarchy

    count = len(agreement.taus)
    if count < FEWEST or np.isnan(agreement.taus[np.triu_indices(count, 1)]).all():
        return list(range(count))
    steps = 1 - np.where(np.isnan(agreement.taus), 0.0, agreement.taus)[np.triu_indices(count, 1)]
    order = hierarchy.leaves_list(hierarchy.linkage(steps, "average", optimal_ordering=True)).tolist()
    return order if order.index(0) < count / 2 else order[::-1]


def _mean(tables: Sequence[np.ndarray], metrics: int) -> Agreement:
    taus = [tau(scores) for scores in tables if len(scores) >= FEWEST]
    if not taus:
        return Agreement(np.full((metrics, metrics), np.nan), 0)
    stacked = np.stack(taus)
    counts = (~np.isnan(stacked)).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Agreement(np.where(counts > 0, np.nansum(stacked, axis=0) / counts, np.nan), int(counts.max()))


def _scores(row: Mapping[str, str], metrics: Sequence[str]) -> list[float]:
    """A row's scores, more being better; NaN for none. Raises StudyError for a metric that the table lacks."""
    for metric in metrics:
        if metric not in row:
            raise StudyError(f"rd.csv has no metric {metric!r}; run the study again with it")
    return [registry.entry(metric).sign * float(row[metric]) if row[metric] else np.nan for metric in metrics]


def _at(rate: float, rates: np.ndarray, scores: np.ndarray) -> float:
    index = int(np.searchsorted(rates, rate))
    if rates[index] == rate:
        return float(scores[index])
    before, after = scores[index - 1], scores[index]
    if before == after:
        return float(before)
    share = np.log(rate / rates[index - 1]) / np.log(rates[index] / rates[index - 1])
    return float((1 - share) * before + share * after)
