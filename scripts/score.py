"""Score decoded images against their originals; or print the metrics of one image: score.py ORIGINAL PICTURE."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core.errors import guarded
from study.images import png
from study.jobs import scoring
from study.metrics import registry as metric_registry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "pair", nargs="*", type=Path, metavar="PNG", help="an original and an image of it (8-bit RGB PNG)"
    )
    parser.add_argument("--images", type=Path, help="record of the image set (results/images/<set>/images.csv)")
    parser.add_argument("--decoded", type=Path, help="record of the decode job (…/decoded.csv)")
    parser.add_argument("--out", type=Path, help="record to write (CSV): a row per image, a column per metric")
    parser.add_argument(
        "--engine",
        choices=metric_registry.ENGINES,
        default="fast",
        help="ours, or sewar and pytorch-msssim (default: %(default)s)",
    )
    parser.add_argument("--threads", type=int, default=1, help="of the filters (default: %(default)s)")
    arguments = parser.parse_args()
    records = (arguments.images, arguments.decoded, arguments.out)
    if all(records) and not arguments.pair:
        scoring.score_set(*records, arguments.engine, arguments.threads)
    elif len(arguments.pair) == 2 and not any(records):
        show(*arguments.pair, arguments.engine, arguments.threads)
    else:
        parser.error("give either --images, --decoded and --out, or an original and an image")


def show(reference: Path, picture: Path, engine: str, threads: int) -> None:
    """Print every metric of the registry of one image, a line each."""
    values, reasons = metric_registry.score(png.read(reference), png.read(picture), engine=engine, threads=threads)
    for name, metric in metric_registry.REGISTRY.items():
        shown = f"{values[name]!r} {metric.unit}".removesuffix(" 1") if name in values else f"none: {reasons[name]}"
        print(f"{name:<13} {shown}")


if __name__ == "__main__":
    guarded(main)
