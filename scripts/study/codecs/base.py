"""The codec contract, and the way from a codec's entry in the catalogue to an object that encodes.

A backend is one module of this package, named as the catalogue's `backend`, with a class `Backend`:

    class Backend(Codec):
        defaults = {"subsampling": "4:2:0"}              # the settings it takes, with their defaults
        extension = "jpg"                                # of its bitstream files

        def encode(self, rgb): ...
        def decode(self, bitstream): ...

No other file names the backend: to add a codec, add the module and an entry in `catalogue/codecs.yaml`.
Backends are imported when asked for, so an edit in one reruns its own cells only. The workflow imports
them to check a config, so a module imports what is slow to load (torch, TensorFlow) inside its functions.
A learned codec is a `LearnedCodec`: it gives access to its latents, and may name the weights it needs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from study.core.errors import CodecError, StudyError, allowed


@dataclass(frozen=True)
class Weights:
    """A file of weights: its name, where it comes from, and how it is verified.

    `path` is a file of this repository (bundled) or one that the workflow makes (trained); a `url` is
    downloaded. `sha256` is the digest or the start of it, None where nobody published one.
    """

    file: str
    url: str | None = None
    path: str | None = None
    sha256: str | None = None


class Codec(ABC):
    """One codec at one quality. Images are uint8 arrays [H, W, 3], R'G'B' (sRGB), H and W at least 1.

    `name` is the id in the catalogue, `quality` a number on the codec's own scale, `settings` the
    encoder's settings in full (the backend's defaults under those of the catalogue), `weights` the
    file that `weights_source` asks for.
    """

    defaults: ClassVar[Mapping[str, Any]] = {}
    extension: ClassVar[str] = "bin"
    environment: ClassVar[str] = "study"  # the lock in envs/ of the interpreter that runs it
    warms_up: ClassVar[bool] = True  # by coding a corner first; not where an encode takes minutes
    scratch: Path | None = None  # a folder where a long encode may keep its state, to go on after an interruption
    largest_pixels: int | None = None  # of the images to decode, where known: a bitstream that claims more is refused

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        unknown = sorted(set(settings or {}) - set(self.defaults))
        if unknown:
            raise StudyError(f"codec {name}: setting {unknown[0]!r} is unknown; {allowed(unknown[0], self.defaults)}")
        self.name = name
        self.quality = quality
        self.settings = {**self.defaults, **(settings or {})}
        self.weights = weights

    @classmethod
    def module_for(cls, settings: Mapping[str, Any]) -> str:
        """The module whose `Backend` codes with these settings: this one's, unless a backend has several kinds."""
        return cls.__module__

    @classmethod
    def sources(cls, settings: Mapping[str, Any]) -> list[Path]:
        """Files outside this project, apart from weights, that decide what the codec does; an edit makes it run anew.

        Raises StudyError where there is none of what the settings name.
        """
        return []

    @classmethod
    def weights_source(cls, settings: Mapping[str, Any], quality: float) -> Weights | None:
        """The file of weights that this quality needs, or None for a codec without."""
        return None

    @classmethod
    def check_weights(cls, path: Path) -> None:
        """Raises StudyError for a downloaded file of weights that isn't whole, as far as its format tells."""
        return None

    @abstractmethod
    def encode(self, rgb: np.ndarray) -> bytes:
        """The bitstream of an image: everything that `decode` needs, size included.

        Raises CodecError for an image that the format can't hold.
        """

    @abstractmethod
    def decode(self, bitstream: bytes) -> np.ndarray:
        """The image, uint8 [H, W, 3], of a bitstream.

        Raises BitstreamError for damaged data, as far as the format can tell.
        """

    def skip(self) -> str | None:
        """Why this codec can't run here (a missing plug-in, say, and how to get it), or None."""
        return None

    def prepare(self) -> None:
        """Load what the first call would load, such as the weights; its time isn't that of a cell."""
        return

    def too_large(self, height: int, width: int, most: int) -> bool:
        """Whether a bitstream claims more pixels than `most`, or than any image that was encoded has."""
        return height * width > min(most, self.largest_pixels or most)

    def versions(self) -> str:
        """The libraries that make the bitstream, as `name version`, joined with `; `."""
        return ""

    def decoder_of(self, row: Mapping[str, str]) -> Codec:
        """The codec that decodes the image of a row of the encode job's record: itself, unless each has its own."""
        return self

    def recorded(self) -> dict[str, object]:
        """Columns of the encode job's record about the image encoded last, beside its bitstream; mostly none."""
        return {}

    def payload_bytes(self, bitstream: bytes) -> int:
        """How many bytes of the bitstream are entropy-coded payload; all of them, where a format doesn't tell."""
        return len(bitstream)


@dataclass(frozen=True)
class Latents:
    """What the analysis transform makes of one image.

    `y` is float32 [channels, rows, columns], before quantisation when it comes from `analyse`, as the decoder
    sees it when it comes from `read`. `z` is the hyperprior's latent in the same layout; None where the
    model has none, or where `write` is to compute it from `y`. `size` is (H, W) of the image.
    """

    y: np.ndarray
    z: np.ndarray | None
    size: tuple[int, int]


@dataclass(frozen=True)
class Statistics:
    """What the entropy model says of latents as they are written; None for what a model doesn't have or tell.

    `bits_y`, `bits_z`: the length of each element's code by the coder's tables, escape codes included; `scales`,
    `means`: of the distribution of y's elements. All float [channels, rows, columns] as y and z are.
    """

    bits_y: np.ndarray | None = None
    bits_z: np.ndarray | None = None
    scales: np.ndarray | None = None
    means: np.ndarray | None = None


class LearnedCodec(Codec):
    """A codec whose latent can be taken, edited and written: `encode` is `write` after `analyse`."""

    @abstractmethod
    def analyse(self, rgb: np.ndarray) -> Latents:
        """The latents of an image, uint8 [H, W, 3], before quantisation."""

    @abstractmethod
    def write(self, latents: Latents) -> bytes:
        """Quantise, entropy-code and pack the latents. Raises CodecError for a latent that the model can't hold."""

    @abstractmethod
    def read(self, bitstream: bytes) -> Latents:
        """The quantised latents in a bitstream. Raises BitstreamError for a damaged or foreign one."""

    @abstractmethod
    def synthesise(self, latents: Latents) -> np.ndarray:
        """The image, uint8 [H, W, 3], of quantised latents."""

    @abstractmethod
    def string_bytes(self, bitstream: bytes) -> dict[str, int]:
        """The bytes of the entropy-coded strings by latent: `y`, and `z` if the model has a hyperprior."""

    def statistics(self, latents: Latents) -> Statistics:
        """What the entropy model says of latents that `write` takes; nothing, where a backend can't tell."""
        return Statistics()

    @classmethod
    def latent_channels(cls, settings: Mapping[str, Any], quality: float) -> dict[str, int] | None:
        """The channels of the latents, `y` and, with a hyperprior, `z`; None where only the weights tell."""
        return None

    def encode(self, rgb: np.ndarray) -> bytes:
        return self.write(self.analyse(rgb))

    def decode(self, bitstream: bytes) -> np.ndarray:
        return self.synthesise(self.read(bitstream))


def check_rgb(rgb: np.ndarray) -> np.ndarray:
    """The image itself if it is uint8 [H, W, 3] and not empty; else CodecError, which says what it is."""
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        actual = f"{rgb.dtype} {list(rgb.shape)}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise CodecError(f"an image must be a uint8 array [H, W, 3] with H, W >= 1; found {actual}")
    return rgb
