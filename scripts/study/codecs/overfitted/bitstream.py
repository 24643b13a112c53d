"""The bitstream of the overfitted codec: a header of about 18 bytes, then one entropy-coded string.

    bytes  what
    3      magic, `OFC`
    1      version, 3
    4      CRC-32 of everything after it: finds damage before anything is decoded
    4      check value: BLAKE2b of the parameters' and the latents' integers
    1-4    height, varint
    1-4    width, varint
    1      level of chroma's finest bands
    1      the gain of all bands at the start, in quarters of an octave
    ...    the string: for each group of parameters its step, its table's scale and its values; then the latents

The check value is compared after decoding, since a range decoder never notices by itself that its probabilities differ
from the encoder's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from study.codecs import framing
from study.codecs.framing import CHECKED, hashed, read_varint, varint
from study.codecs.overfitted import grids
from study.core.errors import BitstreamError

MAGIC = b"OFC"
VERSION = 3
_CHECK = 4


@dataclass(frozen=True)
class Contents:
    """What a bitstream holds; `size` is (H, W)."""

    size: tuple[int, int]
    chroma_level: int
    start_step: int
    check: bytes
    string: bytes


def check_value(integers: Iterable[np.ndarray]) -> bytes:
    """The check value of the integers that were coded, arrays of any shape."""
    return hashed(_CHECK, *(np.ascontiguousarray(values, dtype="<i4").tobytes() for values in integers))


def pack(contents: Contents) -> bytes:
    """The bitstream of these contents."""
    sizes = varint(contents.size[0]) + varint(contents.size[1])
    checked = contents.check + sizes + bytes([contents.chroma_level, contents.start_step]) + contents.string
    return framing.framed(MAGIC, VERSION, checked)


def parse(bitstream: bytes) -> Contents:
    """The contents of an undamaged bitstream. Raises BitstreamError for any other."""
    framing.check(bitstream, MAGIC, VERSION, "the overfitted codec")
    height, position = read_varint(bitstream, CHECKED + _CHECK)
    width, position = read_varint(bitstream, position)
    form = bitstream[position : position + 2]
    if 0 in (height, width) or len(form) < 2 or form[0] > grids.LEVELS:
        raise BitstreamError("inconsistent bitstream: its header has no size, or no grids that this codec has")
    check = bitstream[CHECKED : CHECKED + _CHECK]
    return Contents((height, width), form[0], form[1], check, bitstream[position + 2 :])


def verify(contents: Contents, integers: Iterable[np.ndarray]) -> None:
    """Raise BitstreamError unless the decoded integers, arrays of any shape, are those that were encoded."""
    if check_value(integers) != contents.check:
        raise BitstreamError(
            "the decoded latents aren't those that were encoded: another version of this codec or of constriction "
            "wrote them; decode with that one"
        )
