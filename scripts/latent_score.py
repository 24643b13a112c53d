"""Score the decoded images of edited latents against the images that were edited."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import limits
from study.core.errors import guarded
from study.jobs import scoring
from study.jobs.latents import score as score_job
from study.metrics import engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)"
    )
    parser.add_argument("--edited", type=Path, required=True, help="record of the edit job (encoded.csv)")
    parser.add_argument("--decoded", type=Path, required=True, help="record of the decode job (decoded.csv)")
    parser.add_argument("--out", type=Path, required=True, help="record to write (CSV): a row per edited image")
    scoring.add_options(parser)
    limits.add_options(parser)
    arguments = parser.parse_args()
    records = (arguments.images, arguments.edited, arguments.decoded, arguments.out)
    recipes = engine.recipes(arguments.metrics)
    score_job.score_set(*records, recipes, arguments.engine, arguments.threads, limits.limit(arguments))


if __name__ == "__main__":
    guarded(main)
