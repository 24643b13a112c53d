"""Compare every codec of a study with every other, head to head: BD-rates over the range that the two cover."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis import head_to_head
from study.core import atomic_io, readers
from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rd", type=Path, required=True, help="rd.csv of the study, from aggregate.py")
    parser.add_argument("--metrics", nargs="+", required=True, metavar="METRIC", help="columns of rd.csv")
    parser.add_argument(
        "--min-overlap",
        type=float,
        default=0.5,
        help="least overlap, as a share of the narrower curve's range (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True, help="table to write (head_to_head.csv)")
    arguments = parser.parse_args()
    rows = readers.table(arguments.rd, "scripts/aggregate.py")
    compared = head_to_head.table(rows, arguments.metrics, arguments.min_overlap)
    atomic_io.write_rows(arguments.out, head_to_head.COLUMNS, compared)


if __name__ == "__main__":
    guarded(main)
