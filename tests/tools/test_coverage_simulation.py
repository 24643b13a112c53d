"""How often intervals hold the mean of the population that the images were drawn from."""

from __future__ import annotations

import numpy as np
import pytest

import coverage_simulation


@pytest.mark.parametrize("name", ["normal", "Student, 5 degrees", "two kinds of images"])
@pytest.mark.parametrize("count", coverage_simulation.COUNTS)
def test_students_interval_covers_at_least_93_percent_and_the_bootstrap_less(name: str, count: int) -> None:
    draw, mean = coverage_simulation.POPULATIONS[name]
    rng = np.random.default_rng(5)
    studies = 4000
    t, bootstrap = coverage_simulation.coverage(draw(rng, (studies, count)), mean, rng, 200)
    noise = 2 * np.sqrt(0.93 * 0.07 / studies)
    assert t > 0.93 - noise
    assert bootstrap < t


def test_the_bootstrap_is_too_narrow_with_five_images() -> None:
    draw, mean = coverage_simulation.POPULATIONS["normal"]
    rng = np.random.default_rng(6)
    _, bootstrap = coverage_simulation.coverage(draw(rng, (2000, 5)), mean, rng, 500)
    assert 0.78 < bootstrap < 0.88
