"""Time one codec at one quality: repeated calls on one core, a few images of a set. Run nothing else meanwhile."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis.provenance import processor
from study.codecs import registry as codec_registry
from study.core import limits
from study.core.errors import guarded
from study.jobs import timing
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_codec(parser)
    add = parser.add_argument
    add("--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)")
    add("--count", type=int, default=2, help="how many of its images, from the first on (default: %(default)s)")
    add("--repeats", type=int, default=5, help="how often each is encoded and decoded (default: %(default)s)")
    add("--out", type=Path, required=True, help="record to write (CSV)")
    add("--generation", type=int, default=0, help="has no meaning here: a timing makes no files that could be lost")
    limits.add_options(parser)
    given = parser.parse_args()
    timing.time_set(
        codec_registry.load(*options.codec(given)),
        given.images,
        given.out,
        count=given.count,
        repeats=given.repeats,
        machine=processor(),
        limit=limits.limit(given),
    )


if __name__ == "__main__":
    guarded(main)
