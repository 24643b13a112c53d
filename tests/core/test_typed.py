"""Plain data become dataclasses and plain data again; what doesn't fit is told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from study.core import typed
from study.core.errors import StudyError


@dataclass(frozen=True)
class Inner:
    size: int
    name: str | None = None


@dataclass(frozen=True)
class Outer:
    one: Inner
    more: list[Inner] = field(default_factory=list)
    named: dict[str, Inner] = field(default_factory=dict)
    either: str | Inner | list[Inner] = "all"


def test_there_and_back() -> None:
    data = {"one": {"size": 1}, "more": [{"size": 2, "name": "x"}], "named": {"a": {"size": 3}}}
    made = typed.built(Outer, data)
    assert made == Outer(Inner(1), [Inner(2, "x")], {"a": Inner(3)})
    assert typed.plain(made) == data | {"either": "all"}
    assert typed.built(Outer, typed.plain(made)) == made


@pytest.mark.parametrize("either", ["all", {"size": 4}, [{"size": 4}, {"size": 5}]])
def test_a_value_of_several_kinds_is_built_by_its_own(either: object) -> None:
    made = typed.built(Outer, {"one": {"size": 1}, "either": either})
    assert typed.plain(made.either) == either
    assert not isinstance(made.either, dict)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "the plan: the key 'one' is missing"),
        ({"one": {"size": 1, "nam": "x"}}, "the plan.one: the key 'nam' is unknown; did you mean 'name'"),
        ({"one": {"size": 1}, "named": {"a": {}}}, "the plan.named.a: the key 'size' is missing"),
    ],
)
def test_keys_that_do_not_fit_are_told(data: dict, said: str) -> None:
    with pytest.raises(StudyError, match=said.replace("(", r"\(")):
        typed.built(Outer, data, "the plan")


def test_an_object_says_itself_what_its_plain_data_are() -> None:
    class Own:
        def data(self) -> list[int]:
            return [1, 2]

    assert typed.plain({"own": Own(), "also": [Own()]}) == {"own": [1, 2], "also": [[1, 2]]}
