"""Gather the records of a study's cells into its tables: rd.csv, rd.parquet, means.csv and codecs.csv.

The plan is a JSON object with the keys `sets` (for each image set its parts, {"kodak": ["kodak"]}), `codecs` (for each
id its entry in the catalogue, with the `qualities` of this study) and `metrics` (columns of the score records).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from study.analysis import cells, means
from study.core import atomic_io, readers
from study.core import columns as core_columns
from study.core.errors import guarded


def aggregate(results: Path, plan: dict, out: Path) -> list[dict]:
    """Write the four tables into the folder `out`; the rows of rd.csv are returned."""
    metrics = cells.check_plan(plan)["metrics"]
    rows = cells.rd_rows(results, plan)
    columns = core_columns.rd_columns(metrics)
    atomic_io.write_rows(out / "rd.csv", columns, rows)
    means.write_parquet(out / "rd.parquet", columns, rows)
    atomic_io.write_rows(out / "means.csv", means.mean_columns(metrics), means.means(rows, metrics))
    atomic_io.write_rows(out / "codecs.csv", means.CODEC_COLUMNS, means.codec_rows(rows, plan["codecs"]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="folder of the records (default: results)"
    )
    parser.add_argument("--plan", required=True, metavar="FILE", help="what the study consists of (JSON)")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write the tables to (results/studies/<study>)"
    )
    arguments = parser.parse_args()
    plan = readers.plan(arguments.plan)
    rows = aggregate(arguments.results, plan, arguments.out)
    for line in means.gaps(rows, plan["metrics"]):
        print(line, file=sys.stderr)


if __name__ == "__main__":
    guarded(main)
