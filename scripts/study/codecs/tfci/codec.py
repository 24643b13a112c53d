"""TensorFlow Compression's published models (`tfci`), and any other metagraph of their form.

The bitstream is a `.tfci` file as TFC's own `tfci.py` writes and reads it (`tfci_file`): the model's id and
the channels of its sender. TFC 1's range decoder, which most of the published models use, never complains about a
damaged string, so `decode` writes the latents that it has read once more, without the analysis transform, and compares:
a decoder that went astray, for damage or for another machine's arithmetic, doesn't end where the encoder ended.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from study.codecs.base import Latents, LearnedCodec, Statistics, Weights, check_rgb
from study.codecs.tfci import metagraph, rates, tfci_file
from study.codecs.tfci import settings as tfci_settings
from study.codecs.tfci.latent_tensors import Bottleneck, Flow
from study.core.errors import BitstreamError, CodecError, StudyError
from study.images.png import LARGEST_PIXELS

if TYPE_CHECKING:
    from study.codecs.tfci.metagraph import Port

LARGEST_SIDE = 2**16 - 1
LARGEST_LATENT = 2.0**24  # whole numbers beyond are not exact in float32, and TFC 1's coder hangs from 2^27 on
PADDING = 64  # pixels that a sender may add to an image


class Backend(LearnedCodec):
    """Settings: `model`, `url`, `rd_parameter`, `tensors`; `{quality}` stands for the quality in the first and third.

    `model` is an id, whose metagraph is `<url>/<id>.metagraph`, or the path of a file `….metagraph`, relative to the
    repository. `rd_parameter` is the second input of models that have one: a number. `tensors` names those of the
    latents (`y`, `z`, `y_hat`, `z_hat`) where they are not to be found automatically; `tools/tensors.py` lists them.
    """

    defaults: ClassVar = {"model": None, "url": tfci_settings.PUBLISHED, "rd_parameter": None, "tensors": {}}
    extension = "tfci"
    environment = "tensorflow"

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        super().__init__(name, quality, settings, weights)
        self.model = Path(tfci_settings.weights(self.settings, quality).file).stem
        self.rate = tfci_settings.rate(self.settings, quality)
        named = self.settings["tensors"]
        allowed = f"allowed: {', '.join(Bottleneck._fields)}, like y: node:0"
        if not isinstance(named, dict):
            raise StudyError(f"codec {name}: tensors: found {named!r}; {allowed}")
        for key, tensor in named.items():
            if key not in Bottleneck._fields or not isinstance(tensor, str) or ":" not in tensor:
                raise StudyError(f"codec {name}: tensors: found {key}: {tensor!r}; {allowed}")

    @classmethod
    def weights_source(cls, settings: Mapping[str, Any], quality: float) -> Weights:
        return tfci_settings.weights({**cls.defaults, **settings}, quality)

    @staticmethod
    def check_weights(path: Path) -> None:
        """Raise StudyError for a file that is no whole metagraph, as far as that is to be seen without TensorFlow."""
        metagraph.check(path)

    def skip(self) -> str | None:
        missing = [name for name in ("tensorflow", "tensorflow_compression") if importlib.util.find_spec(name) is None]
        if missing:
            return f"the Python that runs has no {' and no '.join(missing)}; `make tensorflow` builds the one that has"
        return None

    def versions(self) -> str:
        from importlib.metadata import version

        return f"tensorflow-compression {version('tensorflow-compression')}; tensorflow {_tensorflow_version()}"

    def prepare(self) -> None:
        _ = self._codec

    def payload_bytes(self, bitstream: bytes) -> int:
        return tfci_file.payload_bytes(bitstream)

    def string_bytes(self, bitstream: bytes) -> dict[str, int]:
        """The bytes of the entropy-coded strings by latent: `y`, and `z` if the model has a hyperprior."""
        side = self._flow.side_channels(self._latent("y"))
        lengths = {"y": 0, "z": 0} if side else {"y": 0}
        for position, channel in enumerate(self._unpacked(bitstream)):
            if self._codec.sent[position].is_string:
                lengths["z" if position in side else "y"] += sum(map(len, channel))
        return lengths

    def encode(self, rgb: np.ndarray) -> bytes:
        """The bitstream, from one run of the sender as published; `write(analyse(rgb))` gives the same."""
        size = _size(rgb)
        return self._pack(self._send({}, size, rgb))

    def decode(self, bitstream: bytes) -> np.ndarray:
        """The image, from one run of the receiver as published."""
        channels = self._unpacked(bitstream)
        size = self._announced(channels)
        image, *latents = self._receive([self._codec.decoded.tensor, *self._returned], channels)
        if size is not None and image.shape[1:3] != size:
            shape = list(image.shape[1:3])
            raise BitstreamError(f"{self.name}: the bitstream is damaged: an image of {shape} was announced as {size}")
        if size is not None and latents:
            self._check_return(channels, size, latents)
        return _rounded(image, self.name)

    def analyse(self, rgb: np.ndarray) -> Latents:
        size = _size(rgb)
        tensors = [self._latent("y")] + ([self._bottleneck.z] if self._bottleneck.z is not None else [])
        y, *z = self._codec.run(tensors, self._inputs(rgb), CodecError, self.name)
        if y.ndim != 4 or y.shape[0] != 1:
            shape = list(y.shape)
            raise CodecError(f"{self.name}: {tensors[0]} is {shape}; a latent is [1, rows, columns, channels]")
        return Latents(_planes(y), _planes(z[0]) if z else None, size)

    def write(self, latents: Latents) -> bytes:
        around = self._flow.bypass(self._latent("y"))
        if around:
            raise CodecError(
                f"{self.name}: {', '.join(around)} depends on the image by other ways than {self._bottleneck.y}, so an "
                "edited latent can't be written"
            )
        feeds = {self._latent("y"): self._fed(latents.y, "y", latents.size)}
        if latents.z is not None:
            feeds[self._latent("z")] = self._fed(latents.z, "z", latents.size)
        return self._pack(self._send(feeds, latents.size))

    def statistics(self, latents: Latents) -> Statistics:
        """Bits by the coder's tables, where the graph codes as TFC's layers do; scales and means aren't known."""
        feeds = self._inputs(_blank(latents.size))
        feeds[self._latent("y")] = self._fed(latents.y, "y", latents.size)
        if latents.z is not None:
            feeds[self._latent("z")] = self._fed(latents.z, "z", latents.size)
        side = self._flow.side_channels(self._latent("y"))
        bits_by_site: dict[str, np.ndarray] = {}
        for position, port in enumerate(self._codec.sent):
            if port.is_string:
                site = "z" if position in side else "y"
                site_bits = rates.bits(
                    self._codec.nodes, port.tensor, lambda names: self._codec.run(names, feeds, CodecError, self.name)
                )
                if site in bits_by_site or site_bits is None or site_bits.ndim != 4:
                    return Statistics()
                bits_by_site[site] = _planes(site_bits)
        return Statistics(bits_by_site.get("y"), bits_by_site.get("z"))

    def read(self, bitstream: bytes) -> Latents:
        channels = self._unpacked(bitstream)
        size = self._announced(channels)
        if size is None:
            raise CodecError(f"{self.name}: the model doesn't send the image's size, so its latents can't be read")
        tensors = [self._latent("y_hat")] + ([self._bottleneck.z_hat] if self._bottleneck.z_hat is not None else [])
        y, *z = self._receive(tensors, channels)
        if self._returned:
            self._check_return(channels, size, [y, *z])
        return Latents(_planes(y), _planes(z[0]) if z else None, size)

    def synthesise(self, latents: Latents) -> np.ndarray:
        tensor = self._latent("y_hat")
        needed = self._flow.needed(tensor)
        of_image = self._flow.reached([self._codec.image.node])
        feeds = {tensor: self._fed(latents.y, "y", latents.size)}
        for position in needed:
            port = self._codec.received[position]
            if port.is_string or self._codec.sent[position].node in of_image:
                raise CodecError(
                    f"{self.name}: the receiver's image depends on {port.key} beside {tensor}, so an edited latent "
                    "can't be put in its place"
                )
        sent = [self._codec.sent[position].tensor for position in needed]
        values = self._codec.run(sent, self._inputs(_blank(latents.size)), CodecError, self.name) if sent else []
        feeds |= {self._codec.received[position].tensor: value for position, value in zip(needed, values)}
        (image,) = self._codec.run([self._flow.decoded()], feeds, CodecError, self.name)
        return _rounded(image, self.name)

    @functools.cached_property
    def _codec(self) -> metagraph.Metagraph:
        if self.weights is None:
            raise StudyError(f"codec {self.name}: it needs the metagraph of {self.model}; name the file with --weights")
        codec = metagraph.Metagraph(self.weights)
        if (codec.rate is None) != (self.rate is None):
            expected = "has no second input" if codec.rate is None else f"has a second input, {codec.rate.key}"
            raise StudyError(f"codec {self.name}: the model {expected}; found rd_parameter: {self.rate}")
        return codec

    @functools.cached_property
    def _flow(self) -> Flow:
        return Flow(self._codec)

    @functools.cached_property
    def _bottleneck(self) -> Bottleneck:
        """The latents' tensors: those of the settings, else those that the graph's shape tells."""
        named = self.settings["tensors"]
        for key, tensor in named.items():
            if not self._codec.has_tensor(tensor):
                raise StudyError(
                    f"codec {self.name}: tensors: {key}: the graph has no {tensor!r}; tools/tensors.py lists all"
                )
        bottleneck = self._flow.find()
        if "y" not in named and bottleneck.y is not None and self._flow.stride(bottleneck.y.split(":")[0]) != 16:
            bottleneck = bottleneck._replace(y=None, z=None)
        return bottleneck._replace(**named)

    @functools.cached_property
    def _returned(self) -> list[str]:
        """The tensors of the latents as read, if they can be written once more to see whether they are whole."""
        bottleneck = self._bottleneck
        if bottleneck.y is None or bottleneck.y_hat is None or (bottleneck.z is None) != (bottleneck.z_hat is None):
            return []
        if self._flow.bypass(bottleneck.y):
            return []
        return [bottleneck.y_hat] if bottleneck.z_hat is None else [bottleneck.y_hat, bottleneck.z_hat]

    @functools.cached_property
    def _returns(self) -> bool:
        """Whether an undamaged bitstream of this model passes `_check_return`."""
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        try:
            channels = tfci_file.unpack(self.encode(noise)).channels
            return self._again((64, 64), self._receive(self._returned, channels)) == channels
        except StudyError:
            return False

    def _latent(self, key: str) -> str:
        """The name of a latent's tensor. Raises CodecError, with the way out, where it isn't known."""
        tensor = getattr(self._bottleneck, key)
        if tensor is None:
            raise CodecError(
                f"{self.name}: no tensor of the graph could be told to be the latent {key}; if you know it, name it in "
                f"the codec's settings (tensors: {{{key}: name}}); tools/tensors.py lists them"
            )
        return tensor

    def _inputs(self, rgb: np.ndarray) -> dict[str, object]:
        rate = {} if self._codec.rate is None else {self._codec.rate.tensor: self.rate}
        return {self._codec.image.tensor: rgb[None], **rate}

    def _send(self, feeds: Mapping[str, np.ndarray], size: tuple[int, int], rgb: np.ndarray | None = None) -> list:
        """The channels of an image, or of latents that are fed, for which only the image's size matters."""
        inputs = self._inputs(_blank(size) if rgb is None else rgb)
        tensors = [port.tensor for port in self._codec.sent]
        return self._codec.run(tensors, {**inputs, **feeds}, CodecError, self.name)

    def _receive(self, tensors: Sequence[str], channels: Sequence[list]) -> list:
        feeds = {}
        for port, values in zip(self._codec.received, channels):
            array = np.array(values, port.dtype)
            feeds[port.tensor] = array.reshape(()) if port.rank == 0 and array.size == 1 else array
        return self._codec.run(tensors, feeds, BitstreamError, f"{self.name}: the bitstream is damaged")

    def _pack(self, channels: Sequence[np.ndarray]) -> bytes:
        try:
            return tfci_file.pack(self.model, [np.atleast_1d(channel) for channel in channels])
        except ValueError as error:
            raise CodecError(f"{self.name}: {error}") from None

    def _unpacked(self, bitstream: bytes) -> list[list]:
        """The channels of a bitstream, of the kinds that the receiver takes."""
        packed = tfci_file.unpack(bitstream)
        if packed.model != self.model:
            raise BitstreamError(f"{self.name}: the bitstream is of the model {packed.model!r}, not of {self.model!r}")
        ports = self._codec.received
        if len(packed.channels) != len(ports):
            count = len(packed.channels)
            raise BitstreamError(f"{self.name}: the bitstream has {count} channels; the model has {len(ports)}")
        for port, values in zip(ports, packed.channels):
            if not values or not all(_fits(value, port) for value in values):
                raise BitstreamError(f"{self.name}: the bitstream is damaged: {port.key} isn't of {port.dtype}")
        return packed.channels

    def _announced(self, channels: Sequence[list]) -> tuple[int, int] | None:
        """The image's rows and columns by the bitstream, None if the model doesn't send them.

        Raises BitstreamError if they, or the sizes of latents, can't be true: decoding would take any memory.
        """
        strides = self._flow.shape_strides()
        sizes = [tuple(channel) for channel, stride in zip(channels, strides) if stride == 1 and len(channel) == 2]
        size = sizes[0] if sizes else None
        for port, channel, stride in zip(self._codec.received, channels, strides):
            if stride is not None:
                reach = [value * stride for value in channel]
                possible = all(0 < side <= LARGEST_SIDE + PADDING for side in reach)
                most = LARGEST_PIXELS if stride > 1 else min(LARGEST_PIXELS, self.largest_pixels or LARGEST_PIXELS)
                possible &= math.prod(reach) <= most  # a latent covers the image and its padding
                if not possible or (size is not None and not _near(channel, size, stride)):
                    raise BitstreamError(f"{self.name}: the bitstream is damaged: {port.key} holds the size {channel}")
        return size

    def _check_return(self, channels: list[list], size: tuple[int, int], latents: Sequence[np.ndarray]) -> None:
        """Raise BitstreamError if the latents that were read aren't written as they were in the bitstream."""
        if self._again(size, latents) == channels:
            return
        if self._returns:
            raise BitstreamError(
                f"{self.name}: the bitstream is damaged, or was written on a machine whose arithmetic differs: what "
                "was read from it is written otherwise"
            )
        warnings.warn(f"{self.name}: damage of a bitstream of this model can't be told", stacklevel=2)

    def _again(self, size: tuple[int, int], latents: Sequence[np.ndarray]) -> list[list] | None:
        """The channels of latents (y, or y and z) as the receiver has them; None where the sender can't take them."""
        if not all(_writable(latent) for latent in latents):
            return None
        try:
            feeds = {
                name: latent
                for name, latent in zip((self._bottleneck.y, self._bottleneck.z), latents)
                if name is not None
            }
            return tfci_file.unpack(self._pack(self._send(feeds, size))).channels
        except CodecError:
            return None

    def _fed(self, planes: np.ndarray, key: str, size: tuple[int, int]) -> np.ndarray:
        """A latent, [channels, rows, columns], in the graph's layout."""
        array = np.asarray(planes, np.float32)
        stride = self._flow.stride(self._latent(key).split(":")[0]) or 1
        if array.ndim != 3 or 0 in array.shape or not _near(array.shape[1:], size, stride):
            raise CodecError(
                f"{self.name}: a latent {key} of {list(array.shape)} doesn't fit an image of {size[1]}x{size[0]}"
            )
        if not _writable(array):
            raise CodecError(
                f"{self.name}: the latent {key} can't be written: some values are no numbers, or beyond 2^24"
            )
        return np.ascontiguousarray(array.transpose(1, 2, 0)[None])


