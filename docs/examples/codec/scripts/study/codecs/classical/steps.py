"""Samples rounded to multiples of a step, their differences along rows packed by zlib: a codec to show the contract."""

from __future__ import annotations

import struct
import zlib
from typing import ClassVar

import numpy as np

from study.codecs.classical.base import ClassicalCodec
from study.core.errors import BitstreamError

HEADER = struct.Struct("<5sIIB")  # mark, height, width, step
MARK = b"steps"


class Backend(ClassicalCodec):
    """Quality: the step, 64 (coarsest) to 1 (lossless). `level` is zlib's."""

    extension = "steps"
    scale = range(1, 65)
    defaults: ClassVar = {"level": 6}
    choices: ClassVar = {"level": range(1, 10)}

    def encode(self, rgb: np.ndarray) -> bytes:
        rgb, step = self._checked(rgb), int(self.quality)
        levels = (rgb.astype(np.int16) + step // 2) // step
        packed = zlib.compress(np.diff(levels, axis=1, prepend=0).astype("<i2").tobytes(), self.settings["level"])
        return HEADER.pack(MARK, *rgb.shape[:2], step) + packed

    def decode(self, bitstream: bytes) -> np.ndarray:
        if len(bitstream) < HEADER.size or not bitstream.startswith(MARK):
            raise BitstreamError(f"{self.name}: this bitstream doesn't begin as one of this codec")
        _, height, width, step = HEADER.unpack_from(bitstream)
        self._check_claim(width, height)
        unpacker, size = zlib.decompressobj(), height * width * 3 * 2
        try:
            samples = unpacker.decompress(bitstream[HEADER.size :], size + 1)
        except zlib.error as error:
            raise BitstreamError(f"{self.name}: {error}") from None
        if len(samples) != size or not unpacker.eof or not step:
            raise BitstreamError(f"{self.name}: {len(samples)} bytes of samples, {size} are needed for its size")
        levels = np.frombuffer(samples, "<i2").reshape(height, width, 3).cumsum(axis=1)
        return np.clip(levels * step, 0, 255).astype(np.uint8)

    def versions(self) -> str:
        return f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
