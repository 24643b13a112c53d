"""Print the registry of the metrics: what exactly each name means. Or the metrics of an image: ORIGINAL IMAGE."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core.errors import guarded
from study.images import png
from study.metrics import registry as metric_registry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "pair", nargs="*", type=Path, metavar="PNG", help="an original and an image of it (8-bit RGB PNG)"
    )
    parser.add_argument("--csv", action="store_true", help="the registry as CSV, a row per metric with every field")
    parser.add_argument(
        "--engine",
        choices=metric_registry.ENGINES,
        default="fast",
        help="ours, or the libraries that define the metrics (default: %(default)s)",
    )
    parser.add_argument("--threads", type=int, default=1, help="of the filters (default: %(default)s)")
    arguments = parser.parse_args()
    if len(arguments.pair) == 2:
        show(*arguments.pair, arguments.engine, arguments.threads)
    elif arguments.pair:
        parser.error("give an original and an image of it, or neither")
    elif arguments.csv:
        rows = metric_registry.rows()
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        print(metric_registry.text(min(120, shutil.get_terminal_size().columns)))


def show(reference: Path, image: Path, engine: str, threads: int) -> None:
    """Print every metric of the registry of one image, a line each."""
    values, reasons = metric_registry.score(png.read(reference), png.read(image), engine=engine, threads=threads)
    width = max(map(len, metric_registry.REGISTRY))
    for name, metric in metric_registry.REGISTRY.items():
        shown = f"{values[name]!r} {metric.unit}".removesuffix(" 1") if name in values else f"none: {reasons[name]}"
        print(f"{name:<{width}} {shown}")


if __name__ == "__main__":
    guarded(main)
