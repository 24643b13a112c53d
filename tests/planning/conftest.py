"""The catalogues are parsed once for a file of tests."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from study.core import paths
from study.planning import catalogue


@pytest.fixture(scope="module", autouse=True)
def parsed_once() -> Iterator[None]:
    """Whoever reads a catalogue gets a copy of what was parsed, as long as its file is the same."""
    parse, contents = catalogue.read, {}

    def read(name: str) -> dict:
        key = name, (paths.CATALOGUE / f"{name}.yaml").stat().st_mtime_ns
        if key not in contents:
            contents[key] = pickle.dumps(parse(name))
        return pickle.loads(contents[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "read", read)
        yield
