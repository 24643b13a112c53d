"""The heat map of rank agreement: each number in its triangle, words for what there isn't."""

from __future__ import annotations

import numpy as np
import pytest

from study.analysis.rank_agreement import Agreement
from study.figures import canvas, rank_agreement

METRICS = ["psnr_rgb", "ms_ssim", "lpips_alex"]


def texts(figure) -> dict[tuple[int, int], str]:
    return {tuple(map(round, text.get_position())): text.get_text() for text in figure.axes[0].texts}


def test_codecs_are_above_the_diagonal_and_images_below() -> None:
    codecs = Agreement(np.array([[1, 0.91, -0.12], [0.91, 1, 0.5], [-0.12, 0.5, 1]]), 7)
    images = Agreement(np.array([[1, 0.3, np.nan], [0.3, 1, 1], [np.nan, 1, 1]]), 4)
    figure = rank_agreement.figure("kodak", METRICS, codecs, images)
    assert texts(figure) == {  # column, row
        (1, 0): ".91",
        (2, 0): "−.12",
        (2, 1): ".50",
        (0, 1): ".30",
        (0, 2): "–",
        (1, 2): "1.00",
    }
    told = " ".join(text.get_text() for text in figure.texts)
    assert "over 7 orders" in told and "over 4 orders" in told and "kodak" in told


@pytest.mark.parametrize("count", [2, 8, 24])
def test_the_map_fits_the_page(count: int) -> None:
    nothing = Agreement(np.full((count, count), np.nan), 0)
    figure = rank_agreement.figure(
        "set", [*METRICS, *METRICS] * 4 if count == 24 else (METRICS * 3)[:count], nothing, nothing
    )
    for box in figure.axes:
        place = box.get_position()
        assert 0 < place.x0 < place.x1 < 1 and 0 < place.y0 < place.y1 < 1
    assert figure.get_figwidth() == pytest.approx(canvas.width())
