"""VVC intra (ITU-T H.266, Main 10, 4:2:0, 10 bit) by VVenC, decoded by FFmpeg, both in the ffmpeg of imageio-ffmpeg.

The header and the conversion of colour are those of `ffmpeg`; sides are at least 64.
"""

from __future__ import annotations

from typing import ClassVar

from study.codecs import containers
from study.codecs.classical import ffmpeg

INTRA = "intraperiod=1:gopsize=1:alfspeed=0"


class Backend(ffmpeg.FfmpegCodec):
    """Quality: the quantisation parameter of an intra image, 63 (smallest file) to 0.

    `preset` is VVenC's. `perceptual` adapts the quantisation to what is seen (VVenC's QPA, its own default), which
    costs rate at equal PSNR. `threads` of encoder and decoder.
    """

    extension = "vvc"
    scale = range(64)
    magic, smallest = b"VV", 64
    encoder, decoder, stream = "libvvenc", "vvc", "vvc"
    library, library_version = "VVenC", r"libvvenc version: (\S+)"
    refusal = "; FFmpeg takes 8 bit per pixel from VVenC at most"
    defaults: ClassVar = {"preset": "faster", "perceptual": False, "threads": 1}
    choices: ClassVar = {
        "preset": ("faster", "fast", "medium", "slow", "slower"),
        "perceptual": (False, True),
        "threads": range(1, 65),
    }

    def options(self) -> tuple[str, ...]:
        quality = ("-qp", str(int(self.quality)), "-qpa", str(int(self.settings["perceptual"])))
        return (
            *("-preset", self.settings["preset"], *quality),
            *("-vvenc-params", INTRA, "-bsf:v", "vvc_metadata=aud=remove"),
        )

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.vvc(bitstream[ffmpeg.HEADER.size :])
