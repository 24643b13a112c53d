"""Draw the rate-distortion curves of an image set's means, a panel for each metric."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import readers
from study.core.errors import guarded
from study.figures import canvas, curves, image_notes
from study.figures import options as figures_options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    figures_options.add_tables(parser, "means")
    figures_options.add_images(parser)
    figures_options.add_curves(parser)
    parser.add_argument(
        "--published",
        type=Path,
        metavar="CSV",
        help="the study's published.csv: its drawn curves are shown as thin lines",
    )
    figures_options.add_out(parser)
    arguments = parser.parse_args()
    rows = figures_options.rows_of(arguments.means, arguments.set)
    count = rows[0]["n"]
    title = f"{arguments.set}: mean of {count} image{'s' * (count != '1')} at each quality"
    looks, options = figures_options.codecs(arguments.codecs), figures_options.curve_options(arguments)
    published = [] if arguments.published is None else readers.table(arguments.published, "scripts/published.py")
    lines = [row for row in published if row["image_set"] == arguments.set and row["drawn"] == "yes"]
    with canvas.on(figures_options.paper_of(arguments)):
        figure = curves.figure(rows, looks, title, options, image_notes.of(arguments.images), lines)
        canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
