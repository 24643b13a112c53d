"""Fetch the images of one image set and write them as 8-bit RGB PNG files, with a record (CSV) beside them."""

from __future__ import annotations

import argparse

from study.core import errors, paths, readers
from study.images import options, sets
from study.planning import catalogue
from study.training import photos


def main() -> None:
    args = parse_args()
    known = readers.read_yaml(args.catalogue) if not args.spec else {}
    entry = readers.plan(args.spec) if args.spec else catalogue.entry("image set", args.set, known)
    where = {"catalogue": known, "mirror": args.mirror, "cache": args.cache}
    trained_on = photos.seen(args.trained_on)
    rows = sets.make(args.set, entry, args.out, generation=args.generation, trained_on=trained_on, **where)
    print(f"image set {args.set}: {len(rows)} image{'s' * (len(rows) != 1)}, recorded in {args.out}")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", required=True, metavar="ID", help="id of the image set")
    parser.add_argument(
        "--spec", metavar="FILE", help="the set's specification (JSON); without it, the set is looked up in --catalogue"
    )
    parser.add_argument(
        "--catalogue",
        default=paths.CATALOGUE / "images.yaml",
        metavar="FILE",
        help="catalogue of image sets (default: the repository's catalogue/images.yaml)",
    )
    options.add_folders(parser, "FOLDER/ID/FILE and FOLDER/FILE")
    parser.add_argument(
        "--out",
        required=True,
        metavar="CSV",
        help="the record to write, such as results/images/ID/images.csv; the images go beside it as IMAGE.png",
    )
    parser.add_argument(
        "--trained-on",
        default=paths.ROOT / photos.MANIFEST,
        metavar="CSV",
        help=f"manifest of photos that codecs were trained on (default: the repository's {photos.MANIFEST})",
    )
    parser.add_argument("--generation", type=int, default=0, help="how often this job's lost files were made again")
    return parser.parse_args()


if __name__ == "__main__":
    errors.guarded(main)
