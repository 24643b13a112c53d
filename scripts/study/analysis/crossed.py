"""The mean of figures over trainings and images, both drawn at random, with its interval and test.

A figure of training s at image k is taken as mean + training s + image k + rest, each part with a variance of its own
(crossed random effects without replication). The variance of the mean over S trainings and K images is
(MS_s + MS_k - MS_e) / (S K) of the mean squares of trainings, images and rest, and no less than MS_s or MS_k alone
would say; its degrees of freedom are Satterthwaite's (F. E. Satterthwaite, Biometrics Bulletin 2, 1946). The same is
done for readers and cases in radiology (S. L. Hillis, Statistics in Medicine 26, 2007).
`tools/coverage_simulation.py --trainings` counts how often the interval holds the mean.
"""

from __future__ import annotations

import math

import numpy as np

from study.analysis import bd

FEWEST = 3  # trainings; of two, the interval at 95 % holds the mean in as little as 87 of 100 cases


def interval(values: np.ndarray, level: float) -> tuple[float, float]:
    """The interval of the mean of `values` [S, K] at a level such as 0.95; of one training it is Student's."""
    from scipy.special import stdtrit

    if len(values) == 1:
        return bd.t_interval(values[0], level)
    error, degrees = _error(values)
    reach = stdtrit(degrees, (1 + level) / 2) * error
    return float(values.mean() - reach), float(values.mean() + reach)


def test(values: np.ndarray, expected: float) -> float:
    """The two-sided p-value of the mean of `values` [S, K] being `expected`; of one training it is Student's."""
    from scipy.special import stdtr

    if len(values) == 1:
        return bd.t_test(values[0], expected)
    error, degrees = _error(values)
    if error == 0:
        return float(values.mean() == expected)
    return float(2 * stdtr(degrees, -abs(values.mean() - expected) / error))


def _error(values: np.ndarray) -> tuple[float, float]:
    """The standard error of the mean and its degrees of freedom."""
    trainings, images = values.shape
    mean, by_training, by_image = values.mean(), values.mean(axis=1), values.mean(axis=0)
    rest = values - by_training[:, None] - by_image + mean
    free = trainings - 1, images - 1, (trainings - 1) * (images - 1)
    sums = (
        images * np.square(by_training - mean).sum(),
        trainings * np.square(by_image - mean).sum(),
        np.square(rest).sum(),
    )
    of_trainings, of_images, of_rest = squares = [total / count for total, count in zip(sums, free)]
    whole = max(of_trainings + of_images - of_rest, of_trainings, of_images)
    spread = sum(square**2 / count for square, count in zip(squares, free))
    return math.sqrt(whole / values.size), whole**2 / spread if spread else float(images - 1)
