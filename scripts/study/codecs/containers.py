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
    """The bytes of the scans of a JPEG file (ITU-T T.81, annex B). Raises BitstreamError."""
    if data[:2] != bytes((0xFF, _SOI)):
        raise BitstreamError("not a JPEG file, which begins with FF D8")
    offset, count = 2, 0
    while True:
        _need(data, offset + 2, "JPEG")
        marker = data[offset + 1]
        if data[offset] != 0xFF:
            raise BitstreamError(f"the JPEG file has no marker at byte {offset}")
        if marker == _EOI:
            return count
        offset += 2 + _number(data, offset + 2, 2, "JPEG")
        if marker == _SOS:
            end = _scan_end(data, offset)
            count, offset = count + end - offset, end


def _scan_end(data: bytes, offset: int) -> int:
    """Where the scan that begins at `offset` ends: at a marker that is no restart and no stuffed zero."""
    while (offset := data.find(b"\xff", offset)) >= 0:
        _need(data, offset + 2, "JPEG")
        if data[offset + 1] and not 0xD0 <= data[offset + 1] <= 0xD7:
            return offset
        offset += 2
    raise BitstreamError("the JPEG file is cut short: its scan has no end")


def jpeg2000(data: bytes) -> int:
    """The bytes of the packets in a JP2 file (ISO/IEC 15444-1, annexes A and I). Raises BitstreamError."""
    code = _box(data, b"jp2c", "JPEG 2000")
    if _number(code, 0, 2, "JPEG 2000") != _SOC:
        raise BitstreamError("the JPEG 2000 codestream doesn't begin with FF 4F")
    offset, count = 2, 0
    while (marker := _number(code, offset, 2, "JPEG 2000")) != _EOC:
        if marker != _SOT:
            offset += 2 + _number(code, offset + 2, 2, "JPEG 2000")
            continue
        start, length = offset, _number(code, offset + 6, 4, "JPEG 2000")
        while _number(code, offset, 2, "JPEG 2000") != _SOD:
            offset += 2 + _number(code, offset + 2, 2, "JPEG 2000")
        end = start + length if length else len(code) - 2  # 0: up to the end of the codestream
        if end < offset + 2:
            raise BitstreamError(
                f"a tile-part of the JPEG 2000 codestream claims {length} bytes, fewer than its header"
            )
        count, offset = count + end - offset - 2, end
    return count


def webp(data: bytes) -> int:
    """The bytes after the frame header in a lossy WebP file's frame (RFC 9649, RFC 6386). Raises BitstreamError."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise BitstreamError("not a WebP file, which begins with RIFF and WEBP")
    offset = 12
    while offset < len(data):
        _need(data, offset + 8, "WebP")
        (size,) = struct.unpack_from("<I", data, offset + 4)
        if data[offset : offset + 4] == b"VP8 ":
            return size - _VP8_FRAME_HEADER
        offset += 8 + size + size % 2
    raise BitstreamError("the WebP file has no chunk VP8, a lossy image")


def avif(data: bytes) -> int:
    """The bytes of frames and tile groups in an AVIF file of one image."""
    return av1(_box(data, b"mdat", "AVIF"))


def av1(coded: bytes) -> int:
    """The bytes of frames and tile groups in open bitstream units of AV1 (its specification, 5.3)."""
    offset, count = 0, 0
    while offset < len(coded):
        head = coded[offset]
        offset += 2 if head & 4 else 1
        size, offset = _leb128(coded, offset) if head & 2 else (len(coded) - offset, offset)
        _need(coded, offset + size, "AV1")
        count += size if head >> 3 & 15 in (_OBU_TILE_GROUP, _OBU_FRAME) else 0
        offset += size
    return count


def heic(data: bytes) -> int:
    """The bytes of slices in a HEIC file of one image (ITU-T H.265; units with four bytes of length)."""
    coded = _box(data, b"mdat", "HEIC")
    offset, count = 0, 0
    while offset < len(coded):
        size = _number(coded, offset, 4, "HEIC")
        offset += 4
        _need(coded, offset + max(size, 2), "HEIC")
        count += size - 2 if coded[offset] >> 1 & 63 <= _LAST_SLICE["hevc"] else 0
        offset += size
    return count


def vvc(data: bytes) -> int:
    """The bytes of slices in a raw VVC stream (ITU-T H.266, annex B). Raises BitstreamError."""
    units = [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:]]
    if not units or any(len(unit) < 2 for unit in units):
        raise BitstreamError("the VVC stream has no units, or one without its header")
    return sum(len(unit) - 2 for unit in units if unit[1] >> 3 <= _LAST_SLICE["vvc"])


def boxes(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a file of ISO/IEC 14496-12 or 15444-1 at its top level: type and content. Raises BitstreamError."""
    offset = 0
    while offset < len(data):
        size, kind, head = _number(data, offset, 4, name), data[offset + 4 : offset + 8], 8
        if size == 1:
            size, head = _number(data, offset + 8, 8, name), 16
        size = size or len(data) - offset  # 0: up to the end of the file
        if size < head:
            raise BitstreamError(f"a box of the {name} file claims {size} bytes, fewer than its header")
        _need(data, offset + size, name)
        yield kind, data[offset + head : offset + size]
        offset += size


def _box(data: bytes, kind: bytes, name: str) -> bytes:
    for box, content in boxes(data, name):
        if box == kind:
            return content
    raise BitstreamError(f"the {name} file has no box {kind.decode()}")


def _leb128(data: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for count in range(8):
        _need(data, offset + 1, "AV1")
        byte, offset = data[offset], offset + 1
        value |= (byte & 127) << 7 * count
        if byte < 128:
            return value, offset
    raise BitstreamError("a size in the AV1 stream has more than eight bytes")


def _number(data: bytes, offset: int, size: int, name: str) -> int:
    _need(data, offset + size, name)
    return int.from_bytes(data[offset : offset + size], "big")


def _need(data: bytes, end: int, name: str) -> None:
    if end > len(data):
        raise BitstreamError(f"the {name} file is cut short: it has {len(data)} bytes where {end} are needed")
