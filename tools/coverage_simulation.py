"""How often 95 % intervals of a mean over few images hold the true mean, and how wide they are against Student's.

Compared are Student's t; t with the centre moved for skewness (N. J. Johnson, JASA 73, 1978); Hall's transformation of
t (P. Hall, J. R. Statist. Soc. B 54, 1992); and by resampling the images the percentile bootstrap, BCa (B. Efron, JASA
82, 1987) and bootstrap-t (Efron 1981; Hall 1988).

Images are drawn from populations with a known mean: normal, skewed (exponential, log-normal with sigma 0.5),
heavy-tailed (Student with 5 degrees of freedom), two kinds of images (a fifth of them three standard deviations apart),
and, with --bd, the BD-rates that a study measured: a population for each codec at the study's first anchor, pooled.
Printed are the share of the simulated studies whose interval holds the mean, and in brackets the median width as a
multiple of Student's.

With --trainings the figures are those of three trainings at each of the images, normal, with standard deviations
relative to that of the images: how often the interval over trainings and images (`analysis/crossed.py`) holds the mean,
and Student's over the images alone.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import bd, crossed
from study.core.errors import guarded

COUNTS = (5, 8, 24)
LEVEL = bd.LEVEL
Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
Ends = tuple[np.ndarray, np.ndarray]
POPULATIONS: Mapping[str, tuple[Draw, float]] = {
    "normal": (lambda rng, size: rng.normal(size=size), 0.0),
    "exponential": (lambda rng, size: rng.exponential(size=size), 1.0),
    "log-normal": (lambda rng, size: rng.lognormal(sigma=0.5, size=size), float(np.exp(0.125))),
    "Student, 5 degrees": (lambda rng, size: rng.standard_t(5, size=size), 0.0),
    "two kinds of images": (lambda rng, size: rng.normal(size=size) + 3 * (rng.random(size) < 0.2), 0.6),
}
SPREADS = ((0.0, 0.3), (0.1, 0.3), (0.3, 0.3), (0.3, 1.0), (1.0, 0.3), (2.0, 0.3))  # of trainings, of the rest
_TAILS = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bd", type=Path, help="bd.csv of a study, whose images are populations as well")
    parser.add_argument("--trainings", action="store_true", help="intervals over trainings and images instead")
    parser.add_argument("--studies", type=int, default=20_000, help="simulated studies (default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstraps (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    if arguments.trainings:
        print("| trainings | rest | images | over both | over images alone |\n| ---: | ---: | ---: | ---: | ---: |")
        for spreads in SPREADS:
            for count in COUNTS[1:]:
                cells = [f"{held:.1%}" for held in coverage_of_trainings(*spreads, count, arguments.studies, rng)]
                print("|", " | ".join([*map(str, spreads), str(count), *cells]), "|", flush=True)
        return
    print(f"| population | images | {' | '.join(INTERVALS)} |")
    print("| --- | ---: |" + " ---: |" * len(INTERVALS))
    for name, parts in _populations(arguments.bd):
        for count in COUNTS:
            studies = -(-arguments.studies // len(parts))
            coverages = [coverage(draw(rng, (studies, count)), mean, rng, arguments.resamples) for draw, mean in parts]
            cells = []
            for kind in INTERVALS:
                held = np.mean([shares[kind][0] for shares in coverages])
                width = np.mean([shares[kind][1] for shares in coverages])
                cells.append(f"{held:.1%}" + ("" if kind == "Student's t" else f" ({width:.2f})"))
            print(f"| {name} | {count} | {' | '.join(cells)} |", flush=True)


def coverage_of_trainings(
    training: float, rest: float, count: int, studies: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The shares of studies of three trainings whose interval holds the mean: over both, over the images alone.

    `training` and `rest` are standard deviations, where the images' is 1.
    """
    held = np.zeros(2)
    for _ in range(studies):
        values = training * rng.normal(size=(3, 1)) + rng.normal(size=count) + rest * rng.normal(size=(3, count))
        ends = crossed.interval(values, LEVEL), bd.t_interval(values.mean(axis=0), LEVEL)
        held += [low <= 0 <= high for low, high in ends]
    over_both, over_images = held / studies
    return float(over_both), float(over_images)


