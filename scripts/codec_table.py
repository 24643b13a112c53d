"""Table of learned codecs: parameters, operations per pixel, bytes of weights."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from study import codecs, commands, complexity, errors, files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specs", required=True, help="the codecs' entries by id, as JSON")
    parser.add_argument(
        "--cell", nargs=3, action="append", required=True, metavar=("ID", "QUALITY", "WEIGHTS"),
        help="a codec of the backend compressai, a quality and its file of weights; once for each",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, help="the table (CSV)")
    args = parser.parse_args()
    specs = json.loads(args.specs)
    cells = [codecs.load(name, commands.number(quality), specs[name], Path(path)) for name, quality, path in args.cell]
    files.write_rows(args.out, complexity.COLUMNS, [complexity.row(codec) for codec in cells])


if __name__ == "__main__":
    errors.guarded(main)
