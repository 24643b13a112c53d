"""The heat map of rank agreement: each number in its triangle, words for what there isn't."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from study.analysis.rank_agreement import Agreement
from study.figures import canvas, rank_agreement
from study.metrics.registry import REGISTRY

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
    words = " ".join(text.get_text() for text in figure.texts)
    assert "over 7 orders" in words and "over 4 orders" in words and "kodak" in words


def test_many_metrics_have_hundredths_without_a_point() -> None:
    count = len(REGISTRY)
    codecs, images = (Agreement(np.full((count, count), tau), 3) for tau in (-0.424, -0.001))
    figure = rank_agreement.figure("kodak", list(REGISTRY), codecs, images)
    assert {text for (column, row), text in texts(figure).items() if column > row} == {"−42"}
    assert {text for (column, row), text in texts(figure).items() if column < row} == {"0"}
    assert "hundredths" in " ".join(text.get_text() for text in figure.texts)


def test_metrics_that_agree_are_neighbours_in_names_and_numbers() -> None:
    metrics = ["psnr_rgb", "ms_ssim", "psnr_y", "ssimulacra2"]
    kind = np.array([0, 1, 0, 1])
    alike = np.where(kind[:, None] == kind, 0.9, -0.5)
    figure = rank_agreement.figure("set", metrics, Agreement(alike, 3), Agreement(alike - 0.1, 3))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[:2] in (["PSNR (RGB)", "PSNR (Y′)"], ["PSNR (Y′)", "PSNR (RGB)"])
    assert [texts(figure)[1, 0], texts(figure)[0, 1], texts(figure)[2, 1]] == [".90", ".80", "−.50"]


@pytest.mark.parametrize("count", [2, 8, 24, len(REGISTRY)])
def test_the_map_fits_the_page(count: int) -> None:
    nothing = Agreement(np.full((count, count), np.nan), 0)
    figure = rank_agreement.figure("set", list(REGISTRY)[:count], nothing, nothing)
    renderer = FigureCanvasAgg(figure).get_renderer()
    for box in figure.axes:
        extent = box.get_tightbbox(renderer).transformed(figure.transFigure.inverted())
        assert 0 < extent.x0 < extent.x1 < 1 and 0 < extent.y0 < extent.y1 < 1
    assert figure.get_figwidth() == pytest.approx(canvas.width())
