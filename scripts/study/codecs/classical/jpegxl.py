"""JPEG XL (ISO/IEC 18181, VarDCT, XYB colour, bare codestream) by libjxl through pillow-jxl-plugin."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import ClassVar

import numpy as np

from study.codecs.classical.pillow import PillowCodec
from study.core.errors import BitstreamError

SIGNATURE = b"\xff\x0a"
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


class Backend(PillowCodec):
    """Quality: libjxl's, 1 to 99, which is a Butteraugli distance (99: 0.19, 90: 1, 30: 6.4, 18: 10.0).

    Below 18 libjxl codes the image at half its size. `effort` of the encoder, 1 to 9; `threads` of encoder and
    decoder.
    """

    extension = "jxl"
    format = "JXL"
    plugin = "pillow_jxl.JpegXLImagePlugin"
    package = "pillow-jxl-plugin"
    scale = range(1, 100)
    defaults: ClassVar = {"effort": 7, "threads": 1}
    choices: ClassVar = {"effort": range(1, 10), "threads": range(1, 65)}

    def payload_bytes(self, bitstream: bytes) -> int:
        """All but the signature and the size; what follows is one stream of bits, whose headers count as payload."""
        *_, bits = _header(bitstream)
        return len(bitstream) - len(SIGNATURE) - -(-bits // 8)

    def options(self) -> dict[str, object]:
        return {
            "quality": int(self.quality),
            "effort": self.settings["effort"],
            "num_threads": self._workers(),
            "decoding_speed": 0,
            "lossless": False,
            "use_container": False,
            "use_original_profile": False,
        }

    def register(self) -> None:
        setattr(importlib.import_module(self.plugin), "DECODE_THREADS", self._workers())  # noqa: B010

    def libraries(self) -> dict[str, str]:
        return {self.package: version(self.package)}

    def _read(self, bitstream: bytes) -> np.ndarray:
        self._check_claim(*_size(bitstream))
        return super()._read(bitstream)

    def _workers(self) -> int:
        """The plug-in's number of threads, where 0 means that libjxl makes none of its own."""
        return 0 if self.settings["threads"] == 1 else self.settings["threads"]


def _size(bitstream: bytes) -> tuple[int, int]:
    """Width and height that a codestream claims."""
    return _header(bitstream)[:2]


def _header(bitstream: bytes) -> tuple[int, int, int]:
    """Width and height that a codestream claims, and the bits that tell them (ISO/IEC 18181-1, SizeHeader).

    They are read here because the plug-in decodes before it tells.
    """
    if bitstream[:2] != SIGNATURE:
        raise BitstreamError("not a bare JPEG XL codestream, which begins with FF 0A")
    bits = _Bits(bitstream[2:14])
    small = bits.take(1)
    height = _side(bits, small)
    ratio = bits.take(3)
    if ratio == 0:
        return _side(bits, small), height, bits.taken
    across, down = RATIOS[ratio - 1]
    return height * across // down, height, bits.taken


def _side(bits: _Bits, small: int) -> int:
    return (bits.take(5) + 1) * 8 if small else bits.take((9, 13, 18, 30)[bits.take(2)]) + 1


class _Bits:
    """A reader of bits, least significant first; zeros follow the end."""

    def __init__(self, data: bytes) -> None:
        self._rest = int.from_bytes(data, "little")
        self.taken = 0

    def take(self, count: int) -> int:
        value = self._rest & ((1 << count) - 1)
        self._rest >>= count
        self.taken += count
        return value
