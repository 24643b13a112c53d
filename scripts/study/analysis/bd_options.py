"""Command-line options of BD-rates."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from study.analysis import bd, bd_table
from study.core.errors import StudyError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what is compared, at which metrics, and how the curves are integrated."""
    add = parser.add_argument
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


def options(a: argparse.Namespace) -> bd_table.Options:
    """The options that were given. Raises StudyError for a scale that is not METRIC=SCALE."""
    return bd_table.Options(
        a.anchor, a.metrics, _pairs(a.scale), a.rate, a.methods, a.min_overlap, a.resamples, a.level, a.seed
    )


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    """`metric=scale` arguments as a mapping."""
    for text in texts:
        if text.count("=") != 1:
            raise StudyError(f"--scale {text!r} must be METRIC=SCALE, such as ms_ssim=identity")
    return dict(text.split("=") for text in texts)
