"""Files of results that a command line asks for and that the study can't make: what is wrong with each path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from study.core import results
from study.core.errors import StudyError, allowed
from study.planning.cells import Plan

_IMAGES = re.compile(rf"{results.FOLDER}/images/(?P<part>[^/]+)/images\.csv")
_CELL = re.compile(
    rf"{results.FOLDER}/(?P<kind>bitstreams|decoded|scores|latents|impulses)/"
    r"(?P<part>[^/]+)/(?P<codec>[^/]+)/(?P<quality>[^/]+)/(?P<record>[^/]+)\.csv"
)
_STUDY = re.compile(rf"{results.FOLDER}/(studies|edits)/(?P<study>[^/]+)/.+")
_RECORDS = {
    "bitstreams": ["encoded"], "decoded": ["decoded"], "latents": ["latents"], "impulses": ["impulse"]
}  # fmt: skip


def check(plan: Plan, files: Iterable[str]) -> None:
    """Raises StudyError with one sentence for the first file whose path names what the study hasn't.

    Other paths pass: whether a rule makes them is Snakemake's to say.
    """
    for file in files:
        for problem in _problems(plan, file):
            raise StudyError(f"{file}: {problem}")


def _problems(plan: Plan, file: str) -> Iterator[str]:
    if (named := _STUDY.fullmatch(file)) and named["study"] != plan.name:
        yield f"this run is of the study {plan.name!r}; give the config of {named['study']!r} with --configfile"
    cell = _CELL.fullmatch(file)
    if not (named := cell or _IMAGES.fullmatch(file)):
        return
    if named["part"] not in plan.all_parts:
        yield _lacks(plan, "image set", named["part"], plan.all_parts, "images")
    if not cell:
        return
    codec, qualities = cell["codec"], plan.asked_qualities
    if codec not in qualities:
        yield _lacks(plan, "codec", codec, qualities, "codecs")
    elif cell["quality"] not in qualities[codec]:
        yield _lacks(plan, "quality", cell["quality"], qualities[codec], f"codecs.{codec}", f" of {codec}")
    records = _RECORDS.get(cell["kind"]) or plan.scores.groups
    if cell["record"] not in records:
        yield f"there is no record {cell['record']}.csv; {allowed(cell['record'], records)}"


def _lacks(plan: Plan, what: str, name: str, known: Iterable[str], key: str, of: str = "") -> str:
    start = f"the study {plan.name!r} has no {what} {name!r}{of}"
    return f"{start}; {allowed(name, known)}; others are added at its key `{key}`"
