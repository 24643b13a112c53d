"""From checked plain data (YAML, JSON) to frozen dataclasses, and back.

The schema (rules/schema.yaml) documents a config and finds all its problems at once, so nothing is left to validate
here. Hence the standard library's dataclasses rather than pydantic: a job that reads its specification needn't import
it, and the environment of the TensorFlow codecs doesn't have it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from study.core.errors import StudyError, allowed

T = TypeVar("T")


def built(kind: type[T], data: Mapping[str, Any], what: str = "") -> T:
    """The dataclass `kind` from a mapping of its fields, dataclasses within it (in lists, in mappings) too.

    Fields that `data` lacks have their defaults. Raises StudyError, headed by `what`, for keys that are no fields, and
    for fields without default that are missing; types of values aren't checked.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    what = what or kind.__name__
    for key in data:
        if key not in fields:
            raise StudyError(f"{what}: the key {key!r} is unknown; {allowed(key, fields)}")
    for name, field in fields.items():
        if name not in data and field.default is field.default_factory is dataclasses.MISSING:
            raise StudyError(f"{what}: the key {name!r} is missing")
    hints = _hints(kind)  # type: ignore[arg-type]
    return kind(**{name: _value(hints[name], value, f"{what}.{name}") for name, value in data.items()})


def plain(value: Any) -> Any:
    """Plain data (JSON) of dataclasses, lists and mappings; fields that are None are left out.

    An object within that has a method `data` says itself what its plain data are.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: _inner(content) for name, content in fields if content is not None}
    if isinstance(value, Mapping):
        return {name: _inner(content) for name, content in value.items()}
    return [_inner(content) for content in value] if isinstance(value, list | tuple) else value


def _inner(value: Any) -> Any:
    return value.data() if hasattr(value, "data") else plain(value)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _value(hint: Any, value: Any, what: str) -> Any:
    """A value as its type hint says: dataclasses are built wherever a mapping stands for one."""
    if isinstance(hint, types.UnionType):
        return _value(next((part for part in hint.__args__ if _fits(part, value)), Any), value, what)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return built(hint, value, what)  # type: ignore[arg-type]
    if origin is list and isinstance(value, list):
        return [_value(arguments[0], item, what) for item in value]
    if origin is dict and isinstance(value, Mapping):
        return {name: _value(arguments[1], item, f"{what}.{name}") for name, item in value.items()}
    return value


def _fits(hint: Any, value: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    if dataclasses.is_dataclass(origin):
        return isinstance(value, Mapping)
    return origin in (list, dict) and isinstance(value, origin)
