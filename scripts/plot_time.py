"""Draw what a better codec costs in time: BD-rate against seconds per megapixel, and these against the rate."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core.errors import guarded
from study.figures import bd_rate, canvas, curves, options, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_tables(parser, "means")
    parser.add_argument("--bd", type=Path, metavar="CSV", help="the study's bd.csv; without it, no BD-rate is drawn")
    parser.add_argument(
        "--timing",
        type=Path,
        metavar="CSV",
        help="the study's timing.csv; without it, the figure tells that there are no times",
    )
    parser.add_argument("--metric", metavar="METRIC", help="metric of the BD-rate (default: the first in bd.csv)")
    options.add_bd(parser)
    options.add_rate(parser)
    options.add_out(parser)
    arguments = parser.parse_args()
    if arguments.timing is None:
        with canvas.on(options.paper_of(arguments)):
            canvas.save(times.none(arguments.set), canvas.paths(arguments.out))
        return
    rates = None
    if arguments.bd is not None:
        rows = options.bd_rows(arguments.bd, arguments.set)
        rates = bd_rate.against(rows, arguments.metric, arguments.over, arguments.method) if rows else None
    timed = times.timed(
        options.rows_of(arguments.means, arguments.set), options.rows_of(arguments.timing, arguments.set)
    )
    drawing = curves.Options(rate_axis=arguments.rate_axis, max_bpp=arguments.max_bpp)
    with canvas.on(options.paper_of(arguments)):
        figure = times.figure(*timed, options.codecs(arguments.codecs), rates, drawing)
        canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