def _tensorflow_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    for name in ("tensorflow-cpu", "tensorflow"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"


def _size(rgb: np.ndarray) -> tuple[int, int]:
    """Height and width. Raises CodecError for what is no image, and for one that is too large."""
    height, width = check_rgb(rgb).shape[:2]
    if max(height, width) > LARGEST_SIDE or height * width > LARGEST_PIXELS:
        limit = f"{LARGEST_SIDE} a side, {LARGEST_PIXELS:,} in all"
        raise CodecError(f"an image of {width}x{height} pixels; allowed: {limit}")
    return height, width


def _blank(size: tuple[int, int]) -> np.ndarray:
    return np.zeros((*size, 3), np.uint8)


def _planes(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array[0].transpose(2, 0, 1), np.float32)


def _near(shape: Sequence[int], size: tuple[int, int], stride: int) -> bool:
    """Whether rows and columns are those of an image of this size reduced by `stride`, padding allowed for."""
    slack = 0 if stride == 1 else 1 + PADDING // stride
    return len(shape) == 2 and all(abs(length - whole / stride) <= slack for length, whole in zip(shape, size))


def _writable(latent: np.ndarray) -> bool:
    return bool(np.isfinite(latent).all() and np.abs(latent).max() <= LARGEST_LATENT)


def _fits(value: object, port: Port) -> bool:
    if port.is_string:
        return isinstance(value, bytes)
    if port.dtype.kind == "f":
        return isinstance(value, float)
    return isinstance(value, int) and np.iinfo(port.dtype).min <= value <= np.iinfo(port.dtype).max


def _rounded(image: np.ndarray, name: str) -> np.ndarray:
    """uint8 [H, W, 3] as `tfci` makes it: rounded half to even, then saturated."""
    if image.ndim != 4 or image.shape[0] != 1 or image.shape[3] != 3 or 0 in image.shape:
        raise BitstreamError(f"{name}: the receiver gave an array of shape {list(image.shape)}, not one image")
    if image.dtype == np.uint8:
        return image[0]
    if not np.isfinite(image).all():
        raise BitstreamError(f"{name}: the receiver gave values that are not finite")
    return np.clip(np.rint(image[0]), 0, 255).astype(np.uint8)
