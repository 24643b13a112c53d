"""The edits of the 2021 report beside our own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from study.analysis import report2021
from study.figures import canvas
from study.figures.latents import report_comparison, zeros
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
    notes = [*zeros.notes(records, named.image)]
    notes += [f"Without value: {', '.join(names)} ({canvas.clipped(reason)})." for reason, names in lacking.items()]
    return report_comparison.figure(rows, title, notes), caption(title, rows)


def caption(title: str, rows: Sequence[Mapping[str, object]]) -> str:
    """How our changes compare with the report's; `rows` are those of `report2021.rows`."""
    count = Counter(str(row["verdict"]) for row in rows if row["verdict"])
    known = sum(count.values()) - count["unknown"]
    counts = ", ".join(f"{count[word]} {word}" for word in report2021.VERDICTS if word != "unknown")
    return (
        f"{title}. Of {known} changes that are known on both sides, beside the report's: {counts} "
        f"(alike: within a factor of {report2021.FACTOR:g})."
    )
