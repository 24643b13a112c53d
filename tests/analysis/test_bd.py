"""BD-rates of pairs of curves, against definitions, scipy and the library bjontegaard."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.analysis import bd, refusals, splines

BOTH = pytest.mark.parametrize("method", bd.METHODS)
RATES = np.array([0.1, 0.2, 0.35, 0.6, 1.0, 1.7])
PSNR = np.array([26.0, 29.1, 31.6, 33.9, 36.4, 38.6])


def scipys(method):
    """The interpolator of scipy."""
    from scipy import interpolate

    return {"akima": interpolate.Akima1DInterpolator, "pchip": interpolate.PchipInterpolator}[method]


def one(method, anchor, test):
    """BD-rate and BD-metric of one pair of curves."""
    curves = bd.curves(*anchor), bd.curves(*test)
    return bd.bd_rate(*curves, method), bd.bd_metric(*curves, method)


def random_curves(rng, count, points, noise=0.3):
    """Curves of noisy points, some of them worse than others, in any order."""
    rate = np.exp(rng.normal(-1, 0.8, (count, points)))
    return rate, 32 + 5 * np.log(rate) + rng.normal(0, noise, (count, points))


# ------------------------------------------------------------------------------------------------ one pair of curves


@BOTH
def test_a_curve_against_itself_is_zero(method):
    assert one(method, (RATES, PSNR), (RATES, PSNR)) == (0, 0)


@BOTH
@pytest.mark.parametrize("factor", [0.8, 1.25, 0.05])
def test_rates_that_all_differ_by_a_factor(method, factor):
    rate = bd.bd_rate(bd.curves(RATES, PSNR), bd.curves(factor * RATES, PSNR), method)
    assert rate == pytest.approx(100 * (factor - 1), abs=1e-9)


@BOTH
def test_scores_that_all_differ_by_a_decibel(method):
    _, metric = one(method, (RATES, PSNR), (RATES, PSNR + 1))
    assert metric == pytest.approx(1, abs=1e-9)


@BOTH
def test_anchor_and_test_changed_over(method):
    other = RATES[:5] * np.array([0.7, 0.8, 0.9, 0.95, 1.1]), PSNR[:5] + 0.3
    there, back = one(method, (RATES, PSNR), other), one(method, other, (RATES, PSNR))
    assert (1 + there[0] / 100) * (1 + back[0] / 100) == pytest.approx(1, abs=1e-12)
    assert there[1] == pytest.approx(-back[1], abs=1e-12)


@BOTH
def test_against_numerical_integration_on_a_dense_grid(method):
    from scipy import integrate

    other = RATES * np.array([0.5, 0.62, 0.8, 0.9, 1.1, 1.2]), PSNR + np.array([-1, 0, 0.4, 0.2, 0, 0.5])
    low, high = max(PSNR[0], other[1][0]), min(PSNR[-1], other[1][-1])
    grid = np.linspace(low, high, 200_001)
    kind = scipys(method)
    gap = kind(other[1], np.log(other[0]))(grid) - kind(PSNR, np.log(RATES))(grid)
    expected = 100 * (math.exp(integrate.trapezoid(gap, grid) / (high - low)) - 1)
    assert one(method, (RATES, PSNR), other)[0] == pytest.approx(expected, abs=1e-6)


def test_a_published_example():
    """x264 against x265 at videonerd.website/how-compute-bd-rate: -12.098 % with one cubic through all points."""
    anchor = np.array([8.914, 13.330, 17.880, 22.990]), np.array([37.02, 38.37, 39.42, 40.35])
    test = np.array([9.525, 14.27, 19.113, 24.393]), np.array([37.73, 39.07, 40.07, 40.95])
    low, high = 37.73, 40.35
    areas = []
    for rate, psnr in (anchor, test):
        whole = np.polyint(np.polyfit(psnr, np.log(rate), 3))
        areas.append(np.polyval(whole, high) - np.polyval(whole, low))
    cubic = 100 * (math.exp((areas[1] - areas[0]) / (high - low)) - 1)
    assert cubic == pytest.approx(-12.098, abs=5e-4)
    for method in bd.METHODS:
        assert one(method, anchor, test)[0] == pytest.approx(cubic, abs=0.1)


# ------------------------------------------------------------------------------------------------ batches


@BOTH
@pytest.mark.parametrize("points", [3, 4, 7, 19])
def test_hermite_curves_equal_scipy(method, points):
    rng = np.random.default_rng(points)
    x = np.cumsum(rng.uniform(0.01, 2, (300, points)), axis=1)
    y = rng.normal(size=(300, points))
    y[:100] = np.sort(y[:100])
    y[100:150] = np.round(y[100:150])
    y[150:160] = x[150:160]
    span = x[:, -1] - x[:, 0]
    low = x[:, 0] + rng.uniform(0, 0.5, 300) * span
    high = x[:, -1] - rng.uniform(0, 0.4, 300) * span
    low[:50], high[:50] = x[:50, 0], x[:50, -1]
    expected = [scipys(method)(x[i], y[i]).integrate(low[i], high[i]) for i in range(300)]
    assert splines.integral(x, y, low, high, method) == pytest.approx(np.array(expected), abs=1e-11)
    at = np.column_stack([low, high, x[:, 0], x[:, 1], x[:, -1]])
    expected = [scipys(method)(x[i], y[i])(at[i]) for i in range(300)]
    assert splines.values(x, y, at, method) == pytest.approx(np.array(expected), abs=1e-11)


def test_scores_at_rates():
    """Curves with different points left out, at their own rates and between; nothing outside, nor of three points."""
    rate, score = np.tile(RATES, (3, 1)), np.tile(10 * np.log10(RATES), (3, 1))
    score[1, 2], score[2, 1:4] = np.nan, np.nan
    scores = bd.scores_at(bd.curves(rate, score), np.tile([0.05, 0.1, 0.3, 1.7, 1.8, np.inf], (3, 1)), "pchip")
    line = [np.nan, -10, 10 * math.log10(0.3), 10 * math.log10(1.7), np.nan, np.nan]
    assert scores == pytest.approx(np.array([line, line, [np.nan] * 6]), abs=1e-9, nan_ok=True)


def test_a_stated_range_limits_the_overlap():
    anchor, test = bd.curves(RATES, PSNR), bd.curves(RATES, PSNR + 1)
    low, high, share = bd.overlap(anchor, test, "rate", (0.01, 1))
    assert (low[0], high[0], share[0]) == (RATES[0], 1, pytest.approx(0.5))
    assert bd.bd_metrics(anchor, test, "pchip", 0.4, (0.01, 1)) == pytest.approx([1], abs=1e-9)
    assert np.isnan(bd.bd_metrics(anchor, test, "pchip", 0.6, (0.01, 1))).all()


@BOTH
def test_batches_equal_the_library(method):
    import bjontegaard

    rng = np.random.default_rng(3)
    anchor, test = bd.curves(*random_curves(rng, 150, 19)), bd.curves(*random_curves(rng, 150, 9))
    rates, metrics = bd.bd_rates(anchor, test, method, 0.3), bd.bd_metrics(anchor, test, method, 0.3)
    assert 30 < np.isfinite(rates).sum() < 150, (
        "the test needs both: curves that are compared and curves that are refused"
    )
    for row in range(150):
        pair = *anchor.points(row), *test.points(row)
        for value, library in ((rates[row], bjontegaard.bd_rate), (metrics[row], bjontegaard.bd_psnr)):
            if np.isfinite(value):
                expected = library(*pair, method, require_matching_points=False, min_overlap=0)
                assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)
    usable = anchor.usable & test.usable
    for values, over in ((rates, "score"), (metrics, "rate")):
        assert (np.isfinite(values) == usable & (bd.overlap(anchor, test, over)[2] >= 0.3)).all()


# ------------------------------------------------------------------------------------------------ points and refusals


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 25))
def test_a_curve_is_the_frontier_of_its_points(seed, points):
    """No kept point is as good as another at no more rate, and every other point is beaten by a kept one."""
    rng = np.random.default_rng(seed)
    rate, score = (np.round(part, 1) + 0.1 for part in random_curves(rng, 3, points, 3.0))
    curves = bd.curves(rate, score)
    for row in range(3):
        kept = list(zip(*curves.points(row)))
        assert kept == sorted(kept)
        assert all(b[1] > a[1] and b[0] > a[0] for a, b in itertools.pairwise(kept))
        for point in zip(rate[row], score[row]):
            assert any(r <= point[0] and s >= point[1] for r, s in kept)
        assert {tuple(map(float, point)) for point in kept} <= {
            (float(a), float(b)) for a, b in zip(rate[row], score[row])
        }


def test_the_order_of_the_points_does_not_matter():
    order = [3, 0, 5, 1, 4, 2]
    assert bd.curves(RATES[order], PSNR[order]).points()[1].tolist() == PSNR.tolist()


def test_a_point_that_costs_more_and_scores_less_is_left_out_and_told():
    rate, score = np.append(RATES, 0.5), np.append(PSNR, 31.0)
    curve = bd.curves(rate, score)
    assert [part.tolist() for part in curve.points()] == [RATES.tolist(), PSNR.tolist()]
    assert bd.refusal(curve) is None
    assert (
        bd.left_out(curve)
        == "1 of 7 points left out that cost more and score no better (worse by up to 4.8% of the range)"
    )


def test_a_saturated_scale_is_no_refusal():
    curve = bd.curves([*RATES, 1.7, 1.7, 1.7], [*PSNR, 38.6, 38.6, 38.6])
    assert curve.keep.sum() == 6
    assert bd.refusal(curve) is None
    assert bd.left_out(curve) == "3 of 9 points left out that have no finite value or repeat another"


def test_values_that_are_not_finite_are_left_out():
    curve = bd.curves([*RATES, 3, 0, math.nan], [*PSNR, math.inf, 20, 30])
    assert curve.points()[0].tolist() == RATES.tolist()
    assert bd.left_out(curve) == "3 of 9 points left out that have no finite value or repeat another"


def test_refused_curves():
    assert refusals.text([bd.refusal(bd.curves(RATES[:3], PSNR[:3]))]) == ": 3 usable points, at least 4 are needed"
    assert refusals.text([bd.refusal(bd.curves(RATES, PSNR[::-1]))]) == ": 1 usable points, at least 4 are needed"
    wild = bd.curves([1, 2, 3, 4, 5, 6, 7], [30, 31, 30, 32, 31, 33, 34])
    assert refusals.text([bd.refusal(wild)]) == ": 2 of 7 points cost more and score no better, at most 20% may"
    assert refusals.text([bd.refusal(bd.curves([], []))]) == ": 0 usable points, at least 4 are needed"


def test_overlap_is_the_share_of_the_narrower_curve():
    narrow = bd.curves([0.3, 0.4, 0.5, 0.6], [30, 31, 32, 34])
    low, high, share = bd.overlap(bd.curves(RATES, PSNR), narrow, "score")
    assert (low[0], high[0], share[0]) == (30, 34, 1)
    low, high, share = bd.overlap(bd.curves(RATES, PSNR), bd.curves(RATES, PSNR + 6), "score")
    assert (low[0], high[0], share[0]) == pytest.approx((32, 38.6, 6.6 / 12.6))
    low, high, share = bd.overlap(bd.curves(RATES, PSNR), bd.curves(RATES * 10, PSNR), "rate")
    assert (low[0], high[0], share[0]) == pytest.approx((1, 1.7, math.log(1.7) / math.log(17)))
    assert bd.overlap(bd.curves(RATES, PSNR), bd.curves(RATES, PSNR + 20), "score")[2] == 0
    assert bd.overlap(bd.curves(RATES, PSNR), bd.curves([], []), "score")[2] == 0


def test_scales():
    assert [bd.scale_of(name) for name in ("psnr_rgb", "vifp_sewar", "ssim", "ms_ssim", "msssim_sewar")] == [
        "identity", "identity", "db", "db", "db",
    ]  # fmt: skip
    values = bd.on_scale(np.array([0.9, 0.999, 1.0, 1 - 1e-9, -1.0, math.nan]), "db")
    assert values[:2] == pytest.approx([10, 30])
    assert values[2:4].tolist() == [math.inf, math.inf]
    assert values[4] == pytest.approx(-10 * math.log10(2))
    assert math.isnan(values[5])
    assert bd.on_scale(np.array([0.9]), "identity").tolist() == [0.9]
    assert bd.off_scale(bd.on_scale(np.array([0.97]), "db")[0], "db") == pytest.approx(0.97, abs=1e-15)
