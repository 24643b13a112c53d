"""Which metrics a score job computes: those that the study names, and those that its record has already.

A record is shared by all studies of a results folder. A job that made it anew with this study's metrics alone would
lose another's, which would make it anew in turn; so a record's metrics only ever grow.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from study.core.cell import Cell
from study.metrics import registry


class Scores:
    """The score jobs of a study that names `metrics`."""

    def __init__(self, metrics: Sequence[str]) -> None:
        self._named = registry.groups(metrics)

    @property
    def groups(self) -> list[str]:
        """The groups of metrics that the study has."""
        return list(self._named)

    def records(self, cells: Iterable[Cell]) -> list[str]:
        """The score records of cells: one for each group of metrics."""
        return [cell.scores(group) for cell in cells for group in self._named]

    def metrics(self, cell: Cell, group: str) -> list[str]:
        """The metrics of a cell's record of a group, in the registry's order."""
        named = (*self._named.get(group, ()), *_columns(cell.scores(group)))
        return registry.groups(name for name in named if name in registry.REGISTRY).get(group, [])


@cache
def _columns(path: str) -> tuple[str, ...]:
    """The columns of a record; none where there is no such file."""
    try:
        with Path(path).open(newline="", encoding="utf-8") as lines:
            return tuple(next(csv.reader(lines), ()))
    except FileNotFoundError:
        return ()
