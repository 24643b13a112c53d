"""Score the decoded pictures of edited latents against the pictures that were edited."""

from __future__ import annotations

import argparse
from pathlib import Path

from study import metrics
from study.errors import guarded
from study.latents import score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)"
    )
    parser.add_argument("--edited", type=Path, required=True, help="record of the edit job (encoded.csv)")
    parser.add_argument("--decoded", type=Path, required=True, help="record of the decode job (decoded.csv)")
    parser.add_argument("--out", type=Path, required=True, help="record to write (CSV): a row per edited picture")
    parser.add_argument(
        "--engine",
        choices=metrics.ENGINES,
        default="fast",
        help="ours, or sewar and pytorch-msssim (default: %(default)s)",
    )
    arguments = parser.parse_args()
    score.score_set(arguments.images, arguments.edited, arguments.decoded, arguments.out, arguments.engine)


if __name__ == "__main__":
    guarded(main)
