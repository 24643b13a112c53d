"""The opinion test of a study: its files of answers, what its commands need to know, and what they make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from study.core import paths, typed
from study.core.errors import allowed
from study.opinions.trials import Options
from study.planning.cells import Plan
from study.planning.study import Study

TABLES = ("opinions_scale", "opinions_observers", "opinions_metrics")


def settings(study: Study) -> Options:
    """How the study's opinion test is made; a study without `opinions` has the defaults."""
    return study.opinions or Options()


def answers(study: Study) -> list[str]:
    """The files of answers that the study evaluates, in the order of their names; none without `opinions.answers`."""
    folder = settings(study).answers
    return [] if folder is None else sorted(str(path) for path in paths.resolved(folder).glob("*.json"))


def problems(study: Study) -> Iterator[str]:
    """What is wrong with `opinions` in a study, a line each."""
    chosen = settings(study)
    for codec in chosen.codecs or ():
        if codec not in study.codecs:
            yield f"opinions.codecs: {codec!r} is not among the study's codecs; {allowed(codec, study.codecs)}"
    if chosen.answers is not None and not answers(study):
        what = (
            "no *.json files are there" if Path(paths.resolved(chosen.answers)).is_dir() else "there is no such folder"
        )
        yield (
            f"opinions.answers: {chosen.answers!r}: {what}; `make opinions` writes the test's page, which saves them; "
            "leave the key out until there are answers"
        )


def test(plan: Plan) -> dict:
    """For `opinion_test.py`: image sets with their parts, the metric that finds the traps, the test's settings."""
    sets = {name: list(parts) for name, parts in plan.parts.items()}
    chosen = {key: value for key, value in typed.plain(settings(plan.study)).items() if key != "answers"}
    return {"study": plan.name, "sets": sets, "metric": plan.study.metrics[0], "options": chosen}


def evaluation(study: Study) -> dict:
    """Options of `opinions.py`."""
    chosen = settings(study)
    return {name: getattr(chosen, name) for name in ("least_traps", "resamples", "seed")} | {"metrics": study.metrics}


def products(plan: Plan) -> list[str]:
    """The tables and figures of a study with answers, relative to its folder; none for another."""
    if not answers(plan.study):
        return []
    figures = [
        f"figures/{name}/opinions.{suffix}" for name in plan.parts for suffix in plan.study.figures.paper.suffixes
    ]
    return [*(f"{name}.csv" for name in TABLES), *figures]
