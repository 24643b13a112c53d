"""Evaluate the answers of a study's opinion test: the scale of codecs, the observers, the metrics' agreement."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis.opinions import answers, tables
from study.core import atomic_io, readers
from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--rd", type=Path, required=True, help="rd.csv of the study, from aggregate.py")
    add("--answers", type=Path, nargs="+", required=True, metavar="JSON", help="files that the test's page saved")
    add("--metrics", nargs="+", required=True, metavar="METRIC", help="columns of rd.csv to compare with the scale")
    add("--least-traps", type=float, default=0.75, help="least share of traps of an observer who counts (%(default)s)")
    add("--resamples", type=int, default=1000, help="of the bootstrap over observers and pairs (%(default)s)")
    add("--seed", type=int, default=0, help="of the bootstrap (%(default)s)")
    add("--out", type=Path, required=True, help="folder for opinions_scale.csv, _observers.csv and _metrics.csv")
    arguments = parser.parse_args()
    rows = readers.table(arguments.rd, "scripts/aggregate.py")
    sheets = answers.read_all(arguments.answers, rows)
    observers = tables.observers(sheets, arguments.least_traps)
    counted = tables.counted(sheets, observers)
    drawn = arguments.resamples, arguments.seed
    scale, metrics = tables.scale_and_metrics(counted, rows, arguments.metrics, *drawn)
    atomic_io.write_rows(arguments.out / "opinions_scale.csv", tables.SCALE, scale)
    atomic_io.write_rows(arguments.out / "opinions_observers.csv", tables.OBSERVERS, observers)
    atomic_io.write_rows(arguments.out / "opinions_metrics.csv", tables.METRICS, metrics)


if __name__ == "__main__":
    guarded(main)
