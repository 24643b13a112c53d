"""What the ids of a study mean: codecs and image sets, from the catalogues and from the study itself.

Commands of codecs read it, so it imports nothing whose edits had to rerun them: what a study is, or its claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from study.core.errors import StudyError, allowed
from study.core.paths import CATALOGUE
from study.core.readers import read_yaml

Entry = TypeVar("Entry")


def codecs(own: Mapping[str, dict[str, Any]] | None = None) -> dict[str, dict[str, Any]]:
    """Every codec's entry by id: those of `catalogue/codecs.yaml` and a study's `own`.

    Raises StudyError for an id of the catalogue that the study gives another meaning.
    """
    return with_own(read("codecs"), own or {}, "codec")


def image_sets(own: Mapping[str, dict[str, Any]] | None = None) -> dict[str, dict[str, Any]]:
    """Every image set's entry by id: those of `catalogue/images.yaml` and a study's `own`. Raises as `codecs`."""
    return with_own(read("images"), own or {}, "image set")


def read(name: str) -> dict[str, Any]:
    """The file `catalogue/<name>.yaml` as it is. Raises StudyError where it can't be read."""
    return read_yaml(CATALOGUE / f"{name}.yaml")


def entry(kind: str, name: str, entries: Mapping[str, Entry]) -> Entry:
    """The entry called `name`. Raises StudyError, with the nearest match, if there is none."""
    if name not in entries:
        raise StudyError(f"{kind} {name!r} is unknown; {allowed(name, entries)}")
    return entries[name]


def qualities(chosen: str | list, entry: Mapping[str, Any]) -> list:
    """The qualities of a codec that a study runs, in the order given: `chosen`, or all of the catalogue's entry."""
    return list(entry["qualities"]) if chosen == "all" else list(chosen)


def with_own(shared: dict[str, Entry], own: Mapping[str, Entry], kind: str) -> dict[str, Entry]:
    """The entries of a catalogue and a study's own. Raises StudyError for an id with two meanings."""
    for name in own:
        if name in shared and own[name] != shared[name]:
            raise StudyError(
                f"define: {kind} {name!r} is in the catalogue already, and an id means one thing; choose another id"
            )
    return {**shared, **own}
