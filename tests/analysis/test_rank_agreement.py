"""Kendall's tau between metrics: equal to SciPy's, of the orders that it is said to be of, with directions turned."""

from __future__ import annotations

import math

import numpy as np
import pytest

from study.analysis import rank_agreement
from study.core.errors import StudyError


def row(image: str, codec: str, quality: int, bpp: float, **scores: float | str) -> dict[str, str]:
    return {"image": image, "codec": codec, "quality": str(quality), "bpp": str(bpp)} | {
        name: str(score) for name, score in scores.items()
    }


@pytest.mark.parametrize("seed", range(5))
def test_tau_is_scipys(seed: int) -> None:
    from scipy.stats import kendalltau

    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 6, (12, 4)).astype(float)  # with ties
    scores[rng.random(scores.shape) < 0.15] = np.nan
    scores[0, 0] = scores[1, 0] = np.inf
    taus = rank_agreement.tau(scores)
    for i in range(4):
        for j in range(4):
            known = ~np.isnan(scores[:, i]) & ~np.isnan(scores[:, j])
            assert taus[i, j] == pytest.approx(kendalltau(scores[known, i], scores[known, j]).statistic, abs=1e-12)


def test_where_there_is_no_order_tau_is_nan() -> None:
    assert np.isnan(rank_agreement.tau(np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 4.0]]))[0, 1])


def test_a_metric_where_less_is_better_is_turned() -> None:
    rows = [
        row(image, "jpeg", 50, 1.0, psnr_rgb=p, lpips_alex=d)
        for image, p, d in zip("abcd", (30, 32, 35, 31), (9, 4, 2, 7))
    ]
    agreement = rank_agreement.images_order(rows, ["psnr_rgb", "lpips_alex"])
    assert agreement.taus == pytest.approx(np.ones((2, 2)))
    assert agreement.orders == 1


def test_a_preference_is_counted_where_both_have_a_score() -> None:
    """One codec leads by 1 dB at equal rate and trails by LPIPS; an infinite or missing score is no comparison."""
    rows = []
    for image in "ab":
        for codec, lead in (("first", 1.0), ("second", 0.0)):
            for bpp in (0.2, 0.6, 2.5):
                score = 30 + 5 * math.log2(bpp) + lead
                lost = "" if (image, codec) == ("b", "first") else score
                rows.append(row(image, codec, bpp, bpp, psnr_rgb=score, lpips_alex=0.1 * lead + 1, vmaf=lost))
    counts = rank_agreement.preferred(rows, ["psnr_rgb", "lpips_alex", "vmaf"], [("first", "second")])
    assert counts == {"psnr_rgb": (8, 8), "lpips_alex": (0, 8), "vmaf": (4, 4)}  # 0.25, 0.5, 1 and 2 bpp
    assert rank_agreement.preferred(rows, ["psnr_rgb"], [("first", "third")]) == {"psnr_rgb": (0, 0)}


def test_codecs_are_compared_at_equal_rate() -> None:
    """At its own points the worse codec scores more, as it spends more bits; at equal rate it scores less."""
    rows = []
    for codec, lead in (("a", 0.0), ("b", 2.0), ("c", 4.0)):
        for quality, bpp in enumerate((0.2, 0.9) if codec == "c" else (0.3, 2.5)):
            score = 30 + 5 * math.log2(bpp) + lead
            rows.append(row("image", codec, quality, bpp, psnr_rgb=score, vmaf=score**2, lpips_alex=score))
    agreement = rank_agreement.codecs_order(rows, ["psnr_rgb", "vmaf", "lpips_alex"])
    assert agreement.orders == 1  # 0.5 bpp alone is where three codecs reach
    assert agreement.taus == pytest.approx(np.array([[1, 1, -1], [1, 1, -1], [-1, -1, 1]]))


def test_cells_without_score_and_infinite_scores() -> None:
    rows = [
        row(image, "jpeg", 5, 1.0, psnr_rgb=p, vmaf=v)
        for image, p, v in zip("abcd", ("inf", 40, "", 30), (97, 90, 99, 60))
    ]
    assert rank_agreement.images_order(rows, ["psnr_rgb", "vmaf"]).taus[0, 1] == pytest.approx(1)
    few = rank_agreement.images_order(rows[:2], ["psnr_rgb", "vmaf"])
    assert few.orders == 0 and np.isnan(few.taus).all()


def test_a_metric_that_the_table_lacks_is_told() -> None:
    with pytest.raises(StudyError, match=r"rd\.csv has no metric 'vmaf'"):
        rank_agreement.images_order([row("a", "jpeg", 1, 1.0, psnr_rgb=3)], ["psnr_rgb", "vmaf"])


def test_metrics_that_agree_are_side_by_side() -> None:
    places = np.array([0.0, 3.0, 1.0, 2.0, 9.0])  # the further apart two metrics are, the less they agree
    taus = 1 - np.abs(places[:, None] - places) / 10
    assert rank_agreement.side_by_side(rank_agreement.Agreement(taus, 1)) == [0, 2, 3, 1, 4]


def test_without_an_order_metrics_stay_where_they_are() -> None:
    assert rank_agreement.side_by_side(rank_agreement.Agreement(np.full((5, 5), np.nan), 0)) == [0, 1, 2, 3, 4]
    assert rank_agreement.side_by_side(rank_agreement.Agreement(np.eye(2), 3)) == [0, 1]


def test_a_metric_that_has_no_order_with_others_keeps_them_in_theirs() -> None:
    taus = np.array([[1, 0.9, np.nan], [0.9, 1, np.nan], [np.nan, np.nan, 1]])
    assert sorted(rank_agreement.side_by_side(rank_agreement.Agreement(taus, 1))) == [0, 1, 2]
