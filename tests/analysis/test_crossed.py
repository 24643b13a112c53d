"""Means over trainings and images. How often their interval holds the mean: tests/tools/test_coverage_simulation.py."""

from __future__ import annotations

import numpy as np
import pytest

from study.analysis import bd, crossed


def drawn(spreads, rng, trainings=3, images=24):
    """Figures [trainings, images] with the true mean 0."""
    training, image, rest = spreads
    return (
        training * rng.normal(size=(trainings, 1))
        + image * rng.normal(size=(1, images))
        + rest * rng.normal(size=(trainings, images))
    )


@pytest.mark.parametrize("expected", [-0.4, 0.0, 0.7])
def test_the_test_and_the_interval_agree(expected):
    values = drawn((0.3, 1.0, 0.3), np.random.default_rng(2))
    p = crossed.test(values, expected)
    low, high = crossed.interval(values, 1 - p)
    assert min(abs(low - expected), abs(high - expected)) < 1e-9


def test_of_one_training_it_is_students():
    values = drawn((0.3, 1.0, 0.3), np.random.default_rng(2), trainings=1)
    assert crossed.interval(values, 0.95) == bd.t_interval(values[0], 0.95)
    assert crossed.test(values, 0.1) == bd.t_test(values[0], 0.1)


def test_equal_figures_have_no_width():
    assert crossed.interval(np.full((3, 8), 2.0), 0.95) == (2.0, 2.0)
    assert crossed.test(np.full((3, 8), 2.0), 2.0) == 1.0 and crossed.test(np.full((3, 8), 2.0), 1.0) == 0.0


def test_trainings_that_agree_leave_the_images_interval():
    images = np.random.default_rng(3).normal(size=24)
    values = np.stack([images, images, images])
    assert crossed.interval(values, 0.95) == pytest.approx(bd.t_interval(images, 0.95))
