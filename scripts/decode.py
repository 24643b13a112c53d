"""Decode the bitstreams of an encode job, from the bitstreams alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.codecs import targeted
from study.core import limits
from study.core.errors import guarded
from study.jobs import encode_decode
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_codec(parser)
    parser.add_argument("--encoded", type=Path, required=True, help="record of the encode job (…/encoded.csv)")
    options.add_job(parser, "decoded.csv", "images")
    limits.add_options(parser)
    arguments = parser.parse_args()
    codec = targeted.load(*options.codec(arguments))
    encode_decode.decode_set(codec, arguments.encoded, arguments.out, arguments.generation, limits.limit(arguments))


if __name__ == "__main__":
    guarded(main)
