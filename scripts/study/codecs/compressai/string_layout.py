"""How the strings and shapes of a network's own `compress()` lie in a bitstream.

CompressAI's networks give lists of lists of strings and a shape, or a dictionary of shapes; others nest them in other
ways, and their `decompress()` wants them back as they were. A layout is the nesting without the strings' content, one
byte for a kind and varints for lengths and numbers:

    N       None
    I n     a whole number, twice its size, less one if it is below 0
    F x     a number, a double
    S n ..  text of n bytes, UTF-8
    B       the next string
    L n ..  a list of n things; T n .. a tuple (a torch.Size is one); D n .. a dictionary of n pairs
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from study.codecs.framing import read_varint, varint
from study.core.errors import BitstreamError, StudyError

DEEPEST = 16
_DOUBLE = struct.Struct("<d")


def taken_apart(value: Any, what: str) -> tuple[bytes, list[bytes]]:
    """The layout of nested strings and shapes, and the strings in their order.

    `what` names the value in errors. Raises StudyError for what a layout can't hold.
    """
    strings: list[bytes] = []
    return _layout(value, what, strings, 0), strings


def put_together(layout: bytes, strings: Iterator[bytes]) -> Any:
    """The nested strings and shapes of a layout. Raises BitstreamError where it isn't whole or strings don't match."""
    value, end = _value(layout, 0, strings, 0)
    if end != len(layout) or next(strings, None) is not None:
        raise BitstreamError("inconsistent bitstream: its strings aren't those that its layout tells of")
    return value


def _layout(value: Any, what: str, strings: list[bytes], depth: int) -> bytes:
    if depth > DEEPEST:
        raise StudyError(f"{what} nests more than {DEEPEST} lists")
    if value is None:
        return b"N"
    if isinstance(value, bytes | bytearray):
        strings.append(bytes(value))
        return b"B"
    if isinstance(value, str):
        text = value.encode()
        return b"S" + varint(len(text)) + text
    if isinstance(value, list | tuple):
        kind = b"L" if isinstance(value, list) else b"T"
        return kind + varint(len(value)) + b"".join(_layout(item, what, strings, depth + 1) for item in value)
    if isinstance(value, Mapping):
        pairs = [part for pair in value.items() for part in pair]
        return b"D" + varint(len(value)) + b"".join(_layout(part, what, strings, depth + 1) for part in pairs)
    number = _number(value)
    if isinstance(number, int) and abs(number) < 2**31:
        return b"I" + varint(2 * number if number >= 0 else -2 * number - 1)
    if isinstance(number, float):
        return b"F" + _DOUBLE.pack(number)
    raise StudyError(f"{what} holds a {type(value).__name__}; allowed: bytes, numbers, text, and lists of these")


def _number(value: Any) -> int | float | None:
    """A number of Python from one of NumPy or PyTorch, or a tensor of a single one; None for anything else."""
    if not isinstance(value, bool | int | float) and hasattr(value, "item"):
        try:
            value = value.item()
        except (ValueError, RuntimeError):  # of more than one
            return None
    return int(value) if isinstance(value, bool | int) else value if isinstance(value, float) else None


def _value(layout: bytes, start: int, strings: Iterator[bytes], depth: int) -> tuple[Any, int]:
    kind, at = layout[start : start + 1], start + 1
    if kind == b"N":
        return None, at
    if kind == b"B":
        return _next(strings), at
    if kind == b"F" and at + _DOUBLE.size <= len(layout):
        return _DOUBLE.unpack_from(layout, at)[0], at + _DOUBLE.size
    if kind not in (b"I", b"S", b"L", b"T", b"D") or depth > DEEPEST:
        raise BitstreamError("inconsistent bitstream: its layout holds what none has")
    count, at = read_varint(layout, at)
    if kind == b"I":
        return -(count + 1) // 2 if count % 2 else count // 2, at
    if count > len(layout) - at:
        raise BitstreamError("inconsistent bitstream: its layout is cut short")
    if kind == b"S":
        return layout[at : at + count].decode(errors="replace"), at + count
    items = []
    for _ in range(2 * count if kind == b"D" else count):
        item, at = _value(layout, at, strings, depth + 1)
        items.append(item)
    if kind == b"D":
        try:
            return dict(zip(items[::2], items[1::2], strict=True)), at
        except TypeError:  # a list as a key
            raise BitstreamError("inconsistent bitstream: its layout holds what none has") from None
    return items if kind == b"L" else tuple(items), at


def _next(strings: Iterator[bytes]) -> bytes:
    string = next(strings, None)
    if string is None:
        raise BitstreamError("inconsistent bitstream: it has fewer strings than its layout tells of")
    return string
