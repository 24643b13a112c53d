"""Damage in a source file that Pillow passes over: what libjpeg warns of, and PNG files whose palette is missing."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator

import numpy as np

from study.core import isolation
from study.core.errors import ImageError

CHECKED = ("PNG", "JPEG", "MPO")  # formats with check values, or whose decoder tells of damage
_SECONDS = 120
_INDEXED = 3  # PNG's colour type


def check_jpeg(data: bytes) -> None:
    """Raise ImageError for a JPEG file that libjpeg decodes with a warning, as OpenCV's reader passes it on.

    Decoded in a child process, since the warning goes to the standard error of the process.
    """
    (answer,) = isolation.run([0], lambda: lambda _: {"said": _warned(data)}, isolation.Limit(seconds=_SECONDS))
    warning = answer["said"] if isinstance(answer, dict) else answer
    if warning:
        raise ImageError(f"damaged: {warning}; get the file anew, or save it as PNG if it is wanted as it is")


def check_palette(data: bytes) -> None:
    """Raise ImageError for a PNG file of indexed colour that has no palette before its samples, or an odd one."""
    colour, palette = -1, b""
    for kind, content in chunks(data):
        if kind == b"IHDR":
            colour = content[9]
        elif kind == b"PLTE":
            palette = content
        elif kind == b"IDAT":
            break
    if colour == _INDEXED and (not palette or len(palette) % 3):
        raise ImageError("damaged: a PNG of indexed colour whose palette (PLTE) is missing or cut")


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG file as (type, content); none where one is cut off."""
    position = 8
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if position + 12 + length > len(data):
            return
        yield kind, data[position + 8 : position + 8 + length]
        position += 12 + length


def _warned(data: bytes) -> str:
    """The first thing that libjpeg says of a file, or that it can't be decoded; empty if it is whole."""
    import cv2

    with tempfile.TemporaryFile() as output:
        os.dup2(output.fileno(), 2)
        flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        output.seek(0)
        lines = [line for line in output.read().decode(errors="replace").splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("[")]  # OpenCV's own log
    if lines:
        return f"libjpeg says {lines[0].strip()[:200]!r}"
    return "" if image is not None else "OpenCV's libjpeg can't decode it"
