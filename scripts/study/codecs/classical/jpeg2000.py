"""JPEG 2000 (ISO/IEC 15444-1, one tile, one quality layer, JP2 file) by OpenJPEG through Pillow."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PIL import features

from study.codecs import containers
from study.codecs.classical.pillow import PillowCodec
from study.core.errors import BitstreamError

END_OF_CODESTREAM = b"\xff\xd9"


class Backend(PillowCodec):
    """Quality: the compression ratio against 24 bit per pixel, 1000 to 1, so that the rate is 24/ratio bpp.

    `wavelet` is `9/7` (irreversible, and so is the colour transform) or `5/3` (both reversible). There are six
    resolution levels, fewer in an image too small for them.
    """

    extension = "jp2"
    format = "JPEG2000"
    plugin = "PIL.Jpeg2KImagePlugin"
    feature = "jpg_2000"
    scale = range(1, 1001)
    defaults: ClassVar = {"wavelet": "9/7"}
    choices: ClassVar = {"wavelet": ("9/7", "5/3")}

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.jpeg2000(bitstream)

    def options(self) -> dict[str, object]:
        return {
            "quality_mode": "rates",
            "quality_layers": [int(self.quality)],
            "irreversible": self.settings["wavelet"] == "9/7",
            "mct": 1,
            "progression": "LRCP",
        }

    def libraries(self) -> dict[str, str]:
        return {"OpenJPEG": str(features.version_codec("jpg_2000"))}

    def _read(self, bitstream: bytes) -> np.ndarray:
        if not bitstream.endswith(END_OF_CODESTREAM):  # OpenJPEG takes a file cut after a header for an empty tile
            raise BitstreamError(f"{self.name}: the JPEG 2000 file is cut short: it doesn't end with FF D9")
        return super()._read(bitstream)
