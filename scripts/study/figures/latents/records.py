"""The records of a figure job, and its plan: what is drawn, and where that is read."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from study.analysis import latent_table, report2021
from study.core import outcome, readers
from study.core import results as core_results
from study.core.cell import Cell
from study.core.errors import StudyError
from study.figures import palette
from study.figures.latents.names import FigureChoice
from study.figures.latents.top_k_curve import Point
from study.figures.paper import Paper
from study.images import png
from study.jobs.latents import impulse_response
from study.latents import archive, edits
from study.metrics import registry

QUALITY = {"PSNR": ("psnr_rgb", "psnr_y"), "MS-SSIM": ("ms_ssim", "msssim_sewar")}


class NotDrawn(StudyError):
    """Why a figure can't be drawn: nothing that a rerun would mend."""


@dataclass(frozen=True)
class FigurePlan:
    """What a figure job is told.

    `look` is the codec's in the study. `cell` has `experiment`, `set`, `part`, `codec` and `quality`; `figures` are the
    experiment's choice; `ordered`: the codec's training began with principal components, which order its channels.
    `curve` are the study's own cells (part, codec, quality) with this codec, `baselines` the experiment's other
    qualities of it: both are points of the codec's own curve. `others` are the parts of the image sets that strips of
    interpolation take images from.
    """

    study: str
    metrics: list[str]
    cell: dict[str, str]
    look: palette.Style
    ordered: bool
    figures: FigureChoice
    curve: list[list[str]]
    baselines: list[str]
    others: dict[str, list[str]]
    paper: Paper = field(default_factory=Paper)


