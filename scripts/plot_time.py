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
    parser.add_argument("--metric", metavar="METRIC", help="metric of the BD-rate (default: the first in bd.csv)")
    options.add_bd(parser)
    options.add_rate(parser)
    options.add_out(parser)
    arguments = parser.parse_args()
    rates = None
    if arguments.bd is not None:
        rows = options.bd_rows(arguments.bd, arguments.set)
        rates = bd_rate.against(rows, arguments.metric, arguments.over, arguments.method) if rows else None
    figure = times.figure(
        options.rows_of(arguments.means, arguments.set),
        options.mean_megapixels(options.rows_of(arguments.rd, arguments.set)),
        options.codecs(arguments.codecs),
        rates,
        curves.Options(rate_axis=arguments.rate_axis, max_bpp=arguments.max_bpp),
    )
    canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
