"""Draw the BD-rates of an image set as bars, a row for each codec and a panel for each metric."""

from __future__ import annotations

import argparse

from study.errors import guarded
from study.figures import bars, canvas, command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    command.add_tables(parser, "bd")
    parser.add_argument("--metrics", nargs="+", metavar="METRIC", help="metrics to draw (default: all in bd.csv)")
    command.add_bd(parser)
    command.add_out(parser)
    arguments = parser.parse_args()
    rows = command.bd_rows(arguments.bd, arguments.set)
    codecs = command.codecs(arguments.codecs)
    figure = bars.figure(rows, codecs, arguments.metrics, arguments.over, arguments.method)
    canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
