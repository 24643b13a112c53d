"""What the codecs have in common that Pillow, or a plug-in of Pillow, writes and reads. No codec itself."""

from __future__ import annotations

import importlib
import io
import warnings
from abc import abstractmethod
from typing import ClassVar

import numpy as np
import PIL
from PIL import Image, features

from study.codecs.classical.base import ClassicalCodec
from study.core.errors import BitstreamError, CodecError


class PillowCodec(ClassicalCodec):
    """One of Pillow's formats. The bitstream is a file of that format, as any other program reads it.

    `format` is Pillow's name of it, `feature` what Pillow must have been built with, `plugin` the module that adds
    the format to Pillow, and `package` the one that has to be installed for it.
    """

    format: ClassVar[str]
    plugin: ClassVar[str]
    feature: ClassVar[str | None] = None
    package: ClassVar[str] = "pillow"

    @abstractmethod
    def options(self) -> dict[str, object]:
        """The keywords of Pillow's `Image.save`, all settings spelled out."""

    def register(self) -> None:
        """Make the format known to Pillow. Raises ImportError where the plug-in is missing."""
        importlib.import_module(self.plugin)

    def encode(self, rgb: np.ndarray) -> bytes:
        rgb = self._checked(rgb)
        self._required()
        file = io.BytesIO()
        try:
            Image.fromarray(rgb).save(file, format=self.format, **self.options())
        except (OSError, ValueError, RuntimeError, OverflowError, MemoryError) as error:
            size = f"{rgb.shape[1]}x{rgb.shape[0]}"
            raise CodecError(f"{self.name} can't hold this image of {size} pixels: {_reason(error)}") from None
        return file.getvalue()

    def decode(self, bitstream: bytes) -> np.ndarray:
        self._required()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                return self._read(bitstream)
            except BitstreamError:
                raise
            except PIL.UnidentifiedImageError:  # its message is the address of a buffer
                raise BitstreamError(f"{self.name}: not a {self.format} file, or its beginning is damaged") from None
            except Exception as error:  # what a library makes of damaged data may be any exception
                raise BitstreamError(
                    f"{self.name}: the {self.format} file can't be decoded: {_reason(error)}"
                ) from None

    def skip(self) -> str | None:
        try:
            self.register()
        except ImportError:
            return f"the package {self.package} is not installed; get it with: pip install {self.package}"
        if self.feature is not None and not features.check(self.feature):
            return (
                f"this Pillow was built without {self.format}; get another with: pip install --force-reinstall pillow"
            )
        return None

    def versions(self) -> str:
        libraries = {"Pillow": PIL.__version__, **self.libraries()}
        return "; ".join(f"{name} {version}" for name, version in libraries.items())

    def libraries(self) -> dict[str, str]:
        """The versions of the format's own libraries, by name."""
        return {}

    def _read(self, bitstream: bytes) -> np.ndarray:
        with Image.open(io.BytesIO(bitstream), formats=[self.format]) as image:
            self._check_claim(*image.size)
            image.load()
            if image.mode != "RGB":
                raise BitstreamError(f"{self.name}: the bitstream holds an image of mode {image.mode}, not RGB")
            return np.array(image)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
