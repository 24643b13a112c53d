"""The work of a score job of edits: every metric of every edited image against the image that was edited."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from study.core import atomic_io, outcome, readers
from study.core.errors import StudyError
from study.core.outcome import AGAIN
from study.jobs import scoring
from study.latents import edits
from study.metrics import engine as metric_engine
from study.metrics import psnr
from study.metrics.engine import Recipe


def score_set(
    pictures: Path,
    edited: Path,
    decoded: Path,
    record: Path,
    recipes: Mapping[str, Recipe],
    engine: str = "fast",
    threads: int = 1,
) -> None:
    """Score the images of an edit job's records against those of the image set's record; write `record` last.

    `recipes` are those of the metrics, by name.
    `equivariance_db` is the PSNR between the decoded edit and the decoded baseline moved as the edit moves the latent:
    how well synthesis(move(y)) = move(synthesis(y)) holds; empty where an edit isn't a move of the whole latent.
    A cell without image keeps its status and reason; `gaps` tells of metrics without value (see `outcome`).
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
        outcome.check(found, decoded)
        row = {"image": cell["image"]} | {column: found[column] for column in ("status", "reason")}
        if found["file"]:
            picture = scoring.read(decoded.parent, found)
            if cell["edit"] == edits.BASELINE:
                baseline = picture
            original = scoring.read(pictures.parent, originals[cell["source"]])
            row |= _scored(original, picture, recipes, engine, threads)
            row["equivariance_db"] = _equivariance(cell, baseline, picture)
        rows.append(row)
    columns = scoring.columns([*recipes, "equivariance_db"])
    atomic_io.write_rows(record, columns, rows)


def _scored(
    original: np.ndarray, picture: np.ndarray, recipes: Mapping[str, Recipe], engine: str, threads: int
) -> dict[str, object]:
    if original.shape != picture.shape:
        sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in (picture, original)]
        why = f"the edit turned the image ({sizes[0]}); it can't be scored against the original ({sizes[1]})"
        return {"gaps": outcome.as_gaps(dict.fromkeys(recipes, why))}
    values, reasons = metric_engine.score(original, picture, recipes, engine, threads)
    return values | {"versions": metric_engine.versions(recipes.values()), "gaps": outcome.as_gaps(reasons)}


def _equivariance(cell: Mapping[str, str], baseline: np.ndarray | None, picture: np.ndarray) -> float | None:
    if baseline is None or not cell["stride"]:
        return None
    steps = edits.from_text(cell["steps"])
    moved = edits.moved_picture(steps, baseline, int(cell["stride"]))
    if moved is None or moved.shape != picture.shape:
        return None
    return psnr.compute(np.ascontiguousarray(moved), picture, ["psnr_rgb"], 1)["psnr_rgb"]
