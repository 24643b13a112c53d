"""Join the timings of a study's cells to one table, timing.csv.

The plan is a JSON list: `image_set`, `codec`, `quality` and `records` (of timing.py, one for each round) of each cell.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis import timing
from study.core import atomic_io, readers
from study.core.errors import guarded

CELL = ("image_set", "codec", "quality")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", required=True, metavar="FILE", help="the plan (JSON)")
    parser.add_argument("--out", type=Path, required=True, help="table to write (timing.csv)")
    arguments = parser.parse_args()
    rows = [
        {name: cell[name] for name in CELL} | timing.joined(rounds)
        for cell in readers.plan(arguments.plan)["cells"]
        for rounds in zip(*(readers.table(Path(path), "scripts/timing.py") for path in cell["records"]), strict=True)
    ]
    atomic_io.write_rows(arguments.out, timing.COLUMNS, rows)


if __name__ == "__main__":
    guarded(main)
