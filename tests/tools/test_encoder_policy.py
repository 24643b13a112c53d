"""The table of what an encoder's settings save."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import encoder_policy
from study.core import paths
from study.core.errors import StudyError
from study.planning import entries


def photo(seed: int) -> np.ndarray:
    rows, columns = np.mgrid[:192, :192]
    noise = np.random.default_rng(seed).normal(0, 12, (192, 192, 3))
    waves = [128 + 80 * np.sin((rows + seed) / (7 + plane)) * np.cos(columns / 11) for plane in range(3)]
    return np.clip(np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)


@pytest.mark.slow
def test_huffman_tables_of_the_image_save_rate_at_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encoder_policy.FAMILIES, "jpeg", ("jpeg-optimised",))
    first, optimised = encoder_policy.lines("jpeg", [photo(1), photo(2)])
    assert first.startswith("| `jpeg` | subsampling 4:2:0, optimize False") and first.endswith("| 0 | 0 | 1 |")
    psnr, ms_ssim = optimised.split(" | ")[2:4]
    assert psnr.startswith("−") and ms_ssim.startswith("−"), optimised


CLASSICAL = "jpeg", "jpegli", "jpeg2000", "webp", "avif", "av1", "jpegxl", "hevc", "hevc10", "vvc"


def test_every_classical_id_of_the_catalogue_is_in_the_policy_and_no_other() -> None:
    known = entries.codecs()
    listed = [name for family, others in encoder_policy.FAMILIES.items() for name in (family, *others)]
    assert len(listed) == len(set(listed))
    assert set(listed) == {name for name, entry in known.items() if entry.backend in CLASSICAL}


def test_the_documented_policy_is_the_catalogues() -> None:
    known, text = entries.codecs(), (paths.ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    for family, others in encoder_policy.FAMILIES.items():
        for name in (family, *others):
            assert f"| `{name}` | {encoder_policy.settings(known[name])} | " in text, name


def test_a_refused_figure_is_no_mean() -> None:
    assert encoder_policy.figure(np.array([-3.0, np.nan])) == "– (1 refused)"


def test_a_folder_without_photos_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["encoder_policy.py", "--folder", str(tmp_path)])
    with pytest.raises(StudyError, match=r"has 0 PNGs; at least 8 are needed"):
        encoder_policy.main()
