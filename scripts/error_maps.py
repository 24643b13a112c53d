"""Draw FLIP's error map of each decoded image of a cell against its original."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import limits
from study.core.errors import guarded
from study.jobs import error_maps
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)"
    )
    parser.add_argument("--decoded", type=Path, required=True, help="record of the decode job (…/decoded.csv)")
    options.add_job(parser, "flip.csv", "maps")
    limits.add_options(parser)
    arguments = parser.parse_args()
    limit = limits.limit(arguments)
    error_maps.map_set(arguments.images, arguments.decoded, arguments.out, arguments.generation, limit)


if __name__ == "__main__":
    guarded(main)
