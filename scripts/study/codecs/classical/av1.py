"""AV1 intra (Main, 4:2:0, 10 bit) by libaom, decoded by dav1d, both in the ffmpeg of imageio-ffmpeg.

Pillow's AVIF writes 8 bits alone; this is the same format at 10, as a raw stream of open bitstream units without AVIF's
boxes. The header and the conversion of colour are those of `ffmpeg`, which differ from libavif's.
"""

from __future__ import annotations

from typing import ClassVar

from study.codecs import containers
from study.codecs.classical import ffmpeg


class Backend(ffmpeg.FfmpegCodec):
    """Quality: libaom's constant quality, 63 (smallest file) to 0.

    `speed` of the encoder, 0 (slow) to 8; `tune` what libaom optimises; `threads` of encoder and decoder.
    """

    extension = "obu"
    scale = range(64)
    magic, smallest = b"A1", 16
    encoder, decoder, stream = "libaom-av1", "libdav1d", "obu"
    library, library_version = "libaom", r"\[libaom-av1 @ \w+\] v?(\d\S*)"
    defaults: ClassVar = {"speed": 6, "tune": "iq", "threads": 1}
    choices: ClassVar = {"speed": range(9), "tune": ("iq", "psnr", "ssim"), "threads": range(1, 65)}

    def options(self) -> tuple[str, ...]:
        speed, tune = str(self.settings["speed"]), self.settings["tune"]
        return (
            *("-crf", str(int(self.quality)), "-b:v", "0", "-cpu-used", speed),
            *("-still-picture", "1", "-aom-params", f"tune={tune}"),
        )

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.av1(bitstream[ffmpeg.HEADER.size :])
