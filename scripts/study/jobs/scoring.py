"""The work of a score job: the metrics of one group, of every decoded image of one set, codec and quality."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from study.core import atomic_io, isolation, outcome, readers
from study.core.errors import StudyError
from study.core.isolation import Limit
from study.core.outcome import AGAIN
from study.images import png
from study.jobs.supervised import attempted
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
    images: Path,
    decoded: Path,
    record: Path,
    recipes: Mapping[str, Recipe],
    engine: str = "fast",
    threads: int = 1,
    limit: Limit | None = None,
) -> None:
    """Score the images of a decode job's record against those of an image set's record; write `record` last.

    `recipes` are those of the metrics, by name. An image that was not decoded has empty cells and keeps its
    status and reason; `gaps` tells of metrics without value (see `outcome`). `versions` are of programs whose version
    isn't pinned. A file that is not the one its record tells of, a crash or more than `limit` fails its image alone.
    Raises StudyError if a record lacks an image.
    """
    originals = readers.read_record(images, ("image", "file", "sha256"))
    decoded_rows = {row["image"]: row for row in readers.read_record(decoded, ("image", "file", "sha256"))}
    for name in decoded_rows:
        if name not in {row["image"] for row in originals}:
            raise StudyError(f"{decoded} has the image {name!r}, which {images} lacks; {AGAIN}")
    for original in originals:
        name = original["image"]
        if name not in decoded_rows:
            raise StudyError(f"{decoded} lacks the image {name!r} of {images}; {AGAIN}")
        outcome.check(decoded_rows[name], decoded)
        if bool(decoded_rows[name]["file"]) != outcome.is_ok(decoded_rows[name]):
            raise StudyError(f"{decoded} has {_both(decoded_rows[name])} for the image {name!r}; {AGAIN}")

    def work(original: Mapping[str, str]) -> dict[str, object]:
        try:
            pair = read(images.parent, original), read(decoded.parent, decoded_rows[original["image"]])
        except StudyError as error:
            return outcome.without(outcome.FAILED, error)
        if pair[0].shape != pair[1].shape:
            sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in pair]
            return outcome.without(outcome.FAILED, f"the decoded image is {sizes[1]}, its original {sizes[0]}")
        return scored(*pair, recipes, engine, threads)

    shown = [original for original in originals if decoded_rows[original["image"]]["file"]]
    results = supervised([original["image"] for original in shown], shown, lambda: work, limit)
    rows = []
    for original in originals:
        row = {"image": original["image"]}
        row |= {column: decoded_rows[original["image"]][column] for column in ("status", "reason")}
        rows.append(row | results.get(original["image"], {}))
    atomic_io.write_rows(record, columns(recipes), rows)


def scored(
    original: np.ndarray, image: np.ndarray, recipes: Mapping[str, Recipe], engine: str, threads: int
) -> dict[str, object]:
    """The metrics of an image against its original, both uint8 [H, W, 3], as its part of a row."""

    def measured() -> dict[str, object]:
        values, reasons = metric_engine.score(original, image, recipes, engine, threads)
        numbers = {name: None if value is None else float(value) for name, value in values.items()}
        return numbers | {"versions": metric_engine.versions(recipes.values()), "gaps": outcome.as_gaps(reasons)}

    return attempted(measured)


def supervised(
    names: Sequence[str], things: Sequence, start: Callable[[], Callable], limit: Limit | None
) -> dict[str, dict[str, object]]:
    """What the work on each thing adds to its row, by name; a crash or more than `limit` is told on stderr."""
    scored: dict[str, dict[str, object]] = {}
    for name, result in zip(names, isolation.run(things, start, limit or Limit())):
        scored[name] = outcome.without(outcome.FAILED, result) if isinstance(result, str) else result
        if "reason" in scored[name]:
            print(f"{name}: {outcome.in_words(scored[name])}", file=sys.stderr)
    return scored


def _both(row: Mapping[str, str]) -> str:
    return "a file and a reason to have none" if row["file"] else "neither a file nor a reason"


def read(folder: Path, row: Mapping[str, str]) -> np.ndarray:
    """The image, uint8 [H, W, 3], that a row of a record names, verified. Raises StudyError."""
    return png.verified(folder / row["file"], row["sha256"])
