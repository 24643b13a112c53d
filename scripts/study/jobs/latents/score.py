"""The work of a score job of edits: every metric of every edited image against the image that was edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from study.core import atomic_io, outcome, readers
from study.core.errors import StudyError
from study.core.isolation import Limit
from study.core.outcome import AGAIN
from study.jobs import scoring
from study.latents import edits
from study.metrics import psnr
from study.metrics.engine import Recipe


def score_set(
    images: Path,
    edited: Path,
    decoded: Path,
    record: Path,
    recipes: Mapping[str, Recipe],
    engine: str = "fast",
    threads: int = 1,
    limit: Limit | None = None,
) -> None:
    """Score the images of an edit job's records against those of the image set's record; write `record` last.

    `recipes` are those of the metrics, by name.
    `equivariance_db` is the PSNR between the decoded edit and the decoded baseline moved as the edit moves the latent:
    how well synthesis(move(y)) = move(synthesis(y)) holds; empty where an edit isn't a move of the whole latent.
    A cell without image keeps its status and reason; `gaps` tells of metrics without value (see `outcome`). A file that
    is not the one its record tells of, a crash or more than `limit` fails its cell alone.
    Raises StudyError if a record lacks an image.
    """
    originals = {row["image"]: row for row in readers.read_record(images, ("image", "file", "sha256"))}
    shown = {row["image"]: row for row in readers.read_record(decoded, ("image", "file", "sha256"))}
    cells, baselines, last = readers.read_record(edited, ("image", "source", "edit", "steps", "stride")), {}, None
    for cell in cells:
        decoded_row = shown.get(cell["image"])
        if decoded_row is None or cell["source"] not in originals:
            short = decoded if decoded_row is None else images
            raise StudyError(f"{short} lacks {cell['image']!r} of {edited}; {AGAIN}")
        outcome.check(decoded_row, decoded)
        last = cell["image"] if cell["edit"] == edits.BASELINE else last
        baselines[cell["image"]] = last

    def start() -> Callable[[Mapping[str, str]], dict[str, object]]:
        decoded_image = lru_cache(maxsize=2)(lambda name: scoring.read(decoded.parent, shown[name]))

        def work(cell: Mapping[str, str]) -> dict[str, object]:
            try:
                edited_image = decoded_image(cell["image"])
                original = scoring.read(images.parent, originals[cell["source"]])
                name = baselines[cell["image"]]
                baseline = decoded_image(name) if name is not None and shown[name]["file"] else None
            except StudyError as error:
                return outcome.without(outcome.FAILED, error)
            row = _scored(original, edited_image, recipes, engine, threads)
            return row | {"equivariance_db": _equivariance(cell, baseline, edited_image)}

        return work

    coded = [cell for cell in cells if shown[cell["image"]]["file"]]
    results = scoring.supervised([cell["image"] for cell in coded], coded, start, limit)
    rows = []
    for cell in cells:
        row = {"image": cell["image"]} | {column: shown[cell["image"]][column] for column in ("status", "reason")}
        rows.append(row | results.get(cell["image"], {}))
    atomic_io.write_rows(record, scoring.columns([*recipes, "equivariance_db"]), rows)


def _scored(
    original: np.ndarray, image: np.ndarray, recipes: Mapping[str, Recipe], engine: str, threads: int
) -> dict[str, object]:
    if original.shape != image.shape:
        sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in (image, original)]
        why = f"the edit turned the image ({sizes[0]}); it can't be scored against the original ({sizes[1]})"
        return {"gaps": outcome.as_gaps(dict.fromkeys(recipes, why))}
    return scoring.scored(original, image, recipes, engine, threads)


def _equivariance(cell: Mapping[str, str], baseline: np.ndarray | None, image: np.ndarray) -> float | None:
    if baseline is None or not cell["stride"]:
        return None
    steps = edits.from_text(cell["steps"])
    moved = edits.moved_image(steps, baseline, int(cell["stride"]))
    if moved is None or moved.shape != image.shape:
        return None
    return psnr.compute(np.ascontiguousarray(moved), image, ["psnr_rgb"], 1)["psnr_rgb"]
