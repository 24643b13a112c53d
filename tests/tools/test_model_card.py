"""The model card's results are those of the study's tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from study.core import atomic_io, paths

SCRIPT = paths.ROOT / "tools" / "model_card.py"
NAME = "tiny-b2018-gdn-48"


def run(study: Path, card: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, "--study", study, "--card", card], capture_output=True, text=True)


def test_results_are_written_under_the_heading_and_the_rest_stays(tmp_path: Path) -> None:
    means = [
        {"codec": codec, "quality": quality, "bpp": bpp, "psnr_rgb": psnr, "ms_ssim": 0.9}
        for codec, quality, bpp, psnr in (
            ("jpeg", 5, 0.2, 24),
            ("jpeg", 95, 1.2, 34),
            (NAME, 1, 0.3, 26),
            (NAME, 2, 0.7, 31),
        )
    ]
    atomic_io.write_rows(tmp_path / "means.csv", means[0], means)
    bd = {"codec": NAME, "metric": "psnr_rgb", "over": "mean of images", "method": "pchip", "bd_rate": -12.34}
    atomic_io.write_rows(
        tmp_path / "bd.csv", [*bd, "bd_rate_lo", "bd_rate_hi"], [bd | {"bd_rate_lo": -15, "bd_rate_hi": -9}]
    )
    size = {"codec": NAME, "parameters": 143635, "encode_kmac_per_pixel": 1.47, "decode_kmac_per_pixel": 1.5}
    sizes = [{**size, "model_bytes": 318216, "quality": quality} for quality in (1, 2)]
    atomic_io.write_rows(tmp_path / "complexity.csv", sizes[0], sizes)
    claim = {"text": "It is small.", "weights": "bundled", "verdict": "holds"}
    atomic_io.write_rows(tmp_path / "claims.csv", claim, [claim, claim | {"weights": "", "verdict": "not tested"}])
    card = tmp_path / "card.md"
    card.write_text("# Card\n\nkept\n\n## Results\n\noutdated\n")
    done = run(tmp_path, card)
    assert done.returncode == 0, done.stderr
    text = card.read_text()
    assert text.startswith("# Card\n\nkept\n\n## Results\n") and "outdated" not in text
    assert f"| `{NAME}` | 0.30–0.70 | -12.3 % [-15.0, -9.0] | – | +1.00 … +2.00 dB | +0.00 … +0.00 dB |" in text
    assert f"| `{NAME}` | 2 | 0.005 |" in text and "| 144 k | 0.32 | 1.5 / 1.5 | 0.700 | 31.00 | 0.9000 |" in text
    assert text.count("- It is small. **holds**") == 1
    first = card.read_bytes()
    assert run(tmp_path, card).returncode == 0 and card.read_bytes() == first


def test_an_unfinished_study_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, tmp_path / "card.md")
    assert done.returncode == 1 and "run studies/zoo.yaml to its end" in done.stderr and "Traceback" not in done.stderr
