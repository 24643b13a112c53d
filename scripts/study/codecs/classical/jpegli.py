"""JPEG (ITU-T T.81, progressive, optimised Huffman tables, adaptive quantisation) by jpegli through pyjpegli.

Any JPEG decoder reads the file; here it is libjpeg-turbo through Pillow, as for the codec `jpeg`.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from PIL import features

from study.codecs import containers
from study.codecs.classical.pillow import PillowCodec
from study.core.errors import CodecError


class Backend(PillowCodec):
    """Quality: jpegli's, 1 to 100, which it maps to a Butteraugli distance. Chroma is 4:2:0, as pyjpegli has it."""

    extension = "jpg"
    format = "JPEG"
    plugin = "PIL.JpegImagePlugin"
    package = "pyjpegli"
    feature = "jpg"
    scale = range(1, 101)
    largest_side = 65500

    def options(self) -> dict[str, object]:
        return {"quality": int(self.quality)}

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.jpeg(bitstream)

    def register(self) -> None:
        import pyjpegli  # noqa: F401

        super().register()

    def encode(self, rgb: np.ndarray) -> bytes:
        rgb = self._checked(rgb)
        self._required()
        import pyjpegli

        height, width = rgb.shape[:2]
        try:
            return bytes(pyjpegli.encode(rgb.tobytes(), width, height, **self.options()))
        except (RuntimeError, ValueError, MemoryError) as error:
            raise CodecError(f"{self.name} can't hold this image of {width}x{height} pixels: {error}") from None

    def libraries(self) -> dict[str, str]:
        return {"pyjpegli": version("pyjpegli"), "libjpeg-turbo": str(features.version_feature("libjpeg_turbo"))}
