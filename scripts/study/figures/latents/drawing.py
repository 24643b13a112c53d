"""The work of a figure job of an experiment on latents: every figure of every image of a part, codec and quality."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import ModuleType

from study.analysis import channel_halves, report2021
from study.core import atomic_io
from study.figures import canvas, tiles
from study.figures.latents.kinds import (
    atlas,
    attribution,
    equivariance,
    halves,
    impulse,
    interpolation,
    progressive,
    rate_map,
    report,
    sheet,
)
from study.figures.latents.records import FigurePlan, JobRecords, NotDrawn

COLUMNS = ("image", "figure", "edit", "file", "caption", "reason", "generation")
KINDS: Mapping[str, ModuleType] = {
    "atlas": atlas,
    "rate_map": rate_map,
    "impulse": impulse,
    "sheet": sheet,
    "report": report,
    "halves": halves,
    "attribution": attribution,
    "progressive": progressive,
    "interpolation": interpolation,
    "equivariance": equivariance,
}

TABLES = {
    "report": (report2021.COLUMNS, JobRecords.reported),
    "halves": (channel_halves.COLUMNS, halves.table),
}  # the columns and rows of the table beside a figure


def draw(plan: FigurePlan, results: Path, references: Path, out: Path, record: Path, generation: int = 0) -> None:
    """Draw the figures of a job, `<figure>-<image>[-<edit>]` in `out`, and `record`, their list, last.

    Records are read below `results`, the report's figures from `references`. A figure that can't be drawn is an image
    that tells why, and has the reason in the list, whose files are relative to its folder: `file` is the .png, and each
    vector form has a column of its name. `generation` is how often lost ones were made again. Raises StudyError for a
    record that can't be read.
    """
    records = JobRecords(plan, results, references)
    rows, below, vector = [], PurePosixPath(os.path.relpath(out, record.parent)), plan.paper.vector
    for named in plan.figures.files(records.images()):
        kind = KINDS[named.figure]
        title = f"{records.title(named.image)}: {kind.TITLE}" + (f", {named.edit}" if named.edit else "")
        row = {**named._asdict(), "file": f"{below / named.stem}.png", "generation": generation}
        row |= {form: f"{below / named.stem}.{form}" for form in vector}
        with canvas.on(plan.paper):
            try:
                figure, row["caption"] = kind.drawn(records, named, title)
            except NotDrawn as error:
                figure = tiles.gap(title, str(error))
                row |= {"caption": f"{title}: not drawn.", "reason": str(error)}
            canvas.save(figure, canvas.files(out / named.stem))
        if named.figure in TABLES:
            columns, table = TABLES[named.figure]
            rows_of_it = table(records, named.image) if not row.get("reason") else []
            atomic_io.write_rows(out / f"{named.stem}.csv", columns, rows_of_it)
        rows.append(row)
    atomic_io.write_rows(record, (*COLUMNS, *vector), rows)
