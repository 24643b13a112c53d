"""Which metric prefers codecs that were trained for MS-SSIM."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from study.core import atomic_io

TOOL = Path(__file__).resolve().parents[2] / "tools/trained_for.py"


def run(path: Path, rows: list[dict], *options: str) -> subprocess.CompletedProcess:
    atomic_io.write_rows(path, list(rows[0]), rows)
    return subprocess.run([sys.executable, TOOL, path, *options], capture_output=True, text=True, check=False)


def rows(*codecs: str, image_set: str = "set") -> list[dict]:
    """Curves of which the codecs for MS-SSIM have the higher MS-SSIM and the lower PSNR."""
    return [
        {"image_set": image_set, "image": "a", "codec": codec, "quality": quality, "bpp": bpp}
        | {
            "psnr_rgb": 30 + quality - ("-msssim" in codec),
            "ms_ssim": 0.9 + quality / 100 + 0.01 * ("-msssim" in codec),
        }
        for codec in codecs
        for quality, bpp in enumerate((0.2, 0.6))
    ]


def test_each_metric_prefers_what_was_trained_for_it(tmp_path: Path) -> None:
    done = run(tmp_path / "rd.csv", rows("net-mse", "net-msssim", "jpeg"))
    assert "| `ms_ssim` | 2 | 2 | 100 % |\n| `psnr_rgb` | 0 | 2 | 0 % |" in done.stdout
    assert "Images: 1. Codecs: `net-*`." in done.stdout


def test_cells_are_compared_image_by_image_and_less_may_be_better(tmp_path: Path) -> None:
    given = [
        {"image_set": "set", "image": image, "codec": codec, "quality": quality, "bpp": 1, "bytes": size}
        | {"psnr_rgb": psnr, "lpips_alex": lpips}
        for codec, quality, size, scores in (
            ("gan", "lo", 101, [(30, 0.1), (29, 0.2), (31, "")]),
            ("net", "1", 100, [(31, 0.3), (30, 0.1), (30, 0.4)]),
        )
        for image, (psnr, lpips) in zip("abc", scores)
    ]
    done = run(tmp_path / "rd.csv", given, "--cells", "gan/lo", "net/1")
    assert "| `lpips_alex` | 1 | 2 | 50 % |\n| `psnr_rgb` | 1 | 3 | 33 % |" in done.stdout
    assert "Images: 3. `gan/lo` against `net/1` (+1.0 % of the bytes)." in done.stdout
    done = run(tmp_path / "rd.csv", given, "--cells", "gan/lo", "net/2")
    assert done.returncode == 1 and "rd.csv has no cell 'net/2'" in done.stderr and "Traceback" not in done.stderr


def test_tables_without_a_pair_or_of_two_sets_are_refused(tmp_path: Path) -> None:
    for given, message in (
        (rows("net-mse", "jpeg"), "nothing to compare"),
        (rows("net-mse") + rows("net-msssim", image_set="other"), "rd.csv must be of one image set"),
    ):
        done = run(tmp_path / "rd.csv", given)
        assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
