"""How often 95 % intervals of a mean over few images hold the true mean: Student's against the percentile bootstrap.

Images are drawn from populations with a known mean: normal, skewed (exponential, log-normal with sigma 0.5),
heavy-tailed (Student with 5 degrees of freedom), two kinds of images (a fifth of them three standard deviations apart),
and, with --bd, the BD-rates that a study measured, one population for each codec. Printed is the share of the simulated
studies whose interval holds the mean.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import bd
from study.core.errors import guarded

COUNTS = (5, 8, 24)
Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
POPULATIONS: Mapping[str, tuple[Draw, float]] = {
    "normal": (lambda rng, size: rng.normal(size=size), 0.0),
    "exponential": (lambda rng, size: rng.exponential(size=size), 1.0),
    "log-normal": (lambda rng, size: rng.lognormal(sigma=0.5, size=size), float(np.exp(0.125))),
    "Student, 5 degrees": (lambda rng, size: rng.standard_t(5, size=size), 0.0),
    "two kinds of images": (lambda rng, size: rng.normal(size=size) + 3 * (rng.random(size) < 0.2), 0.6),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bd", type=Path, help="bd.csv of a study, whose images are populations as well")
    parser.add_argument("--studies", type=int, default=20_000, help="simulated studies (default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    arguments = parser.parse_args()
    populations = dict(POPULATIONS) | (measured(arguments.bd) if arguments.bd else {})
    print("| population | images | Student's t | bootstrap |\n| --- | ---: | ---: | ---: |")
    rng = np.random.default_rng(arguments.seed)
    for name, (draw, mean) in populations.items():
        for count in COUNTS:
            values = draw(rng, (arguments.studies, count))
            t, bootstrap = coverage(values, mean, rng, arguments.resamples)
            print(f"| {name} | {count} | {t:.1%} | {bootstrap:.1%} |", flush=True)


def coverage(values: np.ndarray, mean: float, rng: np.random.Generator, resamples: int) -> tuple[float, float]:
    """The shares of studies, rows of `values` [studies, images], whose t and bootstrap intervals hold `mean`."""
    held = [0, 0]
    count = values.shape[1]
    shares = rng.multinomial(count, np.full(count, 1 / count), size=resamples) / count
    for study in values:
        low, high = bd.t_interval(study, bd.LEVEL)
        held[0] += low <= mean <= high
        low, high = bd.interval(shares @ study, bd.LEVEL)
        held[1] += low <= mean <= high
    return held[0] / len(values), held[1] / len(values)


def measured(path: Path) -> dict[str, tuple[Draw, float]]:
    """The BD-rates of a study's images as populations, one for each codec at the first metric."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["over"] == "image" and row["method"] == bd.METHOD]
    by_codec: dict[str, list[float]] = {}
    for row in rows:
        if all(row[name] == rows[0][name] for name in ("metric", "anchor")) and row["bd_rate"]:
            by_codec.setdefault(row["codec"], []).append(float(row["bd_rate"]))
    populations: dict[str, tuple[Draw, float]] = {}
    for codec, rates in by_codec.items():
        values = np.array(rates)
        populations[codec] = (lambda rng, size, values=values: rng.choice(values, size), float(values.mean()))
    return populations


if __name__ == "__main__":
    guarded(main)
