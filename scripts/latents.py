"""Take the latents of an image set's images out of a learned codec at one quality."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import limits
from study.core.errors import guarded
from study.jobs.latents import extract
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_codec(parser)
    parser.add_argument(
        "--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="record to write (latents.csv); the arrays (.npz) are put beside it"
    )
    parser.add_argument("--generation", type=int, default=0, help="how often this job's lost files were made again")
    limits.add_options(parser)
    arguments = parser.parse_args()
    codec = options.learned(arguments)
    extract.extract_set(codec, arguments.images, arguments.out, arguments.generation, limits.limit(arguments))


if __name__ == "__main__":
    guarded(main)
