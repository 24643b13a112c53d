"""What the ids of a study mean: codecs, image sets and claims, from the catalogues and from the study itself."""

from __future__ import annotations

from collections.abc import Mapping

from study.core.errors import StudyError, allowed
from study.core.paths import CATALOGUE
from study.core.readers import read_yaml


def codecs(study: Mapping | None = None) -> dict[str, dict]:
    """Every codec's entry by id: those of `catalogue/codecs.yaml` and those that the study defines."""
    return _with_own(read_yaml(CATALOGUE / "codecs.yaml"), (study or {}).get("define", {}).get("codecs", {}), "codec")


def image_sets(study: Mapping | None = None) -> dict[str, dict]:
    """Every image set's entry by id: those of `catalogue/images.yaml` and those that the study defines."""
    return _with_own(
        read_yaml(CATALOGUE / "images.yaml"), (study or {}).get("define", {}).get("images", {}), "image set"
    )


def claims(study: Mapping | None = None) -> dict[str, dict]:
    """Every claim by id: those of `catalogue/claims.yaml` and those that the study defines."""
    return _with_own(read_yaml(CATALOGUE / "claims.yaml"), (study or {}).get("define", {}).get("claims", {}), "claim")


def entry(kind: str, name: str, entries: Mapping[str, dict]) -> dict:
    """The entry called `name`. Raises StudyError, with the nearest match, if there is none."""
    if name not in entries:
        raise StudyError(f"{kind} {name!r} is unknown; {allowed(name, entries)}")
    return entries[name]


def qualities(chosen: str | list, entry: Mapping) -> list:
    """The qualities of a codec that a study runs, in the order given: `chosen`, or all of the catalogue's entry."""
    return list(entry["qualities"]) if chosen == "all" else list(chosen)


def _with_own(shared: dict[str, dict], own: Mapping[str, dict], kind: str) -> dict[str, dict]:
    for name in own:
        if name in shared and own[name] != shared[name]:
            raise StudyError(
                f"define: {kind} {name!r} is in the catalogue already, and an id means one thing; choose another id"
            )
    return {**shared, **own}
