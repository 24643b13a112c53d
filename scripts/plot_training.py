"""Draw how the trainings of one model went: loss, rate and distortion over the steps, a line for each quality."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core.errors import guarded
from study.figures import canvas, options, training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tables", type=Path, nargs="+", required=True, metavar="CSV",
        help="tables of training (results/training/<model>/<quality>.csv); a line is called by its file's name",
    )  # fmt: skip
    parser.add_argument("--title", default="", help="the figure's title, the model's id for example")
    options.add_out(parser)
    arguments = parser.parse_args()
    tables = {path.stem: options.read(path, training.COLUMNS) for path in arguments.tables}
    if len(tables) < len(arguments.tables):
        parser.error("--tables: two files have the same name")
    with canvas.on(options.paper_of(arguments)):
        canvas.save(training.figure(arguments.title, tables), canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
