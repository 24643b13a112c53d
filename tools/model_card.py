"""Write the results in the model card of the bundled codecs (models/README.md) from a finished study of them.

The study is studies/zoo.yaml, or another that has JPEG and bundled codecs on Kodak.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import bd as bd_figures
from study.core import atomic_io, errors, paths, readers
from study.training import recipes

HEADING = "## Results\n"
ANCHOR = "jpeg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--study", type=Path, default=Path("results/studies/zoo"), help="folder of its tables (default: %(default)s)"
    )
    parser.add_argument("--card", type=Path, default=paths.ROOT / "models" / "README.md", help="file to write to")
    arguments = parser.parse_args()
    try:
        tables = [
            readers.read_rows(arguments.study / f"{name}.csv") for name in ("means", "bd", "complexity", "claims")
        ]
        card = arguments.card.read_text(encoding="utf-8")
    except OSError as error:
        raise errors.StudyError(
            f"can't read {error.filename}: {error.strerror}; run studies/zoo.yaml to its end"
        ) from None
    head = card.split(HEADING)[0]
    atomic_io.write_text(arguments.card, head + HEADING + "\n" + "\n".join(results(*tables)) + "\n")


def results(
    means: Sequence[Mapping], bd: Sequence[Mapping], sizes: Sequence[Mapping], claims: Sequence[Mapping]
) -> list:
    """The lines of the card's results."""
    return [
        "Means over the 24 Kodak images, real bitstreams, whole files, by `studies/zoo.yaml`; written by",
        "`python tools/model_card.py`. BD-rate against JPEG (Pillow, 4:2:0) (mean over the images, PCHIP), with",
        "Student's 95 % interval over the images; negative is better. Beside it the gain in quality at equal rate,",
        "over the qualities (below JPEG's lowest rate, over its first point). MS-SSIM is the Gaussian one, in decibels",
        "−10 log10(1 − MS-SSIM) where it says so.",
        "",
        "| id | bpp | BD-rate, PSNR | BD-rate, MS-SSIM | PSNR at equal rate | MS-SSIM at equal rate |",
        "| --- | --- | --- | --- | --- | --- |",
        *_families(means, bd),
        "",
        "| id | quality | λ | steps | parameters | file, MB | kMAC/pixel, encode / decode | bpp | PSNR, dB | MS-SSIM |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *_models(means, sizes),
        "",
        "The claims of `catalogue/claims.yaml` that these codecs can test:",
        "",
        *(
            f"- {row['text']} **{row['verdict']}**"
            for row in claims
            if row.get("weights") == "bundled" and row["verdict"] != "not tested"
        ),
    ]


def _families(means: Sequence[Mapping], bd: Sequence[Mapping]) -> Iterator[str]:
    anchor = _curve(means, ANCHOR)
    for name in dict.fromkeys(row["codec"] for row in means if row["codec"] != ANCHOR):
        own = _curve(means, name)
        gains = [own[:, column] - np.interp(own[:, 0], anchor[:, 0], anchor[:, column]) for column in (1, 2)]
        rates = f"{own[0, 0]:.2f}–{own[-1, 0]:.2f}"
        gains_text = " | ".join(f"{gain.min():+.2f} … {gain.max():+.2f} dB" for gain in gains)
        yield f"| `{name}` | {rates} | {_bd(bd, name, 'psnr_rgb')} | {_bd(bd, name, 'ms_ssim')} | {gains_text} |"


def _curve(means: Sequence[Mapping], codec: str) -> np.ndarray:
    """bpp, PSNR, MS-SSIM in dB of a codec's qualities, by rate."""
    rows = [row for row in means if row["codec"] == codec]
    if not rows:
        raise errors.StudyError(f"the study has no codec {codec}")
    points = [(float(row["bpp"]), float(row["psnr_rgb"]), -10 * math.log10(1 - float(row["ms_ssim"]))) for row in rows]
    return np.array(sorted(points))


def _bd(bd: Sequence[Mapping], codec: str, metric: str) -> str:
    for row in bd:
        if (row["codec"], row["metric"], row["over"], row["method"]) == (
            codec,
            metric,
            bd_figures.OVER,
            bd_figures.METHOD,
        ):
            if not row["bd_rate"]:
                return f"– ({row['reason']})"
            low, high = (f"{float(row[f'bd_rate_{side}']):.1f}" for side in ("lo", "hi"))
            return f"{float(row['bd_rate']):.1f} % [{low}, {high}]"
    return "–"


def _models(means: Sequence[Mapping], sizes: Sequence[Mapping]) -> Iterator[str]:
    known = recipes.load()
    size_of = {(row["codec"], row["quality"]): row for row in sizes}
    for row in means:
        if row["codec"] not in known:
            continue
        recipe = recipes.entry(known, row["codec"], row["quality"])
        size = size_of[row["codec"], row["quality"]]
        costs = " / ".join(f"{float(size[f'{side}_kmac_per_pixel']):.1f}" for side in ("encode", "decode"))
        yield (
            f"| `{row['codec']}` | {row['quality']} | {recipe.lam:g} | {recipe.steps} | "
            f"{float(size['parameters']) / 1000:.0f} k | {float(size['model_bytes']) / 1e6:.2f} | {costs} | "
            f"{float(row['bpp']):.3f} | {float(row['psnr_rgb']):.2f} | {float(row['ms_ssim']):.4f} |"
        )


if __name__ == "__main__":
    errors.guarded(main)
