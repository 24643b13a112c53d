"""Write a study's means as a table in Markdown."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import atomic_io, readers
from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--means", type=Path, required=True, help="the study's means.csv")
    parser.add_argument("--metric", required=True, help="column of means.csv")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    arguments = parser.parse_args()
    columns = ("image_set", "codec", "quality", "bpp", arguments.metric)
    rows = [[row[column] for column in columns] for row in readers.table(arguments.means, "scripts/aggregate.py")]
    lines = [columns, ["---"] * len(columns), *rows]
    atomic_io.write_text(arguments.out, "".join(f"| {' | '.join(line)} |\n" for line in lines))


if __name__ == "__main__":
    guarded(main)
