"""How a cell ended, and why: four columns that the records of jobs and the tables of a study share.

- `status`: `ok`; `skipped` (what does the work can't run here); `refused` (it can't hold this image or edit);
  `failed` (an error, a crash, a limit).
- `reason`: why it isn't `ok`; empty if it is.
- `note`: what a library warned of; the cell has its value all the same.
- `gaps`: for a cell that is `ok`, each column without value and why, as a JSON object; empty if there is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from study.core.errors import StudyError, allowed

OK, SKIPPED, REFUSED, FAILED = STATUSES = ("ok", "skipped", "refused", "failed")
AGAIN = "delete it and run the study again"


def ok(note: str = "") -> dict[str, str]:
    """The columns of a cell with a value, and what was warned of."""
    return {"status": OK, "reason": "", "note": note}


def without(status: str, reason: object) -> dict[str, str]:
    """The columns of a cell without value, and why; an error's text as one line."""
    return {"status": status, "reason": " ".join(str(reason).split())}


def check(row: Mapping, where: object) -> None:
    """Raise StudyError for a row of a record or table that an earlier version wrote, or with an unknown status."""
    if "status" not in row:
        raise StudyError(f"{where} has no column 'status': an earlier version of the study wrote it; {AGAIN}")
    if row["status"] not in STATUSES:
        raise StudyError(f"{where} has the status {row['status']!r}; {allowed(row['status'], STATUSES)}; {AGAIN}")


def is_ok(row: Mapping) -> bool:
    """Whether the cell of a row has its value."""
    return row["status"] == OK


def gaps(row: Mapping) -> dict[str, str]:
    """Each column of a row without value, and why; empty for a cell that isn't `ok`."""
    return json.loads(row.get("gaps") or "{}")


def as_gaps(reasons: Mapping[str, str]) -> str | None:
    """The column `gaps` from reasons by column."""
    return json.dumps(dict(reasons), ensure_ascii=False) if reasons else None


def in_words(row: Mapping) -> str:
    """What a reader is told of a cell without value: its status and reason; empty for one that is `ok`."""
    return "" if is_ok(row) else f"{row['status']}: {row['reason'] or 'no reason is given'}"


def why(row: Mapping, column: str) -> str:
    """Why a row has no value in a column: because of the whole cell, or of this column alone."""
    return in_words(row) or gaps(row).get(column) or "no reason is given"


def sentence(row: Mapping) -> str:
    """All that a reader is told of a row: why it has no value, what single columns lack, and what was warned of."""
    single = [f"{column}: {reason}" for column, reason in gaps(row).items()]
    warned = [f"warning: {row['note']}"] if row.get("note") else []
    return "; ".join(part for part in (in_words(row), *single, *warned) if part)
