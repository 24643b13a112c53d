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

from study.codecs.tfci.protobuf import field, fields, varint, varints
from study.core.errors import BitstreamError

_BYTES, _FLOATS, _INTEGERS = 1, 2, 3  # fields of Feature
_MODEL = "MD"


class Packed(NamedTuple):
    """The content of a file: the model's id, and its channels, each a list of bytes, of int or of float."""

    model: str
    channels: list[list]


def pack(model: str, channels: Sequence[Sequence | np.ndarray]) -> bytes:
    """The file of a model's id (ASCII) and channels, each a vector [N] of bytes, of integers or of floats.

    Raises ValueError for a channel that is no vector or of another kind.
    """
    entries = [(_MODEL, _feature([model.encode("ascii")]))]
    entries += [(chr(number), _feature(channel)) for number, channel in enumerate(channels, start=1)]
    features = b"".join(field(1, field(1, name.encode()) + field(2, value)) for name, value in entries)
    return field(1, features)


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
    channels: dict[str, list] = {}
    for features in _only(data, 1):
        for entry in _only(features, 1):
            pair = dict(fields(entry))
            name = pair.get(1, b"").decode()
            if set(pair) != {1, 2} or name in channels:
                raise ValueError(f"its entry {name!r} is incomplete or repeated")
            channels[name] = _values(pair[2])
    model = channels.pop(_MODEL, None)
    if model is None or len(model) != 1 or not isinstance(model[0], bytes):
        raise ValueError("it names no model")
    names = [chr(number) for number in range(1, len(channels) + 1)]
    if set(channels) != set(names):
        raise ValueError("its channels are not numbered from 1 without a gap")
    return Packed(model[0].decode("ascii"), [channels[name] for name in names])


def _feature(values: Sequence | np.ndarray) -> bytes:
    array = values if isinstance(values, np.ndarray) else np.array(values, dtype=object if _strings(values) else None)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"a channel must be a vector of values; found an array of shape {list(array.shape)}")
    if array.dtype.kind == "O" and _strings(array):
        return field(_BYTES, b"".join(field(1, value) for value in array))
    if array.dtype.kind in "iu":
        return field(_INTEGERS, field(1, b"".join(varint(int(value)) for value in array)))
    if array.dtype.kind == "f":
        return field(_FLOATS, field(1, array.astype("<f4").tobytes()))
    raise ValueError(f"a channel must hold bytes, integers or floating point; found {array.dtype}")


def _strings(values: Sequence | np.ndarray) -> bool:
    return len(values) > 0 and all(isinstance(value, bytes) for value in values)


def _values(feature: bytes) -> list:
    ((kind, content),) = fields(feature)
    lists = [value for number, value in fields(content) if number == 1 or _unexpected(number)]
    if kind == _BYTES:
        return lists
    packed = b"".join(lists)
    if kind == _FLOATS:
        return list(struct.unpack(f"<{len(packed) // 4}f", packed))
    if kind == _INTEGERS:
        return list(varints(packed))
    raise ValueError(f"a channel is of the unknown kind {kind}")


def _only(data: bytes, wanted: int) -> Iterator[bytes]:
    return (content for number, content in fields(data) if number == wanted or _unexpected(number))


def _unexpected(number: int) -> bool:
    raise ValueError(f"a field of number {number} doesn't belong there")
