"""Take the latents of an image set's images out of a learned codec at one quality."""

from __future__ import annotations

import argparse

from study.core import limits
from study.core.errors import guarded
from study.jobs.latents import extract
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_codec(parser)
    options.add_images(parser)
    options.add_job(parser, "latents.csv", "arrays (.npz)")
    limits.add_options(parser)
    arguments = parser.parse_args()
    codec = options.learned(arguments)
    extract.extract_set(codec, arguments.images, arguments.out, arguments.generation, limits.limit(arguments))


if __name__ == "__main__":
    guarded(main)
