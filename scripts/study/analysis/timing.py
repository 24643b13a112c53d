"""The table of times, timing.csv, from the rounds in which a study's codecs were timed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from study.core import columns, outcome

COLUMNS = ("image_set", "codec", "quality", "rounds", *columns.TIMING)
_OVER_ROUNDS: dict[str, Callable[[Sequence[float]], float]] = {
    "s": statistics.median,
    "s_lo": min,
    "s_hi": max,
    "cpu_s": statistics.median,
}


def joined(rounds: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """One image's row from those of its rounds: medians of their medians, the shortest and the longest of all calls.

    A round without times (skipped, refused, failed) gives the row.
    """
    lacking = next((row for row in rounds if row["status"] != outcome.OK), None)
    if lacking is not None:
        return {**lacking, "rounds": str(len(rounds))}
    row = {**rounds[0], "rounds": str(len(rounds))}
    for stage in columns.TIMING_STAGES:
        for figure in columns.TIMES:
            values = [float(one[f"{stage}_{figure}"]) for one in rounds]
            row[f"{stage}_{figure}"] = str(round(_OVER_ROUNDS[figure](values), 6))
    return row


def conditions(row: Mapping[str, str]) -> str:
    """How a row of timing.csv was timed, for a sentence."""
    rounds = f"{row['rounds']} rounds of " if int(row["rounds"]) > 1 else ""
    return f"the median of {rounds}{row['repeats']} calls on one core of {row['machine']}"
