"""Say whether every cell of a study has its value: the last job of a study. A failed cell ends it with an error."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from study.core import atomic_io, outcome, readers
from study.core.errors import StudyError, guarded


def check_cells(rd: Path, out: Path) -> None:
    """Write to `out` how many cells have values and which lack them, and why. Raises StudyError if any cell failed."""
    rows = readers.read_rows(rd)
    for row in rows[:1]:
        outcome.check(row, rd)
    failed = [row for row in rows if row["status"] == outcome.FAILED]
    if failed:
        lines = [
            f"  {row['image_set']}/{row['image']} {row['codec']} {row['quality']}: {outcome.in_words(row)}"
            for row in failed
        ]
        raise StudyError(
            f"{len(failed)} of {len(rows)} cells failed; tables and figures show the others.\n"
            + "\n".join(lines)
            + "\nThe next run tries them again."
        )
    missing = Counter((row["codec"], outcome.in_words(row)) for row in rows if not outcome.is_ok(row))
    summary = [f"{sum(map(outcome.is_ok, rows))} of {len(rows)} cells have values"]
    summary += [f"{codec}: {count} cells {reason}" for (codec, reason), count in sorted(missing.items())]
    atomic_io.write_text(out, "\n".join(summary) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rd", type=Path, required=True, help="the study's rd.csv")
    parser.add_argument("--out", type=Path, required=True, help="file to write the summary to")
    arguments = parser.parse_args()
    check_cells(arguments.rd, arguments.out)


if __name__ == "__main__":
    guarded(main)
