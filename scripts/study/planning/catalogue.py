"""What the ids of a study mean: codecs, image sets and claims, from the catalogues and from the study itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from study.analysis.claim_pairs import Claim
from study.core import typed
from study.core.errors import StudyError, allowed
from study.core.paths import CATALOGUE
from study.core.readers import read_yaml
from study.planning.study import Quality, Study

Entry = TypeVar("Entry")


def codecs(study: Study | None = None) -> dict[str, dict[str, Any]]:
    """Every codec's entry by id: those of `catalogue/codecs.yaml` and those that the study defines.

    Raises StudyError for an id of the catalogue that the study gives another meaning; so do the others.
    """
    return _with_own(read("codecs"), study.define.codecs if study else {}, "codec")


def image_sets(study: Study | None = None) -> dict[str, dict[str, Any]]:
    """Every image set's entry by id: those of `catalogue/images.yaml` and those that the study defines."""
    return _with_own(read("images"), study.define.images if study else {}, "image set")


def claims(study: Study | None = None) -> dict[str, Claim]:
    """Every claim by id: those of `catalogue/claims.yaml` and those that the study defines."""
    shared = {name: typed.built(Claim, entry, f"claim {name}") for name, entry in read("claims").items()}
    return _with_own(shared, study.define.claims if study else {}, "claim")


def read(name: str) -> dict[str, Any]:
    """The file `catalogue/<name>.yaml` as it is. Raises StudyError where it can't be read."""
    return read_yaml(CATALOGUE / f"{name}.yaml")


def entry(kind: str, name: str, entries: Mapping[str, Entry]) -> Entry:
    """The entry called `name`. Raises StudyError, with the nearest match, if there is none."""
    if name not in entries:
        raise StudyError(f"{kind} {name!r} is unknown; {allowed(name, entries)}")
    return entries[name]


def qualities(chosen: str | list[Quality], entry: Mapping[str, Any]) -> list[Quality]:
    """The qualities of a codec that a study runs, in the order given: `chosen`, or all of the catalogue's entry."""
    return list(entry["qualities"]) if chosen == "all" else list(chosen)


def _with_own(shared: dict[str, Entry], own: Mapping[str, Entry], kind: str) -> dict[str, Entry]:
    for name in own:
        if name in shared and own[name] != shared[name]:
            raise StudyError(
                f"define: {kind} {name!r} is in the catalogue already, and an id means one thing; choose another id"
            )
    return {**shared, **own}
