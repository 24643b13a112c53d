"""The drawn card of known failures: the quality nearest to a rate, and the sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import known_failures
from study.core.errors import StudyError
from study.planning import entries


def test_the_card_has_text_colours_gratings_and_grain() -> None:
    card = known_failures.test_card()
    half = known_failures.SIDE // 2
    assert card.shape == (2 * half, 2 * half, 3) and np.array_equal(card, known_failures.test_card())
    assert (card[:half, :half].min(axis=2) < 60).mean() > 0.02
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 255)} <= set(map(tuple, card[:half, half:].reshape(-1, 3)))
    assert card[half:, :half].std() > 80 and 0 < card[half:, half:].astype(float).std() < 60


def test_the_quality_nearest_to_the_rate_is_taken() -> None:
    card, spec = known_failures.test_card(), entries.codecs()["jpeg"]
    rates = {quality: known_failures.nearest("jpeg", spec, card, bpp)[:2] for quality, bpp in ((1, 0.01), (2, 99.0))}
    assert rates[1][0] == min(spec.qualities) and rates[2][0] == max(spec.qualities)
    _, rate, decoded = known_failures.nearest("jpeg", spec, card, 1.0)
    assert rates[1][1] < rate < rates[2][1] and decoded.shape == card.shape


def test_the_sheet_has_every_tile_at_twice_its_size(tmp_path: Path) -> None:
    tiles = [(f"{value}", np.full((known_failures.SIDE,) * 2 + (3,), value, np.uint8)) for value in (10, 90, 170, 250)]
    known_failures.draw(tiles, tmp_path / "sheet.webp")
    sheet = np.asarray(Image.open(tmp_path / "sheet.webp"))
    for _, tile in tiles:
        assert (sheet == tile[0, 0]).all(axis=2).sum() >= 4 * known_failures.SIDE**2


def test_an_unknown_codec_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["known_failures.py", "--codecs", "jpg"])
    with pytest.raises(StudyError, match="codec 'jpg' is unknown; did you mean 'jpeg'"):
        known_failures.main()
