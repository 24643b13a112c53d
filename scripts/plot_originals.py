"""Draw the original images of an image set on one sheet, with their names and sizes."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core.errors import guarded
from study.figures import canvas, options, originals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--images",
        type=Path,
        nargs="+",
        required=True,
        metavar="CSV",
        help="records of the set, or of all its parts (results/images/<set>/images.csv); the images are beside them",
    )
    parser.add_argument("--set", required=True, metavar="ID", help="name of the image set, for the title")
    parser.add_argument(
        "--most", type=int, default=originals.MOST, metavar="N", help="images to draw at most (default: %(default)s)"
    )
    options.add_out(parser)
    arguments = parser.parse_args()
    images = [
        (record.parent / row["file"], row)
        for record in arguments.images
        for row in options.read(record, ["image", "file", "width", "height"])
    ]
    title = f"{arguments.set}: {len(images)} image{'s' * (len(images) != 1)}"
    with canvas.on(options.paper_of(arguments)):
        canvas.save(originals.figure(images, title, arguments.most), canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
