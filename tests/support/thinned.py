"""Parameters of tests of which `make quick` takes one of a kind, and `make test` all."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable
from typing import Any

import pytest


def one_of_a_kind(values: Iterable[Any], kind: Callable[[Any], Hashable], slow: Container = ()) -> list:
    """The values as parameters of a test; all but the first of each kind, and those in `slow`, are marked as slow.

    A tuple is the arguments of one case.
    """
    kinds, parameters = set(), []
    for value in values:
        marks = [pytest.mark.slow] if kind(value) in kinds or value in slow else []
        kinds.add(kind(value))
        parameters.append(pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=marks))
    return parameters
