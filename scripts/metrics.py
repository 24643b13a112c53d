"""Print the registry of the metrics: what exactly each name means."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys

from study.core.errors import guarded
from study.metrics import registry as metric_registry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", action="store_true", help="as CSV, a row per metric with every field")
    if parser.parse_args().csv:
        rows = metric_registry.rows()
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        print(metric_registry.text(min(120, shutil.get_terminal_size().columns)))


if __name__ == "__main__":
    guarded(main)
