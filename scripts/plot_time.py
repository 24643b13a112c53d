"""Draw what a better codec costs in time: BD-rate against seconds per megapixel, and these against the rate."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core.errors import guarded
from study.figures import bd_rate, canvas, curves, options, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_tables(parser, "rd", "means")
    parser.add_argument("--bd", type=Path, metavar="CSV", help="the study's bd.csv; without it, no BD-rate is drawn")
    parser.add_argument(
        "--timing",
        type=Path,
        metavar="CSV",
        help="the study's timing.csv; without it, the seconds of its jobs are drawn",
    )
    parser.add_argument("--metric", metavar="METRIC", help="metric of the BD-rate (default: the first in bd.csv)")
    options.add_bd(parser)
    options.add_rate(parser)
    options.add_out(parser)
    arguments = parser.parse_args()
    rates = None
    if arguments.bd is not None:
        rows = options.bd_rows(arguments.bd, arguments.set)
        rates = bd_rate.against(rows, arguments.metric, arguments.over, arguments.method) if rows else None
    means = options.rows_of(arguments.means, arguments.set)
    megapixels, source = options.mean_megapixels(options.rows_of(arguments.rd, arguments.set)), times.LOGGED
    if arguments.timing is not None:
        means, megapixels, source = times.timed(means, options.rows_of(arguments.timing, arguments.set))
    drawing = curves.Options(rate_axis=arguments.rate_axis, max_bpp=arguments.max_bpp)
    figure = times.figure(means, megapixels, options.codecs(arguments.codecs), rates, drawing, source)
    canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
