"""Draw the figures of an experiment on latents: those of an image set's images with one codec at one quality."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import paths, readers, typed
from study.core.errors import guarded
from study.figures.latents import drawing
from study.figures.latents.records import FigurePlan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--figures",
        required=True,
        metavar="FILE",
        help="JSON: the job and its figures, as study.planning.latents.figures makes it",
    )
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="where the records are (default: %(default)s)"
    )
    parser.add_argument(
        "--references",
        type=Path,
        default=paths.REFERENCES,
        help="folder of epfl2021.csv, the report's own figures (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for the figures")
    parser.add_argument("--record", type=Path, required=True, metavar="CSV", help="list of the figures to write")
    parser.add_argument("--generation", type=int, default=0, help="how often this job's lost files were made again")
    arguments = parser.parse_args()
    plan = typed.built(FigurePlan, readers.plan(arguments.figures), "the plan")
    where = (arguments.results, arguments.references, arguments.out, arguments.record)
    drawing.draw(plan, *where, arguments.generation)


if __name__ == "__main__":
    guarded(main)
