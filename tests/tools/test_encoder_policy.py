"""The table of what an encoder's settings save."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import encoder_policy
from study.core.errors import StudyError
from study.planning import entries


def photo(seed: int) -> np.ndarray:
    rows, columns = np.mgrid[:192, :192]
    noise = np.random.default_rng(seed).normal(0, 12, (192, 192, 3))
    waves = [128 + 80 * np.sin((rows + seed) / (7 + plane)) * np.cos(columns / 11) for plane in range(3)]
    return np.clip(np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)


def test_huffman_tables_of_the_image_save_rate_at_the_same_scores() -> None:
    first, optimised, progressive = encoder_policy.lines("jpeg", [photo(1), photo(2)])
    assert first.startswith("| `jpeg` | ") and first.endswith("| 0 | 0 | 1 |")
    for line in (optimised, progressive):
        psnr, ms_ssim = line.split(" | ")[2:4]
        assert psnr.startswith("−") and ms_ssim.startswith("−"), line


def test_a_variant_sets_what_its_backend_knows() -> None:
    known = entries.codecs()
    for name, variants in encoder_policy.VARIANTS.items():
        for change in variants:
            assert set(change) <= set(known[name].settings), (name, change)
            assert change.items() - known[name].settings.items(), f"{name}: {change} is the catalogue's own"


def test_a_refused_figure_is_no_mean() -> None:
    assert encoder_policy.figure(np.array([-3.0, np.nan])) == "– (1 refused)"


def test_a_folder_without_photos_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["encoder_policy.py", "--folder", str(tmp_path)])
    with pytest.raises(StudyError, match=r"has 0 PNGs; at least 8 are needed"):
        encoder_policy.main()
