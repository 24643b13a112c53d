"""Draw how far metrics agree on the order of codecs at equal rate, and on the order of images within a codec."""

from __future__ import annotations

import argparse

from study.analysis import rank_agreement as analysis
from study.core.errors import guarded
from study.figures import canvas, options, rank_agreement


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_tables(parser, "rd")
    parser.add_argument("--metrics", nargs="+", required=True, metavar="METRIC", help="metrics to compare")
    options.add_out(parser)
    arguments = parser.parse_args()
    rows = options.rows_of(arguments.rd, arguments.set)
    orders = (order(rows, arguments.metrics) for order in (analysis.codecs_order, analysis.images_order))
    with canvas.on(options.paper_of(arguments)):
        figure = rank_agreement.figure(arguments.set, arguments.metrics, *orders)
        canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
