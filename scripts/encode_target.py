"""Encode the images of an image set with one codec, each at the parameter that reaches a target.

The quality is a target such as psnr_rgb=35, ssimulacra2=70+-0.5 or bpp=0.5+-0.01; the tolerance is 0.1 if it is left
out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import limits
from study.core.errors import guarded
from study.jobs import encode_decode, target_search
from study.metrics import engine
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_codec(parser)
    add = parser.add_argument
    add("--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)")
    add("--out", type=Path, required=True, help="record to write (encoded.csv); the bitstreams are put beside it")
    add("--generation", type=int, default=0, help="how often this job's lost files were made again")
    add("--metrics", default="{}", metavar="JSON", help="recipe of the target's metric (`registry.recipes`)")
    add("--less-is-better", action="store_true", help="of the target's metric less is better")
    limits.add_options(parser)
    given = parser.parse_args()
    recipes, sign = engine.recipes(given.metrics), -1 if given.less_is_better else 1
    codec = target_search.Searched(*options.codec(given), recipes=recipes, sign=sign)
    encode_decode.encode_set(codec, given.images, given.out, given.generation, limits.limit(given))


if __name__ == "__main__":
    guarded(main)
