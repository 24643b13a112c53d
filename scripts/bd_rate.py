"""Compare a study's codecs with anchors: BD-rate and BD-metric per image and over each set, with intervals."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from study.analysis import bd, bd_table
from study.core import atomic_io, readers
from study.core.errors import StudyError, guarded


def read_rd(path: Path) -> list[dict[str, str]]:
    """The rows of rd.csv. Raises StudyError where it can't be read."""
    try:
        return readers.read_rows(path)
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; scripts/aggregate.py writes it") from None


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """`metric=scale` arguments as a mapping."""
    for text in texts:
        if text.count("=") != 1:
            raise StudyError(f"--scale {text!r} must be METRIC=SCALE, such as ms_ssim=identity")
    return dict(text.split("=") for text in texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--rd", type=Path, required=True, help="rd.csv of the study, from aggregate.py")
    add("--out", type=Path, required=True, help="table to write (bd.csv)")
    add("--anchor", nargs="+", required=True, metavar="CODEC", help="codecs that all others are compared with, each")
    add("--metrics", nargs="+", required=True, help="metrics to compare at: columns of rd.csv")
    add(
        "--scale",
        nargs="+",
        default=[],
        metavar="METRIC=SCALE",
        help="scale of a metric: identity, or db, -10 log10(1 - x); the SSIM family has db by default",
    )
    add("--rate", choices=bd_table.RATES, default="bpp", help="whole files (default) or their entropy-coded payload")
    add(
        "--methods",
        nargs="+",
        choices=bd.METHODS,
        default=bd.METHODS,
        help="interpolation of the curves (default: both)",
    )
    add(
        "--min-overlap",
        type=float,
        default=0.5,
        help="least overlap, as a share of the narrower curve's range (default: 0.5)",
    )
    add("--resamples", type=int, default=1000, help="bootstrap resamples of the images (default: 1000)")
    add("--level", type=float, default=0.95, help="confidence level of the intervals (default: 0.95)")
    add("--seed", type=int, default=0, help="seed of the bootstrap (default: 0)")
    a = parser.parse_args()
    options = bd_table.Options(
        a.anchor, a.metrics, pairs(a.scale), a.rate, a.methods, a.min_overlap, a.resamples, a.level, a.seed
    )
    comparisons = bd_table.table(read_rd(a.rd), options)
    atomic_io.write_rows(a.out, bd_table.COLUMNS, comparisons)
    print(bd_table.readable(comparisons))


if __name__ == "__main__":
    guarded(main)
