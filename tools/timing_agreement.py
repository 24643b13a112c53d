"""How far two runs of the timing rule agree: the median and the largest difference over the codecs, as Markdown.

To time a finished study again, move its timing.csv away, delete its folder timing/, and make the target `timing`:
`snakemake timing --workflow-profile profiles/default --configfile studies/kodak.yaml`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import columns, errors, readers

KEY = ("image_set", "codec", "quality", "image")
FIGURES = {"s": "wall clock, median of the calls", "s_lo": "wall clock, shortest call", "cpu_s": "processor, median"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs=2, metavar="CSV", help="timing.csv of the two runs")
    arguments = parser.parse_args()
    for line in lines(*(readers.table(path, "scripts/timing_table.py") for path in arguments.runs)):
        print(line)


def lines(first: Sequence[Mapping[str, str]], second: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """The table from the rows of both runs. Raises StudyError if they have no timed codec in common."""
    ours, theirs = ({tuple(row[name] for name in KEY): row for row in rows} for rows in (first, second))
    pairs = [(ours[key], theirs[key]) for key in ours if key in theirs]
    pairs = [pair for pair in pairs if all(row["status"] == "ok" for row in pair)]
    if not pairs:
        raise errors.StudyError("the two runs have timed nothing alike; give timing.csv of one study twice")
    yield "| stage | seconds | median difference | largest |"
    yield "| --- | --- | ---: | ---: |"
    for stage in columns.TIMING_STAGES:
        for figure, words in FIGURES.items():
            apart = {one["codec"]: _apart(one, other, f"{stage}_{figure}") for one, other in pairs}
            worst = max(apart, key=lambda codec: apart[codec])
            yield f"| {stage} | {words} | {statistics.median(apart.values()):.1%} | {apart[worst]:.0%} (`{worst}`) |"


def _apart(one: Mapping[str, str], other: Mapping[str, str], column: str) -> float:
    """The difference of two times as a part of their mean."""
    first, second = float(one[column]), float(other[column])
    return 2 * abs(first - second) / (first + second)


if __name__ == "__main__":
    errors.guarded(main)
