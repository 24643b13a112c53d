"""The work of an error_map job: FLIP's map of each decoded image of one set, codec and quality, as an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from study.core import atomic_io, outcome, readers
from study.core.errors import StudyError
from study.core.isolation import Limit
from study.images import png
from study.jobs import scoring
from study.jobs.supervised import attempted
from study.metrics import flip

COLUMNS = ("image", "file", "sha256", "status", "reason", "generation")


def map_set(images_record: Path, decoded: Path, record: Path, generation: int = 0, limit: Limit | None = None) -> None:
    """Write the maps of the images of a decode job's record beside `record`, and `record` last.

    An image that was not decoded keeps its status and reason. Where FLIP isn't installed all are `skipped`; a file that
    is not the one its record tells of, a crash or more than `limit` fails its image alone. `generation` counts how
    often lost files were made again.
    Raises StudyError for a record that doesn't fit.
    """
    originals = {row["image"]: row for row in readers.read_record(images_record, ("image", "file", "sha256"))}
    images = readers.read_record(decoded, ("image", "file", "sha256"))
    for row in images:
        outcome.check(row, decoded)
        if row["image"] not in originals:
            raise StudyError(f"{decoded} has the image {row['image']!r}, which {images_record} lacks; {outcome.AGAIN}")

    def work(row: Mapping[str, str]) -> dict[str, object]:
        try:
            original = scoring.read(images_record.parent, originals[row["image"]])
            image = scoring.read(decoded.parent, row)
        except StudyError as error:
            return outcome.without(outcome.FAILED, error)
        if original.shape != image.shape:
            sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in (original, image)]
            return outcome.without(outcome.FAILED, f"the decoded image is {sizes[1]}, its original {sizes[0]}")

        def mapped() -> dict[str, object]:
            path = record.parent / f"{row['image']}.png"
            png.write(path, flip.coloured_map(original, image))
            return {"file": path.name, "sha256": readers.sha256(path)}

        return attempted(mapped)

    why = flip.skip()
    shown = [] if why else [row for row in images if row["file"]]
    done = scoring.supervised([row["image"] for row in shown], shown, lambda: work, limit)
    rows = []
    for row in images:
        kept = {column: row[column] for column in ("image", "status", "reason")}
        skipped = outcome.without(outcome.SKIPPED, why) if why and row["file"] else {}
        rows.append(kept | skipped | done.get(row["image"], {}) | {"generation": generation})
    atomic_io.write_rows(record, COLUMNS, rows)
