"""Table of the learned codecs of a study: parameters, operations per pixel, bytes of weights.

The plan is a JSON object: for each codec id its `spec` (backend and settings) and `weights` (their files by quality).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.codecs import base
from study.codecs import registry as codec_registry
from study.codecs.compressai import complexity
from study.core import atomic_io, errors, paths, readers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", required=True, metavar="FILE", help="the plan (JSON)")
    parser.add_argument("--out", type=Path, required=True, help="the table (CSV)")
    arguments = parser.parse_args()
    atomic_io.write_rows(arguments.out, complexity.COLUMNS, [complexity.row(codec) for codec in cells(arguments.plan)])


def cells(plan: str) -> list[base.LearnedCodec]:
    """The codecs of a plan. Raises StudyError for a plan that can't be read, and for missing weights."""
    given = readers.plan(plan)
    try:
        listed = [
            (name, readers.number(quality), codec_registry.CodecSpec(**entry["spec"]), paths.resolved(path))
            for name, entry in given.items()
            for quality, path in entry["weights"].items()
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.StudyError(f"the plan {plan} doesn't say which codecs there are: {error!r}; see --help") from None
    for name, quality, _, weights in listed:
        if not weights.is_file():
            raise errors.StudyError(f"codec {name}, quality {quality}: the weights {weights} are missing")
    return [codec_registry.load(*cell) for cell in listed]


if __name__ == "__main__":
    errors.guarded(main)
