"""HEVC intra with 10 bits (Main 10, HEIC file) by x265 and libheif through pillow-heif; else as `hevc`.

8-bit values are coded as 10-bit ones (times 1023/255) and come back rounded.
"""

from __future__ import annotations

import io

import numpy as np

from study.codecs.classical.hevc import Backend as Hevc
from study.core.errors import BitstreamError, CodecError

_LEVELS, _SHIFT = 1023, 6  # ten bits, which pillow-heif keeps in the upper part of 16
MODE = "RGB;16"


class Backend(Hevc):
    """Quality and settings are those of `hevc`."""

    def encode(self, rgb: np.ndarray) -> bytes:
        """The HEIC file of an image uint8 [H, W, 3], whose samples are scaled to 10 bits. Raises CodecError."""
        rgb = self._checked(rgb)
        self._required()
        import pillow_heif

        deep = (np.rint(rgb * np.float32(_LEVELS / 255)).astype(np.uint16) << _SHIFT).tobytes()
        file = io.BytesIO()
        options = self.options()
        chroma = int(str(options.pop("subsampling")).replace(":", ""))
        try:
            pillow_heif.encode(MODE, (rgb.shape[1], rgb.shape[0]), deep, file, chroma=chroma, **options)
        except (OSError, ValueError, RuntimeError, MemoryError) as error:
            size = f"{rgb.shape[1]}x{rgb.shape[0]}"
            raise CodecError(f"{self.name} can't hold this image of {size} pixels: {error}") from None
        return file.getvalue()

    def _read(self, bitstream: bytes) -> np.ndarray:
        import pillow_heif

        file = pillow_heif.open_heif(io.BytesIO(bitstream), convert_hdr_to_8bit=False)
        self._check_claim(*file.size)
        if file.mode != MODE or file.info.get("bit_depth") != 10:
            raise BitstreamError(f"{self.name}: the bitstream holds an image of mode {file.mode}, not RGB of 10 bits")
        deep = np.asarray(file) >> _SHIFT
        return np.rint(deep * np.float32(255 / _LEVELS)).astype(np.uint8)
