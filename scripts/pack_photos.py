"""Pack a folder of photos into the one file that training reads."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import errors
from study.training import crops, photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folder", type=Path, required=True, help="folder of PNG, JPEG or WebP photos, searched in depth"
    )
    parser.add_argument(
        "--longest", type=int, default=1024, help="reduce a photo whose longer side exceeds this (default: %(default)s)"
    )
    parser.add_argument(
        "--manifest", metavar="CSV", help="manifest that the photos must be those of; else all are taken"
    )
    parser.add_argument(
        "--use", choices=photos.USES, default=photos.TRAIN, help="which photos of the manifest (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, help="the packed photos (npz)")
    args = parser.parse_args()
    manifest = photos.read(args.manifest) if args.manifest else []
    count = crops.pack(args.folder, args.out, args.longest, manifest, args.use)
    print(f"{count} photos packed")


if __name__ == "__main__":
    errors.guarded(main)
