"""Can the study be trusted: a statement for each thing that was, or could be, checked, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from study.analysis import timing
from study.core import outcome

COLUMNS: dict[str, tuple[str, ...] | None] = {
    "published_check": (
        "codec", "quality", "curve", "metric", "bpp_difference", "difference", "difference_at_bpp", "tolerance",
        "verdict", "reason",
    ),
    "published_bd": ("codec", "label", "metric", "bd_rate", "overlap_share", "status", "reason"),
    "audit": None,
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """What was checked, what came of it (`kind` of tables.KINDS), and the numbers."""

    title: str
    verdict: str
    kind: str
    text: str


def statements(
    tables: Mapping[str, Sequence[Mapping[str, str]]], provenance: Mapping, packages: int
) -> list[Statement]:
    """The statements from the rows of rd, published_check, audit and timing (by name), as far as they are there."""
    return [
        _cells(tables["rd"]),
        _published(tables.get("published_check", ())),
        _audit(tables.get("audit", ())),
        _timing(tables.get("timing", ())),
        _records(provenance, packages),
    ]


def _cells(rows: Sequence[Mapping[str, str]]) -> Statement:
    count = Counter(row["status"] for row in rows)
    lost = len(rows) - count[outcome.OK]
    gaps = sum(bool(outcome.gaps(row)) for row in rows if outcome.is_ok(row))
    parts = [f"{count[status]} {status}" for status in outcome.STATUSES[1:] if count[status]]
    if not lost and not gaps:
        return Statement("Cells", "complete", "yes", f"All {len(rows)} cells have bitstream, image and every score.")
    text = f"{lost} of {len(rows)} cells have no value" + (f" ({', '.join(parts)})" if parts else "")
    text += f"; {gaps} lack a score" if gaps else ""
    return Statement("Cells", "gaps", "undecided", f"{text}. The table of missing cells tells why of each.")


def _published(rows: Sequence[Mapping[str, str]]) -> Statement:
    title = "Published figures"
    count = Counter(row["verdict"] for row in rows)
    compared = count["within"] + count["beyond"]
    if not compared:
        text = "None of this study's codecs and images has published averages to be checked against."
        return Statement(title, "nothing to check", "not tested", text)
    text = f"{count['within']} of {compared} points lie within the tolerance"
    beyond = Counter(row["codec"] for row in rows if row["verdict"] == "beyond")
    text += f"; beyond it: {', '.join(f'{codec} {n}' for codec, n in beyond.items())}" if beyond else ""
    text += ". The table below has each point."
    return Statement(title, "beyond" if count["beyond"] else "within", "no" if count["beyond"] else "yes", text)


def _audit(rows: Sequence[Mapping[str, str]]) -> Statement:
    title = "Bit-exact again"
    if not rows:
        text = "Nothing was encoded and decoded again to compare bits; make audit does, and the next run shows it here."
        return Statement(title, "not audited", "not tested", text)
    checks = [name for name in rows[0] if name not in ("codec", "cells", "reason")]
    odd = [row["codec"] for row in rows if any(row[name] == "no" for name in checks)]
    cells = sum(int(row["cells"] or 0) for row in rows)
    done = f"{cells} cells of {len(rows)} codecs, in other processes and thread counts"
    if odd:
        return Statement(title, "not all", "no", f"{done}: bits differ for {', '.join(odd)}.")
    return Statement(title, "exact", "yes", f"{done}: no bit differs.")


def _timing(rows: Sequence[Mapping[str, str]]) -> Statement:
    title = "Times"
    if not rows:
        text = "The study has no timing. Seconds of its jobs are a log, taken while other jobs ran."
        return Statement(title, "not measured", "not tested", text)
    images = len({(row.get("image_set"), row["image"]) for row in rows})
    text = f"Each is {timing.conditions(rows[0])}, nothing beside"
    return Statement(title, "exclusive", "yes", f"{text}; {images} image{'s' * (images > 1)}.")


def _records(provenance: Mapping, packages: int) -> Statement:
    made, records = (sum(row[name] or 0 for row in provenance["records"]) for name in ("made", "records"))
    text = (
        f"{records} records, {made} of them made by the run that last gathered the tables; "
        f"{packages} library versions, hashes of code and locks, and the config are below."
    )
    return Statement("Provenance", "recorded", "yes", text)