class JobRecords:
    """The records of a job, each read when a figure asks for it. Rows and arrays of one image at a time.

    `results` is the folder of all records, `references` that of the report's own figures.
    """

    def __init__(self, plan: FigurePlan, results: Path, references: Path) -> None:
        self.plan = plan
        self.results = results
        self.references = references

    def images(self) -> list[str]:
        """The names of the images of the job's part."""
        return list(self._originals)

    def title(self, image: str) -> str:
        """What every figure of an image is headed by: name, size, codec, quality."""
        row = self._originals[image]
        return f"{image} ({row['width']}×{row['height']}), {self.plan.look.label}, quality {self.plan.cell['quality']}"

    def look(self) -> palette.Style:
        """The colour and marker of the job's codec, as all figures of the study have them."""
        return self.plan.look

    def original(self, image: str) -> np.ndarray:
        """An image, uint8 [H, W, 3]."""
        return png.read(self._images(self.plan.cell["part"]).parent / self._originals[image]["file"])

    def latent_row(self, image: str) -> dict[str, str]:
        """The row of an image in latents.csv (`extract.COLUMNS`)."""
        return next(row for row in self._latent_rows if row["image"] == image)

    def arrays(self, image: str) -> dict[str, np.ndarray]:
        """The arrays of an image's latents (`archive.ARRAYS`). Raises NotDrawn if it has none."""
        row = self.latent_row(image)
        if not row["file"]:
            raise NotDrawn(outcome.in_words(row))
        return archive.load(self._latents.parent / row["file"])

    def responses(self) -> tuple[np.ndarray, tuple[float, float]]:
        """Impulse responses and their middle, as `impulse_response.load`. Raises NotDrawn if there are none."""
        record = Path(self._cell.impulse(self.results))
        row = readers.read_rows(record)[0]
        if not row["file"]:
            raise NotDrawn(outcome.in_words(row))
        return impulse_response.load(record.parent / row["file"])

    def rows(self, image: str) -> list[dict]:
        """The rows of an image's edits (`latent_table.edit_columns`). Raises NotDrawn if the codec has none."""
        rows = [row for row in self._edit_rows if row["image"] == image]
        if not any(row["decoded"] or row["steps"] for row in rows):
            raise NotDrawn(outcome.sentence(rows[0]) if rows else "the record of edits has no row of this image")
        return rows

    def edit_rows(self, image: str, edit: str) -> list[dict]:
        """The rows of one edit of an image. Raises NotDrawn if there are none."""
        rows = [row for row in self.rows(image) if row["edit"] == edit]
        if not rows:
            raise NotDrawn(f"the experiment has no edit {edit!r} of this image")
        return rows

    def decoded(self, row: Mapping) -> np.ndarray | None:
        """The decoded image of a row of edits, uint8 [H, W, 3]; None if it has none."""
        return png.read(self.results / row["decoded"]) if row["decoded"] else None

    def baseline(self, image: str) -> np.ndarray | None:
        """The decoded image of the first baseline that has one."""
        rows = (row for row in self.rows(image) if row["edit"] == edits.BASELINE and row["decoded"])
        row = next(rows, None)
        return None if row is None else self.decoded(row)

    def quality_metrics(self) -> dict[str, str]:
        """The metrics to show, by kind: PSNR and MS-SSIM, as far as the study has them."""
        known = self.plan.metrics
        chosen = {kind: next((name for name in names if name in known), None) for kind, names in QUALITY.items()}
        return {kind: name for kind, name in chosen.items() if name}

    def other(self, image: str, image_set: str) -> np.ndarray | None:
        """An image of another set, uint8 [H, W, 3]; None if it isn't there."""
        for part in self.plan.others.get(image_set, []):
            record = self._images(part)
            for row in readers.read_rows(record):
                if row["image"] == image:
                    return png.read(record.parent / row["file"])
        return None

    def reported(self, image: str) -> list[dict[str, object]]:
        """An image's edits beside those of the report (`report2021.rows`)."""
        reference = report2021.read(self.references / "epfl2021.csv")
        return report2021.rows(reference, self.rows(image), self.plan.metrics)

    def curve(self, image: str) -> list[Point]:
        """The points of the codec's own curve for an image, by rate: the study's cells, and baselines."""
        points: dict[str, Point] = {}
        for part, codec, quality in self.plan.curve:
            if (point := self._cell_point(image, Cell(part, part, codec, quality))) is not None:
                points[quality] = point
        for quality in [*self.plan.baselines, self.plan.cell["quality"]]:
            for row in self._rows_at(quality):
                if row["image"] == image and row["edit"] == edits.BASELINE and row["bpp"] is not None:
                    points.setdefault(quality, Point(quality, row["bpp"], row))
        return sorted(points.values(), key=lambda point: point.bpp)

    def _cell_point(self, image: str, cell: Cell) -> Point | None:
        """An image's point in a cell of the study, if that has the same image and could code it."""
        original = _row_of(self._images(cell.part), image)
        if original.get("sha256") != self._originals[image]["sha256"]:
            return None
        encoded = _row_of(Path(cell.encoded(self.results)), image)
        scores: dict[str, str] = {}
        for group in registry.groups(self.plan.metrics):
            scores |= _row_of(Path(cell.scores(group, self.results)), image)
        if not encoded.get("bytes") or not scores:
            return None
        bpp = 8 * int(encoded["bytes"]) / (int(original["width"]) * int(original["height"]))
        values = {name: float(scores[name]) if scores[name] else None for name in self.plan.metrics}
        return Point(cell.quality, bpp, values)

    def _images(self, part: str) -> Path:
        return Path(core_results.images(part, self.results))

    @property
    def _cell(self) -> Cell:
        own = self.plan.cell
        return Cell(own["set"], own["part"], own["codec"], own["quality"])

    @property
    def _latents(self) -> Path:
        return Path(self._cell.latents(self.results))

    @functools.cached_property
    def _originals(self) -> dict[str, dict[str, str]]:
        return {row["image"]: row for row in readers.read_rows(self._images(self.plan.cell["part"]))}

    @functools.cached_property
    def _latent_rows(self) -> list[dict[str, str]]:
        return readers.read_rows(self._latents)

    @functools.cached_property
    def _edit_rows(self) -> list[dict]:
        return self._rows_at(self.plan.cell["quality"])

    def _rows_at(self, quality: str) -> list[dict]:
        cells = [{**self.plan.cell, "quality": quality}]
        return latent_table.edit_rows(
            self.results, {"study": self.plan.study, "metrics": self.plan.metrics, "cells": cells}
        )


def _row_of(record: Path, image: str) -> Mapping[str, str]:
    rows: Sequence[Mapping[str, str]] = readers.read_rows(record)
    return next((row for row in rows if row["image"] == image), {})
