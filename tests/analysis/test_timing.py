"""Rounds of timing joined to one row."""

from __future__ import annotations

from study.analysis import timing
from study.core import columns

SECONDS = {"s": 3.0, "s_lo": 2.0, "s_hi": 5.0, "cpu_s": 2.0}


def test_rounds_are_joined_by_their_medians_and_keep_the_spread_of_all_calls():
    rounds = [
        {"image": "x", "repeats": "5", "machine": "M", "status": "ok"}
        | {f"{stage}_{name}": str(value * scale) for stage in columns.TIMING_STAGES for name, value in SECONDS.items()}
        for scale in (1, 4, 2)
    ]
    row = timing.joined(rounds)
    assert [float(row[f"encode_{name}"]) for name in columns.TIMES] == [6.0, 2.0, 20.0, 4.0]
    assert timing.conditions(row) == "the median of 3 rounds of 5 calls on one core of M"
    assert timing.conditions(timing.joined(rounds[:1])) == "the median of 5 calls on one core of M"
    rounds[1] = {"image": "x", "status": "failed", "reason": "killed", "encode_s": ""}
    row = timing.joined(rounds)
    assert (row["status"], row["reason"], row["encode_s"], row["rounds"]) == ("failed", "killed", "", "3")
