"""What the classical codecs have in common: a scale of qualities and settings with listed values. No codec itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from study.codecs.base import Codec, check_rgb
from study.core.errors import BitstreamError, CodecError, StudyError, allowed

MAX_PIXELS = 89_478_485  # Pillow's own bound against decompression bombs: a quarter of a GiB at 3 bytes a pixel


class ClassicalCodec(Codec):
    """A codec whose qualities are the whole numbers of `scale` and whose settings take the values of `choices`.

    `largest_side` is the format's limit in pixels, if it has one. Raises StudyError for any other quality or value.
    """

    scale: ClassVar[range]
    largest_side: ClassVar[int | None] = None
    choices: ClassVar[Mapping[str, Collection[object]]] = {}

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        super().__init__(name, quality, settings, weights)
        if not _is_one_of(quality, self.scale):
            raise StudyError(f"codec {name}: quality {quality!r} is not on its scale; {_allowed(quality, self.scale)}")
        for key, value in self.settings.items():
            if not _is_one_of(value, self.choices[key]):
                raise StudyError(f"codec {name}: {key} is {value!r}; {_allowed(value, self.choices[key])}")

    def _checked(self, rgb: np.ndarray) -> np.ndarray:
        """The image itself, contiguous. Raises CodecError for one of another kind or of too many pixels."""
        height, width = check_rgb(rgb).shape[:2]
        actual = f"an image of {width}x{height} pixels"
        if self.largest_side is not None and max(height, width) > self.largest_side:
            raise CodecError(f"{actual}; {self.name} takes {self.largest_side} a side at most")
        if height * width > MAX_PIXELS:
            raise CodecError(f"{actual}; {self.name} takes {MAX_PIXELS} in all at most")
        return np.ascontiguousarray(rgb)

    def _check_claim(self, width: int, height: int) -> None:
        """Raises BitstreamError for a size that no image here has: damage, or a decompression bomb."""
        if width * height <= 0 or self.too_large(height, width, MAX_PIXELS):
            most = min(MAX_PIXELS, self.largest_pixels or MAX_PIXELS)
            raise BitstreamError(f"{self.name}: the bitstream claims {width}x{height} pixels; allowed: 1 to {most}")

    def _required(self) -> None:
        """Raises StudyError where `skip` has a reason."""
        if reason := self.skip():
            raise StudyError(f"codec {self.name} can't run here: {reason}")


def _is_one_of(value: object, choices: Collection[object]) -> bool:
    """Whether it is one of them, of the same type: `True` is no 1, and 4.0 is no 4."""
    return any(value == choice and type(value) is type(choice) for choice in choices)


def _allowed(value: object, choices: Collection[object]) -> str:
    if isinstance(choices, range):
        return f"allowed: whole numbers from {choices[0]} to {choices[-1]}"
    return allowed(value, choices)
