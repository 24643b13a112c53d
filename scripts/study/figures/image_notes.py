"""Notes under figures on what became of images before: were they JPEG, were they reduced after it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from study.core.readers import read_record

_NAMED = 8  # images in a note


def of(records: Iterable[Path], only: Collection[str] | None = None) -> list[str]:
    """The notes on the images in records of an image set, or on those of them that are named in `only`.

    Raises StudyError for a record that can't be read.
    """
    rows = [row for record in records for row in read_record(record, ("image",))]
    shown = [row for row in rows if only is None or row["image"] in only]
    jpeg = [row["image"] for row in shown if row.get("was_jpeg") == "yes"]
    reduced = [f"{row['image']} ({row['reduce']}-fold)" for row in shown if row.get("was_jpeg") == "reduced"]
    notes = []
    taught = [row["image"] for row in shown if row.get("trained_on") == "yes"]
    if taught:
        notes.append(f"The bundled codecs were trained on these, so they are no test of them: {_some(taught)}.")
    if jpeg:
        notes.append(f"JPEG at this size before, which flatters JPEG, most at the quality they had: {_some(jpeg)}.")
    if reduced:
        notes.append(f"Reduced since they may have been JPEG, so that no trace of it is left: {_some(reduced)}.")
    return notes


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} images"
