"""Print the ledger of the metrics: what exactly each name means."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys

from study import metrics
from study.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", action="store_true", help="as CSV, a row per metric with every field")
    if parser.parse_args().csv:
        rows = metrics.rows()
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        print(metrics.text(min(120, shutil.get_terminal_size().columns)))


if __name__ == "__main__":
    guarded(main)
