"""The figure of an opinion test: every codec and metric in its panel, nothing cut, simulated observers said."""

from __future__ import annotations

import pytest

from study.figures import canvas, opinions, palette

CODECS = palette.styles(
    [{"codec": name, "label": name.upper(), "family": name} for name in ("jpeg", "webp", "avif", "a-very-long-name")]
)


def rows(rates: tuple[str, ...], simulated: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    scale = [
        {"image_set": "set", "rate": rate, "codec": codec, "strength": str(index - 1), "lo": str(index - 1.5),
         "hi": str(index - 0.5), "level": "0.95", "observers": "3", "simulated": simulated}
        for rate in rates
        for index, codec in enumerate(CODECS)
    ]  # fmt: skip
    metrics = [
        {"image_set": "set", "rate": rate, "metric": metric, "spearman": "" if index else "0.8", "spearman_lo": "0.2",
         "spearman_hi": "1", "agreement": "1.0", "agreement_lo": "", "agreement_hi": "", "simulated": simulated}
        for rate in rates
        for index, metric in enumerate(("psnr_rgb", "ms_ssim"))
    ]  # fmt: skip
    return scale, metrics


@pytest.mark.parametrize("rates", [("0.25",), ("0.25", "0.75"), ("0.1", "0.2", "0.3", "0.4")])
def test_every_panel_is_inside_and_best_codecs_come_first(rates: tuple[str, ...]) -> None:
    figure = opinions.figure("set", *rows(rates, "no"), CODECS)
    assert len(figure.axes) == 3 * len(rates)
    for box in figure.axes:
        spot = box.get_position()
        assert 0 < spot.x0 < spot.x1 < 1 and 0 < spot.y0 < spot.y1 < 1
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["A-VERY-LONG-NAME", "AVIF", "WEBP", "JPEG"]
    assert [text.get_text() for text in figure.axes[len(rates)].texts] == ["–"]
    assert figure.get_figwidth() == pytest.approx(canvas.width())
    assert "SIMULATED" not in " ".join(text.get_text() for text in figure.texts)


def test_simulated_observers_are_said_in_title_and_note() -> None:
    figure = opinions.figure("set", *rows(("0.25",), "yes"), CODECS)
    texts = [text.get_text() for text in figure.texts]
    assert "SIMULATED" in texts[0] and any("made up by a simulation" in text for text in texts)


def test_marks_at_the_end_of_an_axis_are_whole_and_ticks_of_neighbours_apart() -> None:
    figure = opinions.figure("set", *rows(("0.25",), "no"), CODECS)
    figure.draw_without_rendering()
    for box in figure.axes[1:]:
        for line in box.lines:
            half = line.get_markersize() / 2 * figure.dpi / 72 if line.get_marker() == "o" else 0
            x = box.transData.transform([(float(value), 0) for value in line.get_xdata()])[:, 0]
            assert box.bbox.x0 + half <= x.min() and x.max() + half <= box.bbox.x1
    left, right = ([tick.get_window_extent() for tick in _shown(box)] for box in figure.axes[1:])
    assert left[-1].x1 + 10 < right[0].x0 and right[-1].x1 < figure.bbox.x1


def _shown(box):
    """The labels of an axis' ticks that are drawn, those between its ends."""
    low, high = box.get_xlim()
    return [label for value, label in zip(box.get_xticks(), box.get_xticklabels()) if low <= value <= high]


def test_intervals_of_one_observer_are_said_to_be_over_pairs_alone() -> None:
    scale, metrics = rows(("0.25",), "no")
    one = opinions.figure("set", [row | {"observers": "1"} for row in scale], metrics, CODECS)
    some = opinions.figure("set", scale, metrics, CODECS)
    said = ["over pairs alone" in " ".join(text.get_text() for text in figure.texts) for figure in (one, some)]
    assert said == [True, False]


def test_a_set_without_answers_has_a_figure_that_says_so() -> None:
    figure = opinions.figure("set", [], [], CODECS)
    assert any("No answers" in text.get_text() for text in figure.texts)
