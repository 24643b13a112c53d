"""The bitstream of a learned codec: a short header, then the entropy-coded strings.

    bytes  what
    3      magic, `LIC`
    1      version, 1
    4      CRC-32 of everything after it: finds damage before anything is decoded
    4      codec: BLAKE2b of its id
    6      weights: BLAKE2b of their sha256
    6      check value: BLAKE2b of the header's codec, weights and size and of the quantised latents
    1-3    height, varint
    1-3    width, varint
    1      number of strings (y, then z)
    1-4    length of each string, varint
    ...    the strings

At most 39 bytes stand before the strings of an image of up to 2^21 pixels a side. The padding follows from the size.
The check value is compared after decoding: an arithmetic decoder never notices by itself that its probabilities differ
from the encoder's, be it by other weights or by the floating point of another machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from study.codecs import framing
from study.codecs.framing import hashed, read_varint, varint
from study.core.errors import BitstreamError

MAGIC = b"LIC"
VERSION = 1
_FIXED = 24


@dataclass(frozen=True)
class Contents:
    """What a bitstream holds. `strings` are y's and, if the model has one, z's; `size` is (H, W)."""

    size: tuple[int, int]
    strings: tuple[bytes, ...]
    head: bytes
    check: bytes


def pack(
    codec: str, weights: str, size: tuple[int, int], strings: Sequence[bytes], symbols: Sequence[np.ndarray]
) -> bytes:
    """The bitstream of an image of `size`, (height, width) in pixels.

    `codec` is the codec's id, `weights` the sha256 of its weights, `symbols` the integers that the strings code,
    each an array [C, R, W].
    """
    head = hashed(4, codec.encode()) + hashed(6, weights.encode())
    lengths = b"".join(varint(len(string)) for string in strings)
    sizes = varint(size[0]) + varint(size[1])
    checked = head + _check(head, size, symbols) + sizes + bytes([len(strings)]) + lengths + b"".join(strings)
    return framing.framed(MAGIC, VERSION, checked)


def unpack(bitstream: bytes, codec: str, weights: str, what: str = "weights") -> Contents:
    """The contents of a bitstream of `codec` with `weights`. Raises BitstreamError for any other, and for damage.

    `what` names in the message what the hash `weights` is of.
    """
    contents = parse(bitstream)
    if contents.head[:4] != hashed(4, codec.encode()):
        raise BitstreamError(f"this bitstream was made by another codec than {codec}; decode it with that codec")
    if contents.head[4:] != hashed(6, weights.encode()):
        raise BitstreamError(
            f"this bitstream was made with other {what} than those of {codec} here (sha256 {weights[:12]}…)"
        )
    return contents


def parse(bitstream: bytes) -> Contents:
    """The contents of any undamaged bitstream. Raises BitstreamError for damage."""
    framing.check(bitstream, MAGIC, VERSION, "a learned codec", _FIXED)
    height, position = read_varint(bitstream, _FIXED)
    width, position = read_varint(bitstream, position)
    if position == len(bitstream):
        raise BitstreamError("inconsistent bitstream: its header doesn't say how many strings there are")
    count, position = bitstream[position], position + 1
    lengths = []
    for _ in range(count):
        length, position = read_varint(bitstream, position)
        lengths.append(length)
    if position + sum(lengths) != len(bitstream) or 0 in (height, width):
        raise BitstreamError("inconsistent bitstream: its lengths don't add up to its size")
    strings = []
    for length in lengths:
        strings.append(bitstream[position : position + length])
        position += length
    return Contents((height, width), tuple(strings), bitstream[8:18], bitstream[18:24])


def verify(contents: Contents, symbols: Sequence[np.ndarray]) -> None:
    """Raise BitstreamError unless the decoded `symbols`, each [C, R, W], are those that were encoded."""
    if _check(contents.head, contents.size, symbols) != contents.check:
        raise BitstreamError(
            "the decoded latents aren't those that were encoded: the entropy model gave other probabilities here than "
            "in the encoder (another machine's or device's floating point); decode where it was encoded"
        )


def _check(head: bytes, size: tuple[int, int], symbols: Sequence[np.ndarray]) -> bytes:
    parts = [head, np.array(size, dtype="<i8").tobytes()]
    for values in symbols:
        parts += [np.array(values.shape, dtype="<i8").tobytes(), np.ascontiguousarray(values, dtype="<i4").tobytes()]
    return hashed(6, *parts)
