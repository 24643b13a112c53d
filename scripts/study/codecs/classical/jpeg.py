"""JPEG (ITU-T T.81, baseline, Huffman tables of its annex K) by libjpeg-turbo through Pillow."""

from __future__ import annotations

from typing import ClassVar

from PIL import features

from study.codecs import containers
from study.codecs.classical.pillow import PillowCodec


class Backend(PillowCodec):
    """Quality: the Independent JPEG Group's, 1 to 95. The defaults are Pillow's, so that a file equals Pillow's own.

    `subsampling` of the chroma; `optimize` makes Huffman tables for the image; `progressive` is T.81's mode.
    """

    extension = "jpg"
    format = "JPEG"
    plugin = "PIL.JpegImagePlugin"
    feature = "jpg"
    scale = range(1, 96)
    largest_side = 65500
    defaults: ClassVar = {"subsampling": "4:2:0", "optimize": False, "progressive": False}
    choices: ClassVar = {
        "subsampling": ("4:4:4", "4:2:2", "4:2:0"),
        "optimize": (False, True),
        "progressive": (False, True),
    }

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.jpeg(bitstream)

    def options(self) -> dict[str, object]:
        return {"quality": int(self.quality), **self.settings}

    def libraries(self) -> dict[str, str]:
        turbo = features.version_feature("libjpeg_turbo")
        return {"libjpeg-turbo": turbo} if turbo else {"libjpeg": str(features.version_codec("jpg"))}
