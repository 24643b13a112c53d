"""Coding with a network's own `compress()` and `decompress()`, as CompressAI's networks have them.

The strings and shapes that `compress()` gives go into the bitstream of the learned codecs (`bitstream`): the first of
its strings is the layout of the others (`string_layout`). Its check value is of the integers that the coder wrote into
each string (`coder_watch`), so that a decode which went astray is an error and no wrong image. Both run on one thread:
more of them sum in another order, and then the decoder may find other probabilities than the encoder had.

A network that has an analysis transform `g_a` and a synthesis transform `g_s`, as the library's have, gives access to
its latent: its own `compress()` is run with what `g_a` gives put in the place of the edited latent.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import sys
import traceback
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from study.codecs import devices
from study.codecs.base import Latents, LearnedCodec, check_rgb
from study.codecs.compressai import bitstream as compressai_bitstream
from study.codecs.compressai import coder_watch, startup, string_layout
from study.core.errors import BitstreamError, CodecError, StudyError
from study.images.png import LARGEST_PIXELS

if TYPE_CHECKING:
    import torch

LARGEST_SIDE = 2**16
USUAL_MULTIPLE = 64  # to which CompressAI's evaluation pads
MOST_STRINGS = 254


@dataclass(frozen=True)
class Network:
    """A network ready to code: its class's name for messages, and what its bitstreams are told by.

    `multiple` is that of pixels to which images are padded, `fingerprint` a hash of all that its integers depend on,
    `options` keyword arguments of `compress()` and `decompress()`.
    """

    net: Any  # a torch.nn.Module, whose parts go by names
    title: str
    fingerprint: str
    multiple: int
    options: Mapping[str, Any] = field(default_factory=dict)


class NetworkCodec(LearnedCodec):
    """A codec whose encoder and decoder are a network's `compress()` and `decompress()`; a backend gives the network.

    Settings that all have: `device`, where the network runs, cpu or cuda.
    """

    extension = "lic"

    @abstractmethod
    def network(self) -> Network:
        """The network with its weights. Raises StudyError where it can't be had, in one sentence."""

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        super().__init__(name, quality, settings, weights)
        device = self.settings["device"]
        devices.check(name, device)

    def skip(self) -> str | None:
        return devices.missing(self.settings["device"])

    def versions(self) -> str:
        from importlib.metadata import version

        return f"compressai {version('compressai')}; torch {version('torch')}"

    def prepare(self) -> None:
        _ = self._loaded

    def encode(self, rgb: np.ndarray) -> bytes:
        size = self._checked_size(rgb)
        return self._compressed(self._padded(rgb), size)

    def decode(self, bitstream: bytes) -> np.ndarray:
        contents, image = self._decompressed(bitstream)
        return self._cropped(image, contents.size)

    def parameters(self) -> int:
        """How many numbers the network has learned, the quantiles of its entropy models aside."""
        named = self._loaded.net.named_parameters()
        return sum(value.numel() for name, value in named if not name.endswith("quantiles"))

    def payload_bytes(self, bitstream: bytes) -> int:
        return sum(map(len, compressai_bitstream.parse(bitstream).strings[1:]))

    def string_bytes(self, bitstream: bytes) -> dict[str, int]:
        """The bytes of the entropy-coded strings; with a hyperprior the last of them is z's, as in the library."""
        lengths = list(map(len, compressai_bitstream.parse(bitstream).strings[1:]))
        if self._hyper is None or len(lengths) < 2:
            return {"y": sum(lengths)}
        return {"y": sum(lengths[:-1]), "z": lengths[-1]}

    def analyse(self, rgb: np.ndarray) -> Latents:
        size = self._checked_size(rgb)
        self._check_latents()
        x = self._padded(rgb)
        if self._hyper is None:
            with self._calling("g_a"):
                return Latents(_array(self._loaded.net.g_a(x)), None, size)
        with _outputs(self._loaded.net.g_a) as ys, _outputs(self._hyper[0]) as zs:
            self._call("compress", x)
        return Latents(_array(ys[0]), _array(zs[0]), size)

    def write(self, latents: Latents) -> bytes:
        import torch

        self._check_latents()
        height, width = latents.size
        rows, columns = (side + sum(pads) for side, pads in zip(latents.size, self._padding(latents.size)))
        x = torch.zeros(1, 3, rows, columns, device=self.settings["device"])
        given = {self._loaded.net.g_a: latents.y}
        if self._hyper is not None and latents.z is not None:
            given[self._hyper[0]] = latents.z
        for values in given.values():
            if values.dtype != np.float32 or values.ndim != 3 or not np.isfinite(values).all():
                raise CodecError(
                    f"{self.name}: a latent must be float32 [channels, rows, columns] of finite values; found "
                    f"{values.dtype} {list(values.shape)}"
                )
        with contextlib.ExitStack() as stack:
            for part, values in given.items():
                stack.enter_context(_instead(part, torch.from_numpy(values)[None].to(self.settings["device"])))
            return self._compressed(x, (height, width))

    def read(self, bitstream: bytes) -> Latents:
        self._check_latents()
        net = self._loaded.net
        with contextlib.ExitStack() as stack:
            ys = stack.enter_context(_inputs(net.g_s))
            images = stack.enter_context(_outputs(net.g_s))
            zs = stack.enter_context(_inputs(self._hyper[1])) if self._hyper is not None else []
            contents, image = self._decompressed(bitstream)
        if len(ys) != 1 or not np.array_equal(_array(images[0]).clip(0, 1), _array(image).clip(0, 1)):
            raise CodecError(f"{self._unsupported}: its decompress() does more than g_s")
        return Latents(_array(ys[0]), _array(zs[0]) if zs else None, contents.size)

    def synthesise(self, latents: Latents) -> np.ndarray:
        import torch

        self._check_latents()
        with self._calling("g_s"):
            image = self._loaded.net.g_s(torch.from_numpy(latents.y)[None].to(self.settings["device"]))
        return self._cropped(image, latents.size)

    @functools.cached_property
    def _loaded(self) -> Network:
        if self._broken is not None:
            raise self._broken
        try:
            return self.network()
        except StudyError as error:
            self._broken = error  # so that each image is told the same without another try
            raise

    _broken: StudyError | None = None

    @functools.cached_property
    def _hyper(self) -> tuple[torch.nn.Module, torch.nn.Module] | None:
        """Hyper analysis and synthesis of a network in the library's pattern; None for one without."""
        net = self._loaded.net
        owner: Any = net if hasattr(net, "h_a") else getattr(getattr(net, "latent_codec", None), "hyper", None)
        if hasattr(owner, "h_a") and hasattr(owner, "h_s"):
            return owner.h_a, owner.h_s
        return None

    @property
    def _unsupported(self) -> str:
        return f"latent analysis isn't supported for {self._loaded.title}"

    def _check_latents(self) -> None:
        """Raises CodecError for a network that isn't in the library's pattern."""
        missing = [name for name in ("g_a", "g_s") if not hasattr(self._loaded.net, name)]
        if missing:
            raise CodecError(
                f"{self._unsupported}: it has no {' and no '.join(missing)}, the library's names for the transforms"
            )

    def _checked_size(self, rgb: np.ndarray) -> tuple[int, int]:
        height, width = check_rgb(rgb).shape[:2]
        if max(height, width) > LARGEST_SIDE or height * width > LARGEST_PIXELS:
            limit = f"{LARGEST_SIDE} a side, {LARGEST_PIXELS:,} in all"
            raise CodecError(f"an image of {width}x{height} pixels; allowed: {limit}")
        return height, width

    def _padding(self, size: tuple[int, int]) -> list[tuple[int, int]]:
        missing = [-side % self._loaded.multiple for side in size]
        return [(count // 2, count - count // 2) for count in missing]

    def _padded(self, rgb: np.ndarray) -> torch.Tensor:
        """An image as the network takes it: float32 [1, 3, H, W] from 0 to 1, its edges repeated."""
        import torch

        whole = np.pad(rgb, (*self._padding((rgb.shape[0], rgb.shape[1])), (0, 0)), mode="edge")
        return torch.from_numpy(whole).to(self.settings["device"])[None].permute(0, 3, 1, 2).float().div_(255)

    def _cropped(self, image: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
        import torch

        (top, bottom), (left, right) = self._padding(size)
        wanted = [1, 3, size[0] + top + bottom, size[1] + left + right]
        if not isinstance(image, torch.Tensor) or list(image.shape) != wanted:
            actual = list(image.shape) if isinstance(image, torch.Tensor) else type(image).__name__
            raise StudyError(f"{self._loaded.title} gave an image {actual}, and the one it was given is {wanted}")
        if not bool(torch.isfinite(image).all()):
            raise StudyError(f"{self._loaded.title} gave an image with values that are not finite (NaN or infinity)")
        part = image[0, :, top : top + size[0], left : left + size[1]].float().clamp(0, 1).mul(255).round()
        return part.to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()

    def _compressed(self, x: torch.Tensor, size: tuple[int, int]) -> bytes:
        title = self._loaded.title
        with coder_watch.watched() as integers:
            out = self._call("compress", x)
        if not isinstance(out, Mapping) or not {"strings", "shape"} <= set(out):
            actual = f"the keys {', '.join(map(str, out))}" if isinstance(out, Mapping) else f"a {type(out).__name__}"
            raise StudyError(
                f"compress() of {title} gave {actual}; it must give a dictionary with `strings` and `shape`, which "
                "decompress(strings, shape) takes"
            )
        layout, strings = string_layout.taken_apart([out["strings"], out["shape"]], f"what compress() of {title} gave")
        if not strings or len(strings) > MOST_STRINGS:
            raise StudyError(f"compress() of {title} gave {len(strings)} strings; allowed: 1 to {MOST_STRINGS}")
        seen = [integers.written.get(string, b"") for string in strings]
        if not all(seen):
            import warnings

            warnings.warn(
                f"{title} doesn't code with CompressAI's coder, so a decode that went astray can't be told from its "
                "bitstream",
                stacklevel=1,
            )
        fingerprint = self._loaded.fingerprint
        return compressai_bitstream.pack(self.name, fingerprint, size, [layout, *strings], _symbols(seen))

    def _decompressed(self, bitstream: bytes) -> tuple[compressai_bitstream.Contents, torch.Tensor]:
        loaded = self._loaded
        what = "weights, or another class or arguments,"
        contents = compressai_bitstream.unpack(bitstream, self.name, loaded.fingerprint, what)
        if max(contents.size) > LARGEST_SIDE or self.too_large(*contents.size, LARGEST_PIXELS):
            raise BitstreamError(f"inconsistent bitstream: its size is {contents.size}")
        layout, *strings = contents.strings or (b"",)
        parts = string_layout.put_together(layout, iter(strings))
        if not isinstance(parts, list) or len(parts) != 2:
            raise BitstreamError("inconsistent bitstream: its layout has no strings and shape")
        with coder_watch.watched() as integers:
            out = self._call("decompress", *parts)
        compressai_bitstream.verify(contents, _symbols([integers.read.get(string, b"") for string in strings]))
        if not isinstance(out, Mapping) or "x_hat" not in out:
            raise StudyError(f"decompress() of {loaded.title} must give a dictionary with `x_hat`, the image")
        return contents, out["x_hat"]

    def _call(self, method: str, *arguments: Any) -> Any:
        loaded = self._loaded
        if not callable(getattr(loaded.net, method, None)):
            raise StudyError(
                f"{loaded.title} has no {method}(); a class of CompressAI's CompressionModel with compress() and "
                "decompress() is needed"
            )
        with self._calling(method):
            return getattr(loaded.net, method)(*arguments, **loaded.options)

    @contextlib.contextmanager
    def _calling(self, method: str) -> Iterator[None]:
        """Run a part of the network, without gradients and on one thread; what it raises becomes a sentence."""
        import torch

        try:
            with torch.inference_mode(), startup.one_thread():
                yield
        except (StudyError, MemoryError):
            raise
        except Exception as error:  # of whoever's code
            traceback.print_exc(file=sys.stderr)
            raise StudyError(f"{method} of {self._loaded.title} ended with {described(error)}") from None


def described(error: BaseException) -> str:
    """An exception in a sentence: its kind, its message, and the line of code that it comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{where}"


def fingerprint(*parts: object) -> str:
    """A hash of all that the integers of a network depend on, 64 hex digits."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def declared_multiple(net: torch.nn.Module) -> int:
    """The multiple of pixels that images are padded to: `downsampling_factor` or 64. Raises StudyError."""
    declared = getattr(net, "downsampling_factor", USUAL_MULTIPLE)
    if isinstance(declared, bool) or not isinstance(declared, int) or not 1 <= declared <= 4096:
        raise StudyError(
            f"{type(net).__name__} declares the downsampling_factor {declared!r}; allowed: a whole number, 1 to 4096"
        )
    return declared


def _symbols(hashes: Sequence[bytes]) -> list[np.ndarray]:
    return [np.frombuffer(part, np.uint8) for part in hashes]


def _array(values: torch.Tensor) -> np.ndarray:
    return values[0].detach().float().contiguous().cpu().numpy()


@contextlib.contextmanager
def _outputs(part: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """What a part of a network gives in this block, each time that it is called."""
    seen: list[torch.Tensor] = []
    handle = part.register_forward_hook(lambda _module, _inputs, output: seen.append(output.clone()))
    try:
        yield seen
    finally:
        handle.remove()


@contextlib.contextmanager
def _inputs(part: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """What a part of a network is given in this block, each time that it is called."""
    seen: list[torch.Tensor] = []
    handle = part.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].clone()))
    try:
        yield seen
    finally:
        handle.remove()


@contextlib.contextmanager
def _instead(part: torch.nn.Module, values: torch.Tensor) -> Iterator[None]:
    """Let a part of a network give these values in this block, whatever it is given."""
    part.forward = lambda *_: values.clone()
    try:
        yield
    finally:
        del part.forward
