"""The edits of the 2021 report beside our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from study.analysis import report2021
from study.figures import canvas
from study.figures.latents import report_comparison
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords

TITLE = "the report's edits"


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """The table of an image's edits beside the report's, and the caption."""
    rows = records.reported(named.image)
    lacking: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["ours"] is None:
            lacking.setdefault(str(row["reason"] or "no value"), {})[str(row["edit"])] = None
    notes = [f"Without value: {', '.join(names)} ({canvas.clipped(reason)})." for reason, names in lacking.items()]
    return report_comparison.figure(rows, title, notes), caption(title, rows)


def caption(title: str, rows: Sequence[Mapping[str, object]]) -> str:
    """How many of the changes agree with the report's; `rows` are those of `report2021.rows`."""
    known = [row for row in rows if row["direction"] in ("agrees", "differs")]
    direction, size = (sum(row[key] == "agrees" for row in known) for key in ("direction", "size"))
    return (
        f"{title}. Of {len(known)} changes that are known on both sides, {direction} agree in direction and {size} "
        f"in size as well, within a factor of {report2021.FACTOR:g}."
    )