def coverage(
    values: np.ndarray, mean: float, rng: np.random.Generator, resamples: int
) -> dict[str, tuple[float, float]]:
    """For each kind of interval, the share of studies, rows of `values` [studies, images], whose interval holds `mean`.

    Beside it the median width of the intervals as a multiple of Student's.
    """
    count = values.shape[1]
    shares = rng.multinomial(count, np.full(count, 1 / count), size=resamples) / count
    usual = np.ptp(np.stack(student(values, shares)), axis=0)
    shares_and_widths = {}
    for name, interval in INTERVALS.items():
        parts = [interval(part, shares) for part in np.array_split(values, max(1, len(values) // 500))]
        low, high = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
        shares_and_widths[name] = float(np.mean((low <= mean) & (mean <= high))), float(np.median((high - low) / usual))
    return shares_and_widths


def student(values: np.ndarray, shares: np.ndarray) -> Ends:
    """As `bd.t_interval`, of each row."""
    return _about(values, np.broadcast_to(_quantiles(values), (len(values), 2)))


def johnson(values: np.ndarray, shares: np.ndarray) -> Ends:
    """Student's with its centre moved by the third moment over six variances and n."""
    low, high = student(values, shares)
    moved = _skewness(values) * values.std(axis=1, ddof=1) / (6 * values.shape[1])
    return low + moved, high + moved


def hall(values: np.ndarray, shares: np.ndarray) -> Ends:
    """Hall's monotone transformation of t for skewness, with Student's quantiles, turned back."""
    return _about(values, _hall_back(np.broadcast_to(_quantiles(values), (len(values), 2)), _scaled(values)))


def percentile(values: np.ndarray, shares: np.ndarray) -> Ends:
    """As `bd.interval`, of each row's resampled means."""
    low, high = np.quantile(values @ shares.T, _TAILS, axis=1)
    return low, high


def bca(values: np.ndarray, shares: np.ndarray) -> Ends:
    """Bias-corrected and accelerated percentiles of resampled means; the acceleration is that of the jackknife."""
    means, own = values @ shares.T, values.mean(axis=1)
    below = (means < own[:, None]).mean(axis=1) + 0.5 * (means == own[:, None]).mean(axis=1)
    bias = ndtri(np.clip(below, 1 / means.shape[1], 1 - 1 / means.shape[1]))
    acceleration = _skewness(values) * _small(values) / (6 * np.sqrt(values.shape[1]))
    z = bias[:, None] + ndtri(_TAILS)
    levels = ndtr(bias[:, None] + z / (1 - acceleration[:, None] * z))
    ordered = np.sort(means, axis=1)
    places = levels * (means.shape[1] - 1)
    ends = [np.take_along_axis(ordered, np.rint(places[:, [side]]).astype(int), 1)[:, 0] for side in (0, 1)]
    return ends[0], ends[1]


def bootstrap_t(values: np.ndarray, shares: np.ndarray) -> Ends:
    """Student's with the quantiles of t that resampling the images gives."""
    return _about(values, _resampled_t(values, shares))


def _resampled_t(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The quantiles of each row's resampled t, [rows, 2]; resamples without spread count as beyond all others."""
    count = values.shape[1]
    means, own = values @ shares.T, values.mean(axis=1, keepdims=True)
    variances = np.maximum((values**2) @ shares.T - means**2, 0) * count / (count - 1)
    spreads = np.sqrt(variances)
    tiny = spreads <= 1e-9 * values.std(axis=1, keepdims=True)
    away = np.where(means < own, -np.inf, np.inf)
    t = np.where(tiny, away, (means - own) * np.sqrt(count) / np.where(tiny, 1, spreads))
    return np.quantile(t, _TAILS, axis=1, method="nearest").T


def _about(values: np.ndarray, quantiles: np.ndarray) -> Ends:
    """The interval of each row's mean by the quantiles [rows, 2] of its t."""
    error = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
    return values.mean(axis=1) - quantiles[:, 1] * error, values.mean(axis=1) - quantiles[:, 0] * error


def _quantiles(values: np.ndarray) -> np.ndarray:
    return stdtrit(values.shape[1] - 1, _TAILS)


def _skewness(values: np.ndarray) -> np.ndarray:
    """The third central moment over the cube of the standard deviation (n - 1), of each row."""
    centred = values - values.mean(axis=1, keepdims=True)
    return (centred**3).mean(axis=1) / values.std(axis=1, ddof=1) ** 3


def _small(values: np.ndarray) -> float:
    """(n / (n - 1)) to the power of 3/2: from deviations with n - 1 to those with n."""
    return (values.shape[1] / (values.shape[1] - 1)) ** 1.5


def _scaled(values: np.ndarray) -> np.ndarray:
    return _skewness(values) / np.sqrt(values.shape[1])


def _hall_back(quantiles: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The inverse of t + a t² / 3 + a² t³ / 27 + a / 6."""
    a = np.where(np.abs(a) < 1e-9, 1e-9, a)[:, None]
    return 3 / a * (np.cbrt(1 + a * (quantiles - a / 6)) - 1)


INTERVALS: Mapping[str, Callable[[np.ndarray, np.ndarray], Ends]] = {
    "Student's t": student,
    "Johnson": johnson,
    "Hall": hall,
    "percentile bootstrap": percentile,
    "BCa": bca,
    "bootstrap-t": bootstrap_t,
}


def _populations(path: Path | None) -> Iterator[tuple[str, list[tuple[Draw, float]]]]:
    for name, population in POPULATIONS.items():
        yield name, [population]
    for metric, codecs in (measured(path) if path else {}).items():
        yield f"{len(codecs)} codecs' BD-rates, {metric}", list(codecs.values())


def measured(path: Path) -> dict[str, dict[str, tuple[Draw, float]]]:
    """The BD-rates of a study's images as populations: by metric, one for each codec at the first anchor."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["over"] == "image" and row["method"] == bd.METHOD]
    rates_of: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        if row["anchor"] == rows[0]["anchor"] and row["bd_rate"]:
            rates_of.setdefault(row["metric"], {}).setdefault(row["codec"], []).append(float(row["bd_rate"]))
    return {metric: {codec: _drawn(rates) for codec, rates in codecs.items()} for metric, codecs in rates_of.items()}


def _drawn(rates: list[float]) -> tuple[Draw, float]:
    values = np.array(rates)
    return (lambda rng, size: rng.choice(values, size)), float(values.mean())


if __name__ == "__main__":
    guarded(main)
