"""What our own bitstreams have in common: magic, version and CRC-32 before all else, varints, check values.

A varint is seven bits a byte, lowest first, the highest bit set in all but the last.
"""

from __future__ import annotations

import hashlib
import zlib

from study.core.errors import BitstreamError

_MAGIC = 3
CHECKED = 8  # where what the CRC is of begins


def framed(magic: bytes, version: int, checked: bytes) -> bytes:
    """A bitstream: magic (3 bytes), version (1), the CRC-32 of what follows (4), and that."""
    return magic + bytes([version]) + zlib.crc32(checked).to_bytes(4, "little") + checked


def check(bitstream: bytes, magic: bytes, version: int, owner: str, fixed: int = 0) -> None:
    """Raise BitstreamError unless it is `owner`'s, of this version, undamaged, and longer than `fixed` bytes."""
    if bitstream[:_MAGIC] != magic:
        raise BitstreamError(f"no bitstream of {owner}: it starts with {bitstream[:_MAGIC]!r}, not {magic!r}")
    if bitstream[_MAGIC : _MAGIC + 1] != bytes([version]):
        raise BitstreamError(
            f"bitstream of an unknown version {bitstream[3:4].hex() or '(cut off)'}; this is version {version}"
        )
    crc = bitstream[_MAGIC + 1 : CHECKED]
    if len(bitstream) <= fixed or zlib.crc32(bitstream[CHECKED:]).to_bytes(4, "little") != crc:
        raise BitstreamError(f"damaged or incomplete bitstream of {len(bitstream)} bytes: its CRC doesn't hold")


def hashed(length: int, *parts: bytes) -> bytes:
    """`length` bytes of BLAKE2b of the parts, one after another."""
    digest = hashlib.blake2b(digest_size=length)
    for part in parts:
        digest.update(part)
    return digest.digest()


def varint(value: int) -> bytes:
    """A number, at least 0, as a varint."""
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The varint at a position, and the position after it. Raises BitstreamError for one that doesn't end."""
    value = 0
    for shift in range(0, 35, 7):
        if position >= len(data):
            break
        value |= (data[position] & 127) << shift
        position += 1
        if data[position - 1] < 128:
            return value, position
    raise BitstreamError("inconsistent bitstream: a number in its header doesn't end")
