"""The catalogues as plain data: what the ids of codecs, image sets, claims and edits mean.

Commands of codecs read it, so it imports nothing whose edits had to rerun them; `planning.entries` has typed objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from study.core.errors import StudyError, allowed
from study.core.paths import CATALOGUE
from study.core.readers import read_yaml

Entry = TypeVar("Entry")


def read(name: str) -> dict[str, Any]:
    """The file `catalogue/<name>.yaml` as it is. Raises StudyError where it can't be read."""
    return read_yaml(CATALOGUE / f"{name}.yaml")


def entry(kind: str, name: str, entries: Mapping[str, Entry]) -> Entry:
    """The entry called `name`. Raises StudyError, with the nearest match, if there is none."""
    if name not in entries:
        raise StudyError(f"{kind} {name!r} is unknown; {allowed(name, entries)}")
    return entries[name]
