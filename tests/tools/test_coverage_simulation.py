"""How often intervals hold the mean of the population that the images were drawn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import coverage_simulation
from study.analysis import bd
from study.core import atomic_io

STUDIES = 4000
NOISE = 2 * np.sqrt(0.93 * 0.07 / STUDIES)
SAMPLES = np.random.default_rng(1).exponential(size=(6, 8))
SHARES = np.random.default_rng(2).multinomial(8, np.full(8, 1 / 8), size=500) / 8


def shares_that_hold(name: str, count: int) -> dict[str, float]:
    draw, mean = coverage_simulation.POPULATIONS[name]
    rng = np.random.default_rng(5)
    shares = coverage_simulation.coverage(draw(rng, (STUDIES, count)), mean, rng, 200)
    return {kind: held for kind, (held, _) in shares.items()}


@pytest.mark.parametrize("name", ["normal", "Student, 5 degrees", "two kinds of images"])
@pytest.mark.parametrize("count", coverage_simulation.COUNTS)
def test_students_interval_covers_at_least_93_percent_and_the_bootstrap_less(name: str, count: int) -> None:
    held = shares_that_hold(name, count)
    assert held["Student's t"] > 0.93 - NOISE and held["Hall"] > 0.93 - NOISE
    assert held["percentile bootstrap"] < held["Student's t"]


@pytest.mark.parametrize("count", coverage_simulation.COUNTS)
def test_skewed_images_are_held_more_often_by_halls_and_bootstrap_t(count: int) -> None:
    held = shares_that_hold("exponential", count)
    assert held["percentile bootstrap"] < held["Student's t"] < 0.93
    assert min(held["Hall"], held["bootstrap-t"]) > held["Student's t"] + NOISE
    assert held["BCa"] < held["Student's t"]


def test_the_bootstrap_is_too_narrow_with_five_images() -> None:
    assert 0.78 < shares_that_hold("normal", 5)["percentile bootstrap"] < 0.88


def test_students_and_the_bootstrap_are_those_of_the_studies() -> None:
    t, bootstrap = (np.transpose(interval(SAMPLES, SHARES)) for interval in
                    (coverage_simulation.student, coverage_simulation.percentile))  # fmt: skip
    assert np.allclose(t, [bd.t_interval(row, bd.LEVEL) for row in SAMPLES])
    assert np.allclose(bootstrap, [bd.interval(SHARES @ row, bd.LEVEL) for row in SAMPLES])


def test_bca_is_scipys() -> None:
    from scipy import stats

    low, high = coverage_simulation.bca(SAMPLES, np.random.default_rng(3).multinomial(8, np.full(8, 1 / 8), 20000) / 8)
    for row, *ends in zip(SAMPLES[:3], low, high):
        theirs = stats.bootstrap((row,), np.mean, n_resamples=20000, rng=np.random.default_rng(4)).confidence_interval
        assert ends == pytest.approx(list(theirs), abs=0.05 * row.std())


def test_halls_transformation_is_turned_back_exactly_and_is_t_without_skewness() -> None:
    a = np.array([0.0, 0.3, -0.8])
    t = np.array([[-2.0, 2.5]] * 3)
    a_column = a[:, None]
    transformed = t + a_column * t**2 / 3 + a_column**2 * t**3 / 27 + a_column / 6
    assert np.allclose(coverage_simulation._hall_back(transformed, a), t, atol=1e-6)
    even = np.array([[-2.0, -1.0, 0.0, 1.0, 2.0]])
    assert np.allclose(coverage_simulation.hall(even, SHARES), coverage_simulation.student(even, SHARES))


def test_a_studys_bd_rates_are_populations(tmp_path: Path) -> None:
    same = {"over": "image", "method": bd.METHOD, "metric": "psnr_rgb", "anchor": "jpeg"}
    rows = [same | {"codec": codec, "bd_rate": rate} for codec in "ab" for rate in (-10, -20, -60)]
    rows += [same | {"codec": "a", "bd_rate": 99, "anchor": "other"}, same | {"codec": "a", "bd_rate": None}]
    rows += [same | {"codec": "a", "bd_rate": 99, "method": "akima"}]
    atomic_io.write_rows(tmp_path / "bd.csv", rows[0], rows)
    populations = coverage_simulation.measured(tmp_path / "bd.csv")
    assert {metric: {codec: mean for codec, (_, mean) in codecs.items()} for metric, codecs in populations.items()} == {
        "psnr_rgb": {"a": -30.0, "b": -30.0}
    }


@pytest.mark.parametrize("spreads", coverage_simulation.SPREADS)
def test_an_interval_over_trainings_and_images_holds_the_mean_and_one_over_images_alone_does_not(spreads):
    over_both, over_images = coverage_simulation.coverage_of_trainings(*spreads, 24, 1000, np.random.default_rng(4))
    assert 0.91 <= over_both <= 0.98
    assert over_images < 0.7 or spreads[0] < 1
