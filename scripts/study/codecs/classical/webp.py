"""WebP (lossy: VP8 intra frame, chroma 4:2:0) by libwebp through Pillow."""

from __future__ import annotations

from typing import ClassVar

from PIL import features

from study.codecs import containers
from study.codecs.classical.pillow import PillowCodec


class Backend(PillowCodec):
    """Quality: libwebp's, 0 to 100 (which is not lossless). `method` is the encoder's effort, 0 to 6; Pillow's is 4."""

    extension = "webp"
    format = "WEBP"
    plugin = "PIL.WebPImagePlugin"
    feature = "webp"
    scale = range(101)
    largest_side = 16383
    defaults: ClassVar = {"method": 4}
    choices: ClassVar = {"method": range(7)}

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.webp(bitstream)

    def options(self) -> dict[str, object]:
        return {"quality": int(self.quality), "method": self.settings["method"], "lossless": False}

    def libraries(self) -> dict[str, str]:
        return {"libwebp": str(features.version_module("webp"))}
