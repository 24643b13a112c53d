"""Draw the rate-distortion curves of every image of an image set: one figure each, a panel for each metric."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from study.core import atomic_io
from study.core.errors import StudyError, allowed, guarded
from study.figures import canvas, curves, image_notes, paper
from study.figures import options as figures_options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    figures_options.add_tables(parser, "rd")
    parser.add_argument(
        "--image", nargs="+", metavar="NAME", help="images of the set to draw (default: every one); names, not files"
    )
    figures_options.add_images(parser)
    figures_options.add_curves(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder to write <image>.png, <image>.pdf, … into"
    )
    figures_options.add_paper(parser)
    parser.add_argument(
        "--vector", nargs="+", choices=paper.VECTOR, default=paper.Paper().vector, help="beside .png (default: pdf)"
    )
    parser.add_argument(
        "--record", type=Path, metavar="CSV", help="table to write of the figures, their files relative to its folder"
    )
    parser.add_argument("--generation", type=int, default=0, help="how often this job's lost files were made again")
    arguments = parser.parse_args()
    codecs = figures_options.codecs(arguments.codecs)
    images: dict[str, list[dict[str, str]]] = {}
    for row in figures_options.rows_of(arguments.rd, arguments.set):
        images.setdefault(row["image"], []).append(row)
    options = figures_options.curve_options(arguments)
    drawn = []
    for image in arguments.image or images:
        if image not in images:
            raise StudyError(f"image set {arguments.set} has no image {image!r}; {allowed(image, images)}")
        rows = images[image]
        title, notes = figures_options.image_title(rows[0]), image_notes.of(arguments.images, [image])
        with canvas.on(figures_options.paper_of(arguments)):
            figure = curves.figure(rows, codecs, title, options, notes)
            files = canvas.files(arguments.out / image)
            canvas.save(figure, files)
        drawn.append({"image": image} | {path.suffix[1:]: path for path in files})
    if arguments.record:
        folder = arguments.record.parent
        kinds = ("png", *arguments.vector)
        rows = [row | {kind: os.path.relpath(row[kind], folder) for kind in kinds} for row in drawn]
        rows = [row | {"generation": arguments.generation} for row in rows]
        atomic_io.write_rows(arguments.record, ("image", *kinds, "generation"), rows)


if __name__ == "__main__":
    guarded(main)
