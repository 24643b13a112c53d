"""The work of a score job: every metric of every decoded image of one set, codec and quality."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.images import png
from study.metrics import registry as metric_registry

COLUMNS = ("image", *metric_registry.REGISTRY, "reason")
_AGAIN = "delete it and run the study again"


def score_set(pictures: Path, decoded: Path, record: Path, engine: str = "fast", threads: int = 1) -> None:
    """Score the images of a decode job's record against those of an image set's record; write `record` last.

    An image that was not decoded has empty cells and keeps its reason; a metric without value adds `<metric>: <why>`.
    Raises StudyError if a record lacks an image, or a file is not the one that its record tells of.
    """
    originals = readers.read_rows(pictures)
    found = {row["image"]: row for row in readers.read_rows(decoded)}
    for name in found:
        if name not in {row["image"] for row in originals}:
            raise StudyError(f"{decoded} has the image {name!r}, which {pictures} lacks; {_AGAIN}")
    rows = []
    for original in originals:
        name = original["image"]
        if name not in found:
            raise StudyError(f"{decoded} lacks the image {name!r} of {pictures}; {_AGAIN}")
        if not found[name]["file"] and not found[name]["reason"]:
            raise StudyError(f"{decoded} has neither a file nor a reason for the image {name!r}; {_AGAIN}")
        row = {"image": name, "reason": found[name]["reason"]}
        if found[name]["file"]:
            pair = read(pictures.parent, original), read(decoded.parent, found[name])
            if pair[0].shape != pair[1].shape:
                sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in pair]
                raise StudyError(
                    f"{decoded.parent / found[name]['file']} is {sizes[1]}, its original {sizes[0]}; {_AGAIN}"
                )
            values, reasons = metric_registry.score(*pair, engine=engine, threads=threads)
            told = [found[name]["reason"], *(f"{metric}: {why}" for metric, why in reasons.items())]
            row |= values | {"reason": "; ".join(reason for reason in told if reason)}
        rows.append(row)
    atomic_io.write_rows(record, COLUMNS, rows)


def read(folder: Path, row: Mapping[str, str]) -> np.ndarray:
    """The image that a row of a record tells of, verified."""
    path = folder / row["file"]
    if not path.is_file():
        raise StudyError(f"{path} is missing, though its record tells of it; run the study again to make it anew")
    if readers.sha256(path) != row["sha256"]:
        raise StudyError(f"{path} isn't the image that its record tells of: its sha256 differs; {_AGAIN}")
    return png.read(path)
