"""Draw the scale of codecs by an image set's opinion test, and how each metric agrees with it."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core.errors import guarded
from study.figures import canvas, opinions, options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_tables(parser)
    add = parser.add_argument
    add("--scale", type=Path, required=True, metavar="CSV", help="the study's opinions_scale.csv")
    add("--opinion-metrics", type=Path, required=True, metavar="CSV", help="the study's opinions_metrics.csv")
    options.add_out(parser)
    arguments = parser.parse_args()
    tables = [
        [row for row in options.read(path, ("image_set", "rate")) if row["image_set"] == arguments.set]
        for path in (arguments.scale, arguments.opinion_metrics)
    ]
    with canvas.on(options.paper_of(arguments)):
        figure = opinions.figure(arguments.set, *tables, options.codecs(arguments.codecs))
        canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
