"""Draw the rate-distortion curves of an image set's means, a panel for each metric."""

from __future__ import annotations

import argparse

from study.errors import guarded
from study.figures import canvas, command, curves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    command.add_tables(parser, "means")
    command.add_images(parser)
    command.add_curves(parser)
    command.add_out(parser)
    arguments = parser.parse_args()
    rows = command.rows_of(arguments.means, arguments.set)
    count = rows[0]["n"]
    title = f"{arguments.set}: mean of {count} picture{'s' * (count != '1')} at each quality"
    looks, options = command.codecs(arguments.codecs), command.curve_options(arguments)
    figure = curves.figure(rows, looks, title, options, command.were_jpeg(arguments.images))
    canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
