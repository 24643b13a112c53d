"""Encode the images of an image set with one codec at one quality."""

from __future__ import annotations

import argparse

from study.codecs import registry as codec_registry
from study.core import limits
from study.core.errors import guarded
from study.jobs import encode_decode
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_codec(parser)
    options.add_images(parser)
    options.add_job(parser, "encoded.csv", "bitstreams")
    limits.add_options(parser)
    arguments = parser.parse_args()
    codec = codec_registry.load(*options.codec(arguments))
    encode_decode.encode_set(codec, arguments.images, arguments.out, arguments.generation, limits.limit(arguments))


if __name__ == "__main__":
    guarded(main)
