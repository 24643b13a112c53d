"""How many bytes of a file are coded image data, by format; the rest are headers, tables and boxes.

What counts as coded data is what the format's own structure sets apart without decoding it: packets of JPEG 2000 with
their headers, slices of HEVC and VVC and frames of AV1 with theirs. Bytes that a format stuffs into coded data count as
data. All functions raise BitstreamError for a file whose structure isn't the format's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from study.core.errors import BitstreamError

_SOI, _SOS, _EOI = 0xD8, 0xDA, 0xD9
_SOC, _SOT, _SOD, _EOC = 0xFF4F, 0xFF90, 0xFF93, 0xFFD9
_VP8_FRAME_HEADER = 10  # frame tag, start code and size (RFC 6386, 9.1)
_OBU_TILE_GROUP, _OBU_FRAME = 4, 6
_LAST_SLICE = {"hevc": 31, "vvc": 11}  # types of network abstraction layer units up to it hold slices


def jpeg(data: bytes) -> int:
    """The bytes of the scans of a JPEG file (ITU-T T.81, annex B)."""
    if data[:2] != bytes((0xFF, _SOI)):
        raise BitstreamError("not a JPEG file, which begins with FF D8")
    place, found = 2, 0
    while True:
        _need(data, place + 2, "JPEG")
        marker = data[place + 1]
        if data[place] != 0xFF:
            raise BitstreamError(f"the JPEG file has no marker at byte {place}")
        if marker == _EOI:
            return found
        place += 2 + _number(data, place + 2, 2, "JPEG")
        if marker == _SOS:
            end = _scan_end(data, place)
            found, place = found + end - place, end


def _scan_end(data: bytes, place: int) -> int:
    """Where the scan that begins at `place` ends: at a marker that is no restart and no stuffed zero."""
    while (place := data.find(b"\xff", place)) >= 0:
        _need(data, place + 2, "JPEG")
        if data[place + 1] and not 0xD0 <= data[place + 1] <= 0xD7:
            return place
        place += 2
    raise BitstreamError("the JPEG file is cut short: its scan has no end")


def jpeg2000(data: bytes) -> int:
    """The bytes of the packets in a JP2 file (ISO/IEC 15444-1, annexes A and I)."""
    code = _box(data, b"jp2c", "JPEG 2000")
    if _number(code, 0, 2, "JPEG 2000") != _SOC:
        raise BitstreamError("the JPEG 2000 codestream doesn't begin with FF 4F")
    place, found = 2, 0
    while (marker := _number(code, place, 2, "JPEG 2000")) != _EOC:
        if marker != _SOT:
            place += 2 + _number(code, place + 2, 2, "JPEG 2000")
            continue
        start, length = place, _number(code, place + 6, 4, "JPEG 2000")
        while _number(code, place, 2, "JPEG 2000") != _SOD:
            place += 2 + _number(code, place + 2, 2, "JPEG 2000")
        end = start + length if length else len(code) - 2  # 0: up to the end of the codestream
        if end < place + 2:
            raise BitstreamError(
                f"a tile-part of the JPEG 2000 codestream claims {length} bytes, fewer than its header"
            )
        found, place = found + end - place - 2, end
    return found


def webp(data: bytes) -> int:
    """The bytes after the frame header in a lossy WebP file's frame (RFC 9649, RFC 6386)."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise BitstreamError("not a WebP file, which begins with RIFF and WEBP")
    place = 12
    while place < len(data):
        _need(data, place + 8, "WebP")
        (size,) = struct.unpack_from("<I", data, place + 4)
        if data[place : place + 4] == b"VP8 ":
            return size - _VP8_FRAME_HEADER
        place += 8 + size + size % 2
    raise BitstreamError("the WebP file has no chunk VP8, a lossy image")


def avif(data: bytes) -> int:
    """The bytes of frames and tile groups in an AVIF file of one image."""
    return av1(_box(data, b"mdat", "AVIF"))


def av1(coded: bytes) -> int:
    """The bytes of frames and tile groups in open bitstream units of AV1 (its specification, 5.3)."""
    place, found = 0, 0
    while place < len(coded):
        head = coded[place]
        place += 2 if head & 4 else 1
        size, place = _leb128(coded, place) if head & 2 else (len(coded) - place, place)
        _need(coded, place + size, "AV1")
        found += size if head >> 3 & 15 in (_OBU_TILE_GROUP, _OBU_FRAME) else 0
        place += size
    return found


def heic(data: bytes) -> int:
    """The bytes of slices in a HEIC file of one image (ITU-T H.265; units with four bytes of length)."""
    coded = _box(data, b"mdat", "HEIC")
    place, found = 0, 0
    while place < len(coded):
        size = _number(coded, place, 4, "HEIC")
        place += 4
        _need(coded, place + max(size, 2), "HEIC")
        found += size - 2 if coded[place] >> 1 & 63 <= _LAST_SLICE["hevc"] else 0
        place += size
    return found


def vvc(data: bytes) -> int:
    """The bytes of slices in a raw VVC stream (ITU-T H.266, annex B)."""
    units = [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:]]
    if not units or any(len(unit) < 2 for unit in units):
        raise BitstreamError("the VVC stream has no units, or one without its header")
    return sum(len(unit) - 2 for unit in units if unit[1] >> 3 <= _LAST_SLICE["vvc"])


def boxes(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a file of ISO/IEC 14496-12 or 15444-1 at its top level: type and content."""
    place = 0
    while place < len(data):
        size, kind, head = _number(data, place, 4, name), data[place + 4 : place + 8], 8
        if size == 1:
            size, head = _number(data, place + 8, 8, name), 16
        size = size or len(data) - place  # 0: up to the end of the file
        if size < head:
            raise BitstreamError(f"a box of the {name} file claims {size} bytes, fewer than its header")
        _need(data, place + size, name)
        yield kind, data[place + head : place + size]
        place += size


def _box(data: bytes, kind: bytes, name: str) -> bytes:
    for found, content in boxes(data, name):
        if found == kind:
            return content
    raise BitstreamError(f"the {name} file has no box {kind.decode()}")


def _leb128(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for count in range(8):
        _need(data, place + 1, "AV1")
        byte, place = data[place], place + 1
        value |= (byte & 127) << 7 * count
        if byte < 128:
            return value, place
    raise BitstreamError("a size in the AV1 stream has more than eight bytes")


def _number(data: bytes, place: int, size: int, name: str) -> int:
    _need(data, place + size, name)
    return int.from_bytes(data[place : place + size], "big")


def _need(data: bytes, end: int, name: str) -> None:
    if end > len(data):
        raise BitstreamError(f"the {name} file is cut short: it has {len(data)} bytes where {end} are needed")
