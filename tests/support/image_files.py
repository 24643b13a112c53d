"""Files of images as bytes, whole ones and such as no program writes."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


def saved(array, form="PNG", mode=None, **options):
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    with io.BytesIO() as out:
        (image.convert(mode) if mode else image).save(out, form, **options)
        return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, *more):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more) + body


def text(content):
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(content))


def profile(content):
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(content))


def deep(colour, channels, *more):
    return png(2, 1, 16, colour, b"\0" + bytes(range(4 * channels)), *more)
