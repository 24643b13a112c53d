"""Draw FLIP's error map of each decoded image of a cell against its original."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import limits
from study.core.errors import guarded
from study.jobs import error_maps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)"
    )
    parser.add_argument("--decoded", type=Path, required=True, help="record of the decode job (…/decoded.csv)")
    parser.add_argument("--out", type=Path, required=True, help="record to write (flip.csv); the maps lie beside it")
    limits.add_options(parser)
    arguments = parser.parse_args()
    error_maps.map_set(arguments.images, arguments.decoded, arguments.out, limits.limit(arguments))


if __name__ == "__main__":
    guarded(main)
