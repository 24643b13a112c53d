"""Make the manifest of training photos from a folder of them: name, hashes of file and samples, licence, source, use.

The photos that are held out for validation are those whose sha256 is smallest, so that nobody picks them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import atomic_io, errors, readers
from study.images import png
from study.training import crops, photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder of photos, searched in depth")
    parser.add_argument(
        "--source", nargs=3, action="append", required=True, metavar=("SUBFOLDER", "LICENCE", "SOURCE"),
        help="what the photos of a subfolder are; give one for each",
    )  # fmt: skip
    parser.add_argument("--held-out", type=int, default=0, help="photos for validation (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path(photos.MANIFEST), help="file to write (default: %(default)s)")
    arguments = parser.parse_args()
    sources = {folder: (licence, source) for folder, licence, source in arguments.source}
    rows = [row(arguments.folder, path, sources) for path in crops.files(arguments.folder)]
    if not 0 <= arguments.held_out < len(rows):
        raise errors.StudyError(f"--held-out {arguments.held_out}: the folder has {len(rows)} photos; hold out fewer")
    for held in sorted(rows, key=lambda entry: entry["sha256"])[: arguments.held_out]:
        held["use"] = photos.VALIDATION
    atomic_io.write_rows(arguments.out, photos.COLUMNS, rows)
    print(f"{len(rows)} photos, {arguments.held_out} of them held out, in {arguments.out}")


def row(folder: Path, path: Path, sources: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The row of a photo. Raises StudyError where no --source tells its licence, ImageError for what is no image."""
    name = path.relative_to(folder)
    if name.parts[0] not in sources:
        known = ", ".join(sources)
        raise errors.StudyError(
            f"{name}: no --source tells its licence; found those of {known}; add one for its folder"
        )
    licence, source = sources[name.parts[0]]
    return {
        "name": name.as_posix(),
        "sha256": readers.sha256(path),
        "pixels": png.digest(png.normalise(path.read_bytes()).rgb),
        "licence": licence,
        "source": source,
        "use": photos.TRAIN,
    }


if __name__ == "__main__":
    errors.guarded(main)
