"""HEVC intra (ITU-T H.265, 8 bit, full-range BT.601, HEIC file) by x265 and libheif through pillow-heif.

The decoder is libde265. libheif averages the chroma for 4:2:0 and interpolates it again.
"""

from __future__ import annotations

from typing import ClassVar

from study.codecs import containers
from study.codecs.classical.pillow import PillowCodec

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")


class Backend(PillowCodec):
    """Quality: libheif's, 0 to 100; x265 gets it as the constant rate factor (100 - quality) / 2.

    `subsampling` of the chroma; `preset` and `tune` of x265, where `ssim` is libheif's own (against it `psnr`
    saves 5 % rate at equal PSNR: docs/trust.md); `threads` of encoder and decoder.
    """

    extension = "heic"
    format = "HEIF"
    plugin = "pillow_heif"
    package = "pillow-heif"
    scale = range(101)
    defaults: ClassVar = {"subsampling": "4:2:0", "preset": "medium", "tune": "ssim", "threads": 1}
    choices: ClassVar = {
        "subsampling": ("4:4:4", "4:2:2", "4:2:0"),
        "preset": PRESETS,
        "tune": ("ssim", "psnr", "grain", "fastdecode"),
        "threads": range(1, 65),
    }

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.heic(bitstream)

    def options(self) -> dict[str, object]:
        threads = self.settings["threads"]
        return {
            "quality": int(self.quality),
            "subsampling": self.settings["subsampling"],
            "enc_params": {
                "preset": self.settings["preset"],
                "tune": self.settings["tune"],
                "x265:frame-threads": "1",
                "x265:pools": "none" if threads == 1 else str(threads),
            },
        }

    def register(self) -> None:
        import pillow_heif

        pillow_heif.register_heif_opener(
            decode_threads=self.settings["threads"], thumbnails=False, depth_images=False, aux_images=False
        )

    def libraries(self) -> dict[str, str]:
        import pillow_heif

        info = pillow_heif.libheif_info()
        coders = f"{info['encoders'].get('x265', '')}, {info['decoders'].get('libde265', '')}"
        return {"pillow-heif": pillow_heif.__version__, "libheif": f"{info['libheif']} ({coders})"}
