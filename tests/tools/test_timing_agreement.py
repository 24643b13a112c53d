"""How far two timings agree."""

from __future__ import annotations

import pytest

import timing_agreement
from study.core.errors import StudyError


def row(codec: str, seconds: float, status: str = "ok") -> dict[str, str]:
    figures = {f"{stage}_{name}": f"{seconds}" for stage in ("encode", "decode") for name in ("s", "s_lo", "cpu_s")}
    return {"image_set": "s", "codec": codec, "quality": "1", "image": "a", "status": status, **figures}


def test_the_median_and_the_worst_codec_are_told() -> None:
    first = [row("a", 1.0), row("b", 2.0), row("c", 4.0), row("gone", 1.0)]
    second = [row("a", 1.0), row("b", 2.2), row("c", 6.0), row("gone", 9.0, "failed")]
    made = list(timing_agreement.lines(first, second))
    assert made[2] == "| encode | wall clock, median of the calls | 9.5% | 40% (`c`) |" and len(made) == 2 + 6


def test_runs_of_different_studies_are_refused() -> None:
    with pytest.raises(StudyError, match="timed nothing alike"):
        list(timing_agreement.lines([row("a", 1.0)], [row("b", 1.0)]))
