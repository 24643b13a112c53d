"""The work of a score job: the metrics of one group, of every decoded image of one set, codec and quality."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from study.core import atomic_io, outcome, readers
from study.core.errors import StudyError
from study.core.outcome import AGAIN
from study.images import png
from study.metrics import engine as metric_engine
from study.metrics.engine import Recipe


def columns(metrics: Iterable[str]) -> list[str]:
    """The columns of a score record."""
    return ["image", *metrics, "versions", "status", "reason", "gaps"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a command that scores."""
    parser.add_argument(
        "--metrics", required=True, metavar="JSON", help="recipes of the metrics by name (`registry.recipes`)"
    )
    parser.add_argument(
        "--engine",
        choices=metric_engine.ENGINES,
        default="fast",
        help="ours, or the libraries that define the metrics (default: %(default)s)",
    )
    parser.add_argument("--threads", type=int, default=1, help="of the filters (default: %(default)s)")


def score_set(
    pictures: Path,
    decoded: Path,
    record: Path,
    recipes: Mapping[str, Recipe],
    engine: str = "fast",
    threads: int = 1,
) -> None:
    """Score the images of a decode job's record against those of an image set's record; write `record` last.

    `recipes` are those of the metrics, by name. An image that was not decoded has empty cells and keeps its
    status and reason; `gaps` tells of metrics without value (see `outcome`). `versions` are of programs whose version
    isn't pinned.
    Raises StudyError if a record lacks an image, or a file is not the one that its record tells of.
    """
    originals = readers.read_rows(pictures)
    images = {row["image"]: row for row in readers.read_rows(decoded)}
    for name in images:
        if name not in {row["image"] for row in originals}:
            raise StudyError(f"{decoded} has the image {name!r}, which {pictures} lacks; {AGAIN}")
    rows = []
    for original in originals:
        name = original["image"]
        if name not in images:
            raise StudyError(f"{decoded} lacks the image {name!r} of {pictures}; {AGAIN}")
        outcome.check(images[name], decoded)
        if bool(images[name]["file"]) != outcome.is_ok(images[name]):
            raise StudyError(f"{decoded} has {_both(images[name])} for the image {name!r}; {AGAIN}")
        row = {"image": name} | {column: images[name][column] for column in ("status", "reason")}
        if images[name]["file"]:
            pair = read(pictures.parent, original), read(decoded.parent, images[name])
            if pair[0].shape != pair[1].shape:
                sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in pair]
                raise StudyError(
                    f"{decoded.parent / images[name]['file']} is {sizes[1]}, its original {sizes[0]}; {AGAIN}"
                )
            values, reasons = metric_engine.score(*pair, recipes, engine, threads)
            versions = metric_engine.versions(recipes.values())
            row |= values | {"versions": versions, "gaps": outcome.as_gaps(reasons)}
        rows.append(row)
    atomic_io.write_rows(record, columns(recipes), rows)


def _both(row: Mapping[str, str]) -> str:
    return "a file and a reason to have none" if row["file"] else "neither a file nor a reason"


def read(folder: Path, row: Mapping[str, str]) -> np.ndarray:
    """The image that a row of a record tells of, verified."""
    path = folder / row["file"]
    if not path.is_file():
        raise StudyError(f"{path} is missing, though its record tells of it; run the study again to make it anew")
    if readers.sha256(path) != row["sha256"]:
        raise StudyError(f"{path} isn't the image that its record tells of: its sha256 differs; {AGAIN}")
    return png.read(path)
