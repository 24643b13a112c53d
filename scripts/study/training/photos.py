"""The manifest of the photos that the bundled codecs are trained on and validated with.

It is references/training_photos.csv. A row has the photo's `name` (its path below the folder of photos), the `sha256`
of its file, that of its samples (`pixels`, see `png.digest`), `licence`, `source`, and its `use`: `train`, or
`validation` for those held out of training, by which choices are made instead of by a test set.
`tools/photo_manifest.py` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.core import paths, readers
from study.core.errors import StudyError, allowed

MANIFEST = "references/training_photos.csv"
COLUMNS = ("name", "sha256", "pixels", "licence", "source", "use")
TRAIN, VALIDATION = USES = ("train", "validation")
_SHOWN = 5


@dataclass(frozen=True)
class Photo:
    """A row of the manifest."""

    name: str
    sha256: str
    pixels: str
    licence: str
    source: str
    use: str


def read(path: str | Path) -> list[Photo]:
    """The photos of a manifest. Raises StudyError for a file that is none."""
    try:
        rows = readers.read_rows(paths.resolved(str(path)))
    except OSError as error:
        raise StudyError(
            f"can't read the manifest {path}: {error.strerror}; tools/photo_manifest.py makes one"
        ) from None
    if not rows or set(COLUMNS) - set(rows[0]):
        raise StudyError(f"{path} is no manifest of photos; it must have rows with {', '.join(COLUMNS)}")
    photos = [Photo(**{column: row[column] for column in COLUMNS}) for row in rows]
    for photo in photos:
        if photo.use not in USES:
            raise StudyError(f"{path}: the use of {photo.name} is {photo.use!r}; {allowed(photo.use, USES)}")
    return photos


def check(hashes: Mapping[str, str], manifest: Sequence[Photo], uses: Iterable[str] = USES) -> None:
    """Raise StudyError that tells which photos (sha256 by name) aren't those that a manifest has for some uses."""
    wanted = {photo.name: photo.sha256 for photo in manifest if photo.use in uses}
    held_out = {photo.name for photo in manifest} - set(wanted)
    differing = {
        "missing": [name for name in wanted if name not in hashes],
        "changed": [name for name in wanted if name in hashes and hashes[name] != wanted[name]],
        "held out of this use": [name for name in hashes if name in held_out],
        "not in the manifest": [name for name in hashes if name not in wanted and name not in held_out],
    }
    faults = [f"{len(names)} {what} ({_some(names)})" for what, names in differing.items() if names]
    if faults:
        raise StudyError(
            f"the photos aren't those of the manifest: {'; '.join(faults)}. Take the photos that it names, or make a "
            "manifest of your own with tools/photo_manifest.py"
        )


def seen(path: str | Path) -> frozenset[str]:
    """The digests of the samples of every photo of a manifest, held-out ones included; none where there is no file."""
    return frozenset(photo.pixels for photo in read(path)) if paths.resolved(str(path)).is_file() else frozenset()


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
