"""Compare a study's codecs with anchors: BD-rate and BD-metric per image and over each set, with intervals."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis import bd_options, bd_table
from study.core import atomic_io, readers
from study.core.errors import StudyError, guarded


def read_rd(path: Path) -> list[dict[str, str]]:
    """The rows of rd.csv. Raises StudyError where it can't be read."""
    try:
        return readers.read_rows(path)
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; scripts/aggregate.py writes it") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--rd", type=Path, required=True, help="rd.csv of the study, from aggregate.py")
    add("--out", type=Path, required=True, help="table to write (bd.csv)")
    bd_options.add_options(parser)
    a = parser.parse_args()
    comparisons = bd_table.table(read_rd(a.rd), bd_options.options(a))
    atomic_io.write_rows(a.out, bd_table.COLUMNS, comparisons)
    print(bd_table.readable(comparisons))


if __name__ == "__main__":
    guarded(main)
