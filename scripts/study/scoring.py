"""The work of a score job: every metric of every decoded picture of one set, codec and quality."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from study import files, images, metrics
from study.errors import StudyError

COLUMNS = ("image", *metrics.LEDGER, "reason")
_AGAIN = "delete it and run the study again"


def score_set(pictures: Path, decoded: Path, record: Path, engine: str = "fast", threads: int = 1) -> None:
    """Score the pictures of a decode job's record against those of an image set's record; write `record` last.

    A picture that was not decoded has empty cells and keeps its reason; a metric without value adds `<metric>: <why>`.
    Raises StudyError if a record lacks a picture, or a file is not the one that its record tells of.
    """
    originals = files.read_rows(pictures)
    found = {row["image"]: row for row in files.read_rows(decoded)}
    for name in found:
        if name not in {row["image"] for row in originals}:
            raise StudyError(f"{decoded} has the picture {name!r}, which {pictures} lacks; {_AGAIN}")
    rows = []
    for original in originals:
        name = original["image"]
        if name not in found:
            raise StudyError(f"{decoded} lacks the picture {name!r} of {pictures}; {_AGAIN}")
        if not found[name]["file"] and not found[name]["reason"]:
            raise StudyError(f"{decoded} has neither a file nor a reason for the picture {name!r}; {_AGAIN}")
        row = {"image": name, "reason": found[name]["reason"]}
        if found[name]["file"]:
            pair = read(pictures.parent, original), read(decoded.parent, found[name])
            if pair[0].shape != pair[1].shape:
                sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in pair]
                raise StudyError(
                    f"{decoded.parent / found[name]['file']} is {sizes[1]}, its original {sizes[0]}; {_AGAIN}"
                )
            values, reasons = metrics.score(*pair, engine=engine, threads=threads)
            told = [found[name]["reason"], *(f"{metric}: {why}" for metric, why in reasons.items())]
            row |= values | {"reason": "; ".join(reason for reason in told if reason)}
        rows.append(row)
    files.write_rows(record, COLUMNS, rows)


def read(folder: Path, row: Mapping[str, str]) -> np.ndarray:
    """The picture that a row of a record tells of, verified."""
    path = folder / row["file"]
    if not path.is_file():
        raise StudyError(f"{path} is missing, though its record tells of it; run the study again to make it anew")
    if files.sha256(path) != row["sha256"]:
        raise StudyError(f"{path} isn't the picture that its record tells of: its sha256 differs; {_AGAIN}")
    return images.read(path)
