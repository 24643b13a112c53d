"""Decode the bitstreams of an encode job, from the bitstreams alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from study import codecs, coding, commands
from study.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands.add_codec(parser)
    parser.add_argument("--encoded", type=Path, required=True, help="record of the encode job (…/encoded.csv)")
    parser.add_argument(
        "--out", type=Path, required=True, help="record to write (decoded.csv); the pictures are put beside it"
    )
    parser.add_argument("--remade", type=int, default=0, help="how often this job's lost files were made again")
    commands.add_limit(parser)
    arguments = parser.parse_args()
    codec = codecs.load(*commands.codec(arguments))
    coding.decode_set(codec, arguments.encoded, arguments.out, arguments.remade, commands.limit(arguments))


if __name__ == "__main__":
    guarded(main)
