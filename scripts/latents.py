"""Take the latents of an image set's pictures out of a learned codec at one quality."""

from __future__ import annotations

import argparse
from pathlib import Path

from study import commands
from study.errors import guarded
from study.latents import extract


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands.add_codec(parser)
    parser.add_argument(
        "--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="record to write (latents.csv); the arrays (.npz) are put beside it"
    )
    parser.add_argument("--remade", type=int, default=0, help="how often this job's lost files were made again")
    commands.add_limit(parser)
    arguments = parser.parse_args()
    codec = commands.learned(arguments)
    extract.extract_set(codec, arguments.images, arguments.out, arguments.remade, commands.limit(arguments))


if __name__ == "__main__":
    guarded(main)
