"""Draw the BD-rates of an image set as bars, a row for each codec and a panel for each metric."""

from __future__ import annotations

import argparse

from study.core.errors import guarded
from study.figures import bd_rate, canvas, image_notes, options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_tables(parser, "bd")
    parser.add_argument("--metrics", nargs="+", metavar="METRIC", help="metrics to draw (default: all in bd.csv)")
    options.add_images(parser)
    options.add_bd(parser)
    options.add_out(parser)
    arguments = parser.parse_args()
    rows = options.bd_rows(arguments.bd, arguments.set)
    codecs = options.codecs(arguments.codecs)
    notes = image_notes.of(arguments.images)
    with canvas.on(options.paper_of(arguments)):
        figure = bd_rate.figure(rows, codecs, arguments.metrics, arguments.over, arguments.method, notes)
        canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
