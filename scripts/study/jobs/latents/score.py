"""The work of a score job of edits: every metric of every edited image against the image that was edited."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.core.outcome import AGAIN
from study.jobs import scoring
from study.latents import edits
from study.metrics import registry as metric_registry

COLUMNS = ("image", *metric_registry.REGISTRY, "equivariance_db", "reason")


def score_set(
    pictures: Path, edited: Path, decoded: Path, record: Path, engine: str = "fast", threads: int = 1
) -> None:
    """Score the images of an edit job's records against those of the image set's record; write `record` last.

    `equivariance_db` is the PSNR between the decoded edit and the decoded baseline moved as the edit moves the latent:
    how well synthesis(move(y)) = move(synthesis(y)) holds; empty where an edit isn't a move of the whole latent.
    A cell without image keeps its reason, and a metric without value adds `<metric>: <why>`.
    Raises StudyError if a record lacks an image, or a file is not the one that its record tells of.
    """
    originals = {row["image"]: row for row in readers.read_rows(pictures)}
    shown = {row["image"]: row for row in readers.read_rows(decoded)}
    baseline: np.ndarray | None = None
    rows = []
    for cell in readers.read_rows(edited):
        found = shown.get(cell["image"])
        if found is None or cell["source"] not in originals:
            raise StudyError(f"{decoded if found is None else pictures} lacks {cell['image']!r} of {edited}; {AGAIN}")
        if cell["edit"] == edits.BASELINE:
            baseline = None
        row = {"image": cell["image"], "reason": found["reason"]}
        if found["file"]:
            picture = scoring.read(decoded.parent, found)
            if cell["edit"] == edits.BASELINE:
                baseline = picture
            original = scoring.read(pictures.parent, originals[cell["source"]])
            row |= _scored(original, picture, found["reason"], engine, threads)
            row["equivariance_db"] = _equivariance(cell, baseline, picture)
        rows.append(row)
    atomic_io.write_rows(record, COLUMNS, rows)


def _scored(original: np.ndarray, picture: np.ndarray, reason: str, engine: str, threads: int) -> dict[str, object]:
    if original.shape != picture.shape:
        sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in (picture, original)]
        why = f"refused: the edit turned the image ({sizes[0]}); it can't be scored against the original ({sizes[1]})"
        return {"reason": "; ".join(part for part in (reason, why) if part)}
    values, reasons = metric_registry.score(original, picture, engine=engine, threads=threads)
    told = [reason, *(f"{metric}: {why}" for metric, why in reasons.items())]
    return values | {"reason": "; ".join(part for part in told if part)}


def _equivariance(cell: Mapping[str, str], baseline: np.ndarray | None, picture: np.ndarray) -> float | None:
    if baseline is None or not cell["stride"]:
        return None
    steps = edits.from_text(cell["steps"])
    moved = edits.moved_picture(steps, baseline, int(cell["stride"]))
    if moved is None or moved.shape != picture.shape:
        return None
    return metric_registry.score(np.ascontiguousarray(moved), picture, ["psnr_rgb"])[0]["psnr_rgb"]
