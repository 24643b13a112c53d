"""Draw the rate-distortion curves of every picture of an image set: one figure each, a panel for each metric."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.errors import StudyError, guarded
from study.figures import canvas, command, curves
from study.suggest import allowed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    command.add_tables(parser, "rd")
    parser.add_argument(
        "--image", nargs="+", metavar="NAME", help="pictures of the set to draw (default: every one); names, not files"
    )
    command.add_images(parser)
    command.add_curves(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder to write <image>.pdf and <image>.png into"
    )
    arguments = parser.parse_args()
    codecs = command.codecs(arguments.codecs)
    pictures: dict[str, list[dict[str, str]]] = {}
    for row in command.rows_of(arguments.rd, arguments.set):
        pictures.setdefault(row["image"], []).append(row)
    jpeg, options = command.were_jpeg(arguments.images), command.curve_options(arguments)
    for image in arguments.image or pictures:
        if image not in pictures:
            raise StudyError(f"image set {arguments.set} has no picture {image!r}; {allowed(image, pictures)}")
        rows = pictures[image]
        title, note = command.picture_title(rows[0]), [image] if image in jpeg else []
        figure = curves.figure(rows, codecs, title, options, note)
        canvas.save(figure, canvas.both(arguments.out / image))


if __name__ == "__main__":
    guarded(main)
