"""The work of a score job of edits: every metric of every edited picture against the picture that was edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from study import files, metrics, scoring
from study.errors import StudyError
from study.latents import edits

COLUMNS = ("image", *metrics.LEDGER, "equivariance_db", "reason")
_AGAIN = "delete it and run the study again"


def score_set(
    pictures: Path, edited: Path, decoded: Path, record: Path, engine: str = "fast", threads: int = 1
) -> None:
    """Score the pictures of an edit job's records against those of the image set's record; write `record` last.

    `equivariance_db` is the PSNR between the decoded edit and the decoded control moved as the edit moves the latent:
    how well synthesis(move(y)) = move(synthesis(y)) holds; empty where an edit isn't a move of the whole latent.
    A cell without picture keeps its reason, and a metric without value adds `<metric>: <why>`.
    Raises StudyError if a record lacks a picture, or a file is not the one that its record tells of.
    """
    originals = {row["image"]: row for row in files.read_rows(pictures)}
    shown = {row["image"]: row for row in files.read_rows(decoded)}
    control: np.ndarray | None = None
    rows = []
    for cell in files.read_rows(edited):
        found = shown.get(cell["image"])
        if found is None or cell["source"] not in originals:
            raise StudyError(f"{decoded if found is None else pictures} lacks {cell['image']!r} of {edited}; {_AGAIN}")
        if cell["edit"] == edits.CONTROL:
            control = None
        row = {"image": cell["image"], "reason": found["reason"]}
        if found["file"]:
            picture = scoring.read(decoded.parent, found)
            if cell["edit"] == edits.CONTROL:
                control = picture
            original = scoring.read(pictures.parent, originals[cell["source"]])
            row |= _scored(original, picture, found["reason"], engine, threads)
            row["equivariance_db"] = _equivariance(cell, control, picture)
        rows.append(row)
    files.write_rows(record, COLUMNS, rows)


def _scored(original: np.ndarray, picture: np.ndarray, reason: str, engine: str, threads: int) -> dict[str, object]:
    if original.shape != picture.shape:
        sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in (picture, original)]
        why = f"refused: the edit turned the picture ({sizes[0]}); it can't be scored against the original ({sizes[1]})"
        return {"reason": "; ".join(part for part in (reason, why) if part)}
    values, reasons = metrics.score(original, picture, engine=engine, threads=threads)
    told = [reason, *(f"{metric}: {why}" for metric, why in reasons.items())]
    return values | {"reason": "; ".join(part for part in told if part)}


def _equivariance(cell: Mapping[str, str], control: np.ndarray | None, picture: np.ndarray) -> float | None:
    if control is None or not cell["stride"]:
        return None
    steps = edits.parsed(json.loads(cell["steps"]))
    moved = edits.moved_picture(steps, control, int(cell["stride"]))
    if moved is None or moved.shape != picture.shape:
        return None
    return metrics.score(np.ascontiguousarray(moved), picture, ["psnr_rgb"])[0]["psnr_rgb"]
