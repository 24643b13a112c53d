"""How truly the decoded image moves as its latent is moved."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from study.figures import canvas
from study.figures.latents import equivariance
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords, NotDrawn
from study.latents import edits

TITLE = "moving the latent"
NOTE = "PSNR between the decoded image of the moved latent and the decoded baseline, moved: higher is truer."
UNMOVED = "it doesn't move the whole latent, or the image isn't a whole number of elements"


@dataclass
class Moves:
    """PSNR in dB of moves: rolls along one axis as `curves` of (elements, dB) by edit, others as `bars` by name.

    `perfect` are edits whose images are equal; `lacking` are names without value, by reason.
    """

    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    bars: dict[str, float] = field(default_factory=dict)
    perfect: dict[str, None] = field(default_factory=dict)
    lacking: dict[str, dict[str, None]] = field(default_factory=dict)

    def notes(self) -> list[str]:
        """What the figure doesn't draw, in words."""
        notes = [f"Equal images, without finite PSNR: {', '.join(self.perfect)}."] if self.perfect else []
        return notes + [
            f"Without value: {', '.join(names)} ({canvas.clipped(reason)})." for reason, names in self.lacking.items()
        ]


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """Curves of shifts and bars of other moves, and the caption."""
    chosen = records.plan.figures.equivariance
    measured = moves(records.edit_rows(named.image, edit) for edit in chosen)
    if not measured.curves and not measured.bars:
        raise NotDrawn(" ".join(measured.notes()) or "no edit has a value")
    row = records.latent_row(named.image)
    stride, left = divmod(int(row["width"]), int(row["columns"]))
    across = "Shift (elements of y" + (f", {stride} pixels each)" if not left else ")")
    figure = equivariance.figure(measured.curves, measured.bars, across, title, [NOTE, *measured.notes()])
    return figure, f"{title}. How truly the decoded image moves as its latent is moved."


def moves(rows_of_edits: Iterable[Sequence[Mapping]]) -> Moves:
    """The moves of some edits, each with its rows under all values and policies."""
    measured = Moves()
    for rows in rows_of_edits:
        for row, policy in _told_apart(rows):
            edit = row["edit"]
            name = edit if row["value"] is None else f"{edit} {row['value']}"
            value = row["equivariance_db"]
            if value is None:
                measured.lacking.setdefault(row["reason"] or UNMOVED, {})[f"{name}{policy}"] = None
            elif math.isinf(value):
                measured.perfect[name] = None
            elif (elements := shift(row)) is not None:
                measured.curves.setdefault(f"{edit}{policy}", []).append((elements, value))
            else:
                measured.bars[f"{name}{policy}"] = value
    return measured


def shift(row: Mapping) -> float | None:
    """By how many elements a row's edit rolls the latent along one axis; None for other edits."""
    steps = edits.from_text(row["steps"])
    if len(steps) != 1 or steps[0].operation.name != "roll":
        return None
    moved = [steps[0].parameters[axis] for axis in ("rows", "columns") if steps[0].parameters[axis]]
    if len(moved) > 1:
        return None
    return float(moved[0]) if moved else 0.0


def _told_apart(rows: Sequence[Mapping]) -> list[tuple[Mapping, str]]:
    """The rows of one edit with what tells their policies apart, empty where one stands for all.

    Of policies that give a value the same to 0.01 dB, the first stands for all. Rows without value are all there.
    """
    values: dict[str | None, set[str]] = {}
    for row in rows:
        if row["equivariance_db"] is not None:
            values.setdefault(row["value"], set()).add(f"{row['equivariance_db']:.2f}")
    alike = all(len(texts) == 1 for texts in values.values())
    known = [row for row in rows if row["equivariance_db"] is not None]
    if alike:
        known = list({row["value"]: row for row in reversed(known)}.values())[::-1]
    lacking = [row for row in rows if row["equivariance_db"] is None]
    several = len({row["side_information"] for row in rows}) > 1
    return [(row, "" if alike else f" ({row['side_information']})") for row in known] + [
        (row, f" ({row['side_information']})" if several and known else "") for row in lacking
    ]
