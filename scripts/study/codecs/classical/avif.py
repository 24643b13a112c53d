"""AVIF (AV1 intra frame, 8 bit, full range) by libavif and libaom through Pillow; decoded by dav1d."""

from __future__ import annotations

from typing import ClassVar

from PIL import AvifImagePlugin, features

from study.codecs import containers
from study.codecs.classical.pillow import PillowCodec


class Backend(PillowCodec):
    """Quality: libavif's, 0 to 100 (libaom's quantiser, 63 to 0, on a linear scale).

    `subsampling` of the chroma; `speed` of the encoder, 0 (slow) to 10; `tune` what libaom optimises, where `iq` is
    libavif's own for images (against it `psnr` saves 6 % rate at equal PSNR and costs 19 % at equal MS-SSIM:
    docs/trust.md); `threads` of encoder and decoder.
    """

    extension = "avif"
    format = "AVIF"
    plugin = "PIL.AvifImagePlugin"
    feature = "avif"
    scale = range(101)
    defaults: ClassVar = {"subsampling": "4:2:0", "speed": 6, "tune": "iq", "threads": 1}
    choices: ClassVar = {
        "subsampling": ("4:4:4", "4:2:2", "4:2:0"),
        "speed": range(11),
        "tune": ("iq", "psnr", "ssim"),
        "threads": range(1, 65),
    }

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.avif(bitstream)

    def options(self) -> dict[str, object]:
        return {
            "quality": int(self.quality),
            "subsampling": self.settings["subsampling"],
            "speed": self.settings["speed"],
            "max_threads": self.settings["threads"],
            "codec": "aom",
            "range": "full",
            "autotiling": False,
            "advanced": {"tune": self.settings["tune"]},
        }

    def register(self) -> None:
        super().register()
        AvifImagePlugin.DEFAULT_MAX_THREADS = self.settings["threads"]

    def libraries(self) -> dict[str, str]:
        own = {"libavif": str(features.version_module("avif"))}
        return own | {name: str(AvifImagePlugin.get_codec_version(name)) for name in ("aom", "dav1d")}
