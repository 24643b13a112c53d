"""TensorFlow Compression's `.tfci` files, read and written without TensorFlow.

A file is a serialized `tf.train.Example` (TFC's `PackedTensors`): a map from names to lists of one kind. `MD` holds the
model's id as one string of bytes; the names U+0001, U+0002, … hold the channels in order, each a list of byte strings,
of 64-bit integers or of 32-bit floating point. The protocol buffers, with the numbers of their fields:

    Example  {1: Features}             Features {1: map entries {1: name, 2: Feature}}
    Feature  {1: BytesList, or 2: FloatList, or 3: Int64List}, each {1: repeated values, numbers packed}

TFC's reader takes the entries in any order; they are written here in that of the channels, `MD` first. What TFC's
writer doesn't write (other fields, a gap among the channels) is refused here as damage.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from study.errors import BitstreamError

_DELIMITED = 2  # the wire type of every field here, in protocol buffers
_BYTES, _FLOATS, _INTEGERS = 1, 2, 3  # fields of Feature
_MODEL = "MD"


class Packed(NamedTuple):
    """The content of a file: the model's id, and its channels, each a list of bytes, of int or of float."""

    model: str
    channels: list[list]


def pack(model: str, channels: Sequence[Sequence | np.ndarray]) -> bytes:
    """The file of a model's id (ASCII) and channels, each a vector of bytes, of integers or of floating point.

    Raises ValueError for a channel that is no vector or of another kind.
    """
    entries = [(_MODEL, _feature([model.encode("ascii")]))]
    entries += [(chr(number), _feature(channel)) for number, channel in enumerate(channels, start=1)]
    features = b"".join(_field(1, _field(1, name.encode()) + _field(2, value)) for name, value in entries)
    return _field(1, features)


def unpack(data: bytes) -> Packed:
    """The model's id and the channels of a file. Raises BitstreamError for anything that `pack` doesn't write."""
    try:
        return _unpacked(data)
    except (ValueError, IndexError, struct.error) as error:
        raise BitstreamError(f"not a .tfci file, or a damaged one: {error}") from None


def payload_bytes(data: bytes) -> int:
    """How many bytes of a file are strings of the range coder."""
    return sum(len(value) for channel in unpack(data).channels for value in channel if isinstance(value, bytes))


def _unpacked(data: bytes) -> Packed:
    found = {}
    for features in _only(data, 1):
        for entry in _only(features, 1):
            pair = dict(_fields(entry))
            name = pair.get(1, b"").decode()
            if set(pair) != {1, 2} or name in found:
                raise ValueError(f"its entry {name!r} is incomplete or repeated")
            found[name] = _values(pair[2])
    model = found.pop(_MODEL, None)
    if model is None or len(model) != 1 or not isinstance(model[0], bytes):
        raise ValueError("it names no model")
    names = [chr(number) for number in range(1, len(found) + 1)]
    if set(found) != set(names):
        raise ValueError("its channels are not numbered from 1 without a gap")
    return Packed(model[0].decode("ascii"), [found[name] for name in names])


def _feature(values: Sequence | np.ndarray) -> bytes:
    array = values if isinstance(values, np.ndarray) else np.array(values, dtype=object if _strings(values) else None)
    if array.ndim != 1:
        raise ValueError(f"a channel must be a vector; found an array of shape {list(array.shape)}")
    if array.dtype.kind in "OS" and _strings(array):
        return _field(_BYTES, b"".join(_field(1, value) for value in array))
    if array.dtype.kind in "iu":
        return _field(_INTEGERS, _field(1, b"".join(_varint(int(value)) for value in array)))
    if array.dtype.kind == "f":
        return _field(_FLOATS, _field(1, array.astype("<f4").tobytes()))
    raise ValueError(f"a channel must hold bytes, integers or floating point; found {array.dtype}")


def _strings(values: Sequence | np.ndarray) -> bool:
    return len(values) > 0 and all(isinstance(value, bytes) for value in values)


def _values(feature: bytes) -> list:
    ((kind, content),) = _fields(feature)
    lists = [value for field, value in _fields(content) if field == 1 or _unexpected(field)]
    if kind == _BYTES:
        return lists
    packed = b"".join(lists)
    if kind == _FLOATS:
        return list(struct.unpack(f"<{len(packed) // 4}f", packed))
    if kind == _INTEGERS:
        return list(_integers(packed))
    raise ValueError(f"a channel is of the unknown kind {kind}")


def _integers(packed: bytes) -> Iterator[int]:
    position = 0
    while position < len(packed):
        value, position = _read_varint(packed, position)
        yield value - (1 << 64) if value >> 63 else value


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # a negative number as its two's complement
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def _only(data: bytes, field: int) -> Iterator[bytes]:
    for number, content in _fields(data):
        if number != field:
            _unexpected(number)
        yield content


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message, all of them length-delimited, as (number, content)."""
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


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise ValueError("it ends too early")
        digit = data[position]
        position += 1
        value |= (digit & 0x7F) << shift
        if digit < 0x80:
            return value & ((1 << 64) - 1), position
    raise ValueError("a number has more than 10 bytes")


def _unexpected(field: int) -> bool:
    raise ValueError(f"a field of number {field} doesn't belong there")
