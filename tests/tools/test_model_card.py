"""The model card's results are those of the study's tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from study.core import atomic_io, paths

SCRIPT = paths.ROOT / "tools" / "model_card.py"
NAME = "tiny-b2018-gdn-48"
ANCHORS = ("jpeg", "jpeg-optimised")
FIGURES = {
    (NAME, "jpeg"): (-12.34, -15, -9),
    (NAME, "jpeg-optimised"): (2.06, -1, 5),
    ("webp", "jpeg"): (-20, -22, -18),
    ("jpeg-optimised", "jpeg"): (-14, -16, -12),
    ("jpeg", "jpeg-optimised"): (16, 13, 19),
}


def run(study: Path, card: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, "--study", study, "--card", card], capture_output=True, text=True)


def written(folder: Path, codecs: tuple[str, ...] = (*ANCHORS, "webp", NAME)) -> Path:
    """The tables of a study of these codecs, and a card with old results."""
    means = [
        {"image_set": "kodak", "codec": codec, "quality": quality, "bpp": bpp, "psnr_rgb": psnr, "ms_ssim": 0.9}
        for codec in codecs
        for quality, bpp, psnr in ((1, 0.3, 26), (2, 0.7, 31))
    ]
    atomic_io.write_rows(folder / "means.csv", means[0], means)
    same = {"metric": "psnr_rgb", "over": "mean of images", "method": "pchip", "n_images": 24, "reason": ""}
    bd = [
        same | {"codec": codec, "anchor": anchor, "bd_rate": value, "bd_rate_lo": low, "bd_rate_hi": high}
        for (codec, anchor), (value, low, high) in FIGURES.items()
    ]
    none = {"bd_rate": None, "bd_rate_lo": None, "bd_rate_hi": None}
    bd += [bd[2] | none | {"anchor": "jpeg-optimised", "reason": "too little overlap"}]
    bd += [bd[0] | {"bd_rate": -99, "over": "mean curve"}, bd[0] | {"bd_rate": -98, "method": "akima"}]
    bd += [bd[0] | {"metric": "ms_ssim", "bd_rate": -45.67}]
    atomic_io.write_rows(folder / "bd.csv", bd[0], bd)
    size = {"codec": NAME, "parameters": 143635, "encode_kmac_per_pixel": 1.47, "decode_kmac_per_pixel": 1.5}
    sizes = [{**size, "model_bytes": 318216, "quality": quality} for quality in (1, 2)]
    atomic_io.write_rows(folder / "complexity.csv", sizes[0], sizes)
    claim = {"text": "It is small.", "weights": "bundled", "verdict": "holds", "training": "one seed."}
    atomic_io.write_rows(folder / "claims.csv", claim, [claim, claim | {"weights": "", "verdict": "not tested"}])
    card = folder / "card.md"
    card.write_text("# Card\n\nkept\n\n## Results\n\noutdated\n")
    return card


def test_results_are_written_under_the_heading_and_the_rest_stays(tmp_path: Path) -> None:
    card = written(tmp_path)
    done = run(tmp_path, card)
    assert done.returncode == 0, done.stderr
    text = card.read_text()
    assert text.startswith("# Card\n\nkept\n\n## Results\n") and "outdated" not in text
    assert text.count("- It is small. **holds** one seed.") == 1
    first = card.read_bytes()
    assert run(tmp_path, card).returncode == 0 and card.read_bytes() == first


def test_every_anchor_and_metric_has_its_bd_rates_with_intervals(tmp_path: Path) -> None:
    card = written(tmp_path)
    assert run(tmp_path, card).returncode == 0
    bundled, optimised, others, others_optimised = card.read_text().split("\n### ")[1:5]
    assert bundled.startswith("The bundled codecs, against `jpeg`\n") and "| id | bpp | PSNR" in bundled
    assert f"| `{NAME}` | 0.30–0.70 | −12.3 [−15.0, −9.0] | −45.7 [−15.0, −9.0] |" in bundled
    assert optimised.startswith("The bundled codecs, against `jpeg-optimised`\n")
    assert f"| `{NAME}` | 0.30–0.70 | +2.1 [−1.0, +5.0] | – |" in optimised
    assert "| `webp` | 0.30–0.70 | −20.0 [−22.0, −18.0] |" in others and "| `jpeg-optimised` | " in others
    assert "| `jpeg` | 0.30–0.70 | +16.0 [+13.0, +19.0] |" in others_optimised and NAME not in others_optimised
    assert (
        "| `webp` | 0.30–0.70 | – (1) | – |" in others_optimised and "\n(1) too little overlap.\n" in others_optimised
    )
    assert "99" not in bundled and "98" not in bundled


def test_each_model_has_its_budget_in_crops(tmp_path: Path) -> None:
    card = written(tmp_path)
    assert run(tmp_path, card).returncode == 0
    row = (
        f"| `{NAME}` | 2 | 0.005 | 12000 of 128² | 197 / 852 | 1 | 144 k | 0.32 | 1.5 / 1.5 | 0.700 | 31.00 | 0.9000 |"
    )
    assert row in card.read_text()


def test_a_study_without_bundled_codecs_is_refused(tmp_path: Path) -> None:
    card = written(tmp_path, ANCHORS)
    done = run(tmp_path, card)
    assert done.returncode == 1 and "no codec of models/recipes.yaml" in done.stderr and "outdated" in card.read_text()


def test_an_unfinished_study_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, tmp_path / "card.md")
    assert done.returncode == 1 and "run the study to its end" in done.stderr and "Traceback" not in done.stderr
