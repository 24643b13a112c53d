"""Protocol buffers' wire format, as far as it is needed: messages whose fields are all length-delimited, and varints.

A damaged message raises ValueError. The format: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

Data = TypeVar("Data", bytes, memoryview)
_DELIMITED = 2  # the wire type of strings, messages and packed numbers
_MASK = (1 << 64) - 1


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | _DELIMITED) + varint(len(content)) + content


def fields(data: Data) -> Iterator[tuple[int, Data]]:
    """The fields of a message as (number, content), the content a slice of `data`."""
    position = 0
    while position < len(data):
        tag, position = _read_varint(data, position)
        if tag & 7 != _DELIMITED:
            raise ValueError(f"a field of wire type {tag & 7} doesn't belong there")
        length, position = _read_varint(data, position)
        if length > len(data) - position:
            raise ValueError("it ends too early")
        yield tag >> 3, data[position : position + length]
        position += length


def varint(value: int) -> bytes:
    """A whole number of 64 bits; a negative one as its two's complement."""
    value &= _MASK
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def varints(data: bytes) -> Iterator[int]:
    """The signed numbers of 64 bits in a packed field."""
    position = 0
    while position < len(data):
        value, position = _read_varint(data, position)
        yield value - (1 << 64) if value >> 63 else value


def _read_varint(data: bytes | memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise ValueError("it ends too early")
        digit = data[position]
        position += 1
        value |= (digit & 0x7F) << shift
        if digit < 0x80:
            return value & _MASK, position
    raise ValueError("a number has more than 10 bytes")
