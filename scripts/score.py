"""Score the decoded images of a cell against their originals, by the metrics of one group.

`metrics.py ORIGINAL IMAGE` prints the metrics of one image.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import limits
from study.core.errors import guarded
from study.jobs import scoring
from study.metrics import engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)"
    )
    parser.add_argument("--decoded", type=Path, required=True, help="record of the decode job (…/decoded.csv)")
    parser.add_argument(
        "--out", type=Path, required=True, help="record to write (CSV): a row per image, a column per metric"
    )
    scoring.add_options(parser)
    limits.add_options(parser)
    arguments = parser.parse_args()
    recipes = engine.recipes(arguments.metrics)
    records = (arguments.images, arguments.decoded, arguments.out)
    scoring.score_set(*records, recipes, arguments.engine, arguments.threads, limits.limit(arguments))


if __name__ == "__main__":
    guarded(main)
