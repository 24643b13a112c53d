"""Learned codecs of CompressAI: factorized prior, scale and mean-scale hyperprior, context models, Cheng 2020.

The networks are the library's; the bitstream is `study.container`'s. What entropy decoding depends on (hyper synthesis,
context model, scale indexes) runs in float64 on the CPU: encoder and decoder must get the same integers from it, and a
rounding error of 1e-16 next to a threshold is so rare that thread count and machine make no difference in practice.
The synthesis runs on one thread, so that an image doesn't depend on how many there are.
What can still differ is found by the bitstream's check value.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from study.codecs import devices
from study.codecs.base import Latents, LearnedCodec, Statistics, Weights, check_rgb
from study.codecs.compressai import architectures, checkpoint, rans, startup, zoo
from study.codecs.compressai import bitstream as compressai_bitstream
from study.core import results
from study.core.errors import BitstreamError, CodecError, StudyError, allowed
from study.core.paths import ROOT
from study.images.png import LARGEST_PIXELS

if TYPE_CHECKING:
    import torch
    from compressai.models import CompressionModel

    from study.codecs.compressai.context_model import ContextModel, Positions

startup.lighten_torch()  # before anything imports it

METRICS = ("mse", "msssim", "perceptual")
LARGEST_SIDE = 2**16


OTHERS = {"class": "own_network", "variable rate": "variable_rate"}  # modules of this package, by what asks for them


class Backend(LearnedCodec):
    """Settings: `model` (one of `architectures.MODELS`), `metric` that it was trained for, `weights`, widths, `device`.

    `metric` is mse, msssim, or perceptual (squared error, LPIPS and a discriminator).
    `weights` is `published` (CompressAI's own, downloaded; widths as published), or the path of a file with `{quality}`
    in it, relative to the repository: `models/…` for bundled ones, `results/…` for those that the workflow trains.
    `n`, `m`, `h` are the widths of the network (`networks.build`). `device` is where the transforms run: cpu or cuda.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "model": None,
        "metric": "mse",
        "weights": "published",
        "n": None,
        "m": None,
        "h": None,
        "device": "cpu",
    }
    extension = "lic"

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        super().__init__(name, quality, settings, weights)
        for key, choices in (("model", architectures.MODELS), ("metric", METRICS), ("device", devices.DEVICES)):
            if self.settings[key] not in choices:
                raise StudyError(
                    f"codec {name}: {key} is {self.settings[key]!r}; {allowed(self.settings[key], choices)}"
                )
        self._source = self._named_weights(self.settings, quality)
        if self.settings["weights"] != "published":
            architectures.check(*(self.settings[key] for key in ("model", "n", "m", "h")))

    @classmethod
    def module_for(cls, settings: Mapping[str, Any]) -> str:
        """The module whose backend these settings are for: this one, or that of one's own class or of variable rate."""
        asked = "variable rate" if str(settings.get("model")).endswith("-vbr") else None
        asked = "class" if "class" in settings else asked
        return f"{cls.__module__.rpartition('.')[0]}.{OTHERS[asked]}" if asked else cls.__module__

    @classmethod
    def weights_source(cls, settings: Mapping[str, Any], quality: float) -> Weights | None:
        return cls._named_weights(settings, quality)

    @classmethod
    def _named_weights(cls, settings: Mapping[str, Any], quality: float) -> Weights:
        settings = {**cls.defaults, **settings}
        location = str(settings["weights"])
        if location == "published":
            return zoo.weights(str(settings["model"]), str(settings["metric"]), quality)
        if "{quality}" not in location:
            raise StudyError(f"weights: found {location!r}; allowed: published, or a path with {{quality}} in it")
        path = location.replace("{quality}", str(quality))
        return Weights(Path(path).name, path=path)

    def skip(self) -> str | None:
        if (reason := devices.missing(self.settings["device"])) is not None:
            return reason
        path = self._path()
        if not path.is_file():
            how = (
                f"download it from {self._source.url}"
                if self._source.url
                else "train it, or choose a quality that is bundled"
            )
            return f"the weights {path} are missing; {how}"
        return None

    def versions(self) -> str:
        from importlib.metadata import version

        return f"compressai {version('compressai')}; torch {version('torch')}"

    def prepare(self) -> None:
        _ = self._transforms, self._bottleneck

    def payload_bytes(self, bitstream: bytes) -> int:
        return sum(self.string_bytes(bitstream).values())

    def string_bytes(self, bitstream: bytes) -> dict[str, int]:
        """The bytes of each entropy-coded string, by latent: `y`, and `z` if the model has a hyperprior."""
        return dict(zip("yz", map(len, compressai_bitstream.parse(bitstream).strings)))

    def analyse(self, rgb: np.ndarray) -> Latents:
        import torch

        height, width = check_rgb(rgb).shape[:2]
        if max(height, width) > LARGEST_SIDE or height * width > LARGEST_PIXELS:
            limit = f"{LARGEST_SIDE} a side, {LARGEST_PIXELS:,} in all"
            raise CodecError(f"an image of {width}x{height} pixels; allowed: {limit}")
        with torch.inference_mode():
            x = torch.from_numpy(np.pad(rgb, (*self._padding((height, width)), (0, 0)), mode="edge")).to(
                self.settings["device"]
            )
            y = self._transforms[0](x[None].permute(0, 3, 1, 2).float().div_(255))
            z = self._hyper_analysis(y)
        return Latents(_array(y), None if z is None else _array(z), (height, width))

    def write(self, latents: Latents) -> bytes:
        coded = self._quantised(latents)
        if coded.z is None:
            return self._pack(latents.size, self._bottleneck.encode(coded.y, coded.indexes), coded.y)
        z_string = self._bottleneck.encode(coded.z, rans.channel_indexes(coded.z.shape))
        y, indexes = coded.y, coded.indexes
        if hasattr(self._net, "context_prediction"):
            from study.codecs.compressai.context_model import in_order

            y, indexes = (in_order(values, self._context.steps(*y.shape[1:])) for values in (y, indexes))
        return self._pack(latents.size, self._gaussian.encode(y, indexes), coded.y, z_string, coded.z)

    def statistics(self, latents: Latents) -> Statistics:
        """Bits by the coder's tables; the scales are those of the tables, to which the coder rounds the model's up."""
        coded = self._quantised(latents)
        if coded.z is None:
            return Statistics(self._bottleneck.bits(coded.y, coded.indexes))
        return Statistics(
            bits_y=self._gaussian.bits(coded.y, coded.indexes),
            bits_z=self._bottleneck.bits(coded.z, rans.channel_indexes(coded.z.shape)),
            scales=self._scales[coded.indexes],
            means=coded.means if isinstance(coded.means, np.ndarray) else None,
        )

    @classmethod
    def latent_channels(cls, settings: Mapping[str, Any], quality: float) -> dict[str, int]:
        settings = {**cls.defaults, **settings}
        model = str(settings["model"])
        if settings["weights"] == "published":
            n, m = zoo.widths(model, quality)
        else:
            n, m = settings["n"], settings["m"]
        if not architectures.has_hyperprior(model):
            return {"y": m}
        return {"y": m, "z": settings["h"][0] if settings["h"] else n}

    def read(self, bitstream: bytes) -> Latents:
        import torch

        net = self._net
        contents = compressai_bitstream.unpack(bitstream, self.name, self._fingerprint)
        too_large = max(contents.size) > LARGEST_SIDE or self.too_large(*contents.size, LARGEST_PIXELS)
        if len(contents.strings) != (2 if hasattr(net, "h_a") else 1) or too_large:
            raise BitstreamError(f"inconsistent bitstream: {len(contents.strings)} strings, size {contents.size}")
        y_shape, z_shape = self._shapes(contents.size)
        with torch.inference_mode():
            if z_shape is None:
                symbols = self._decode_bottleneck(contents.strings[0], y_shape)
                compressai_bitstream.verify(contents, [symbols])
                return Latents((symbols + self._medians).astype(np.float32), None, contents.size)
            z_symbols = self._decode_bottleneck(contents.strings[1], z_shape)
            parameters = self._hyper_synthesis(z_symbols)
            if hasattr(net, "context_prediction"):
                y_symbols, y = self._decode_serially(contents.strings[0], parameters)
            else:
                means, indexes = self._distributions(parameters)
                y_symbols = self._gaussian.decode(contents.strings[0], indexes)
                y = y_symbols + means
        compressai_bitstream.verify(contents, [y_symbols, z_symbols])
        return Latents(y.astype(np.float32), (z_symbols + self._medians).astype(np.float32), contents.size)

    def synthesise(self, latents: Latents) -> np.ndarray:
        import torch

        self._check_shapes(latents)
        (top, _), (left, _) = self._padding(latents.size)
        height, width = latents.size
        with torch.inference_mode(), startup.one_thread():
            x = self._transforms[1](torch.from_numpy(latents.y)[None].to(self.settings["device"]))[0]
            x = x[:, top : top + height, left : left + width].clamp_(0, 1).mul_(255).round_().to(torch.uint8)
            return x.permute(1, 2, 0).contiguous().cpu().numpy()

    @functools.cached_property
    def _net(self) -> CompressionModel:
        """The network, ready for inference: the transforms in float32, what entropy decoding depends on in float64."""
        import torch

        startup.keep_freed_memory()
        path = self._path()
        model = str(self.settings["model"])
        if self.settings["weights"] == "published":
            n, m, h = *zoo.widths(model, self.quality), None
        else:
            n, m, h = (self.settings[key] for key in ("n", "m", "h"))
        net = architectures.build(model, n, m, h)
        architectures.fill(net, checkpoint.read(path, self._source.sha256), str(path))
        rans.complete(net)
        net.eval().requires_grad_(False)
        for part in (net.g_a, net.g_s, getattr(net, "h_a", None)):
            if part is not None:
                part.to(self.settings["device"], memory_format=torch.channels_last)
        for name in ("h_s", "context_prediction", "entropy_parameters"):
            if hasattr(net, name):
                getattr(net, name).double()
        return net

    @functools.cached_property
    def _transforms(self) -> tuple[torch.nn.Module, torch.nn.Module]:
        """Analysis and synthesis."""
        net = self._net  # brings the library
        from study.codecs.compressai import fused_layers

        return fused_layers.quicker(net.g_a), fused_layers.quicker(net.g_s)

    @functools.cached_property
    def _bottleneck(self) -> rans.Tables:
        return rans.Tables(self._net.entropy_bottleneck)

    @functools.cached_property
    def _gaussian(self) -> rans.Tables:
        return rans.Tables(self._net.gaussian_conditional)

    @functools.cached_property
    def _context(self) -> ContextModel:
        net = self._net  # brings the library
        from study.codecs.compressai.context_model import ContextModel

        return ContextModel(net)

    @functools.cached_property
    def _medians(self) -> np.ndarray:
        return self._net.entropy_bottleneck.quantiles[:, 0, 1].double().numpy().reshape(-1, 1, 1)

    @functools.cached_property
    def _scales(self) -> np.ndarray:
        return self._net.gaussian_conditional.scale_table.double().numpy()

    @functools.cached_property
    def _fingerprint(self) -> str:
        return hashlib.sha256(self._path().read_bytes()).hexdigest()

    def _path(self) -> Path:
        if self.weights is not None:
            return Path(self.weights)
        return ROOT / (self._source.path or results.weights(self._source.file))

    def _multiple(self) -> int:
        return 64 if hasattr(self._net, "h_a") else 16

    def _padding(self, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows and columns put before and after an image, as even as can be, up to the model's multiple."""
        missing = [-side % self._multiple() for side in size]
        rows, columns = ((count // 2, count - count // 2) for count in missing)
        return rows, columns

    def _shapes(self, size: tuple[int, int]) -> tuple[tuple[int, int, int], tuple[int, int, int] | None]:
        rows, columns = (side + -side % self._multiple() for side in size)
        z, stride = len(self._medians), architectures.latent_stride(str(self.settings["model"]))
        if not hasattr(self._net, "h_a"):
            return (z, rows // stride, columns // stride), None
        return (int(self._net.M), rows // stride, columns // stride), (z, rows // 64, columns // 64)

    def _check_shapes(self, latents: Latents) -> None:
        for name, values, shape in zip("yz", (latents.y, latents.z), self._shapes(latents.size)):
            if values is None:  # z is computed from y
                continue
            if shape is None or values.shape != shape or values.dtype != np.float32:
                wanted = "none for this model" if shape is None else f"float32 {list(shape)}"
                raise CodecError(
                    f"{self.name}: the latent {name} of an image of {latents.size[1]}x{latents.size[0]} must be "
                    f"{wanted}; found {values.dtype} {list(values.shape)}"
                )

    def _pack(self, size: tuple[int, int], *coded: Any) -> bytes:
        return compressai_bitstream.pack(self.name, self._fingerprint, size, coded[::2], coded[1::2])

    def _quantised(self, latents: Latents) -> _Coded:
        """The integers that are coded for latents, and the distributions that they are coded with."""
        import torch

        self._check_shapes(latents)
        net = self._net
        with torch.inference_mode():
            if not hasattr(net, "h_a"):
                symbols = rans.quantised(latents.y, self._medians)
                return _Coded(symbols, rans.channel_indexes(symbols.shape))
            z = latents.z
            if z is None:
                z = _array(
                    self._net.h_a(self._hyper_input(torch.from_numpy(latents.y)[None].to(self.settings["device"])))
                )
            z_symbols = rans.quantised(z, self._medians)
            parameters = self._hyper_synthesis(z_symbols)
            if hasattr(net, "context_prediction"):
                return self._quantised_serially(latents.y, parameters, z_symbols)
            means, indexes = self._distributions(parameters)
            return _Coded(rans.quantised(latents.y, means), indexes, z_symbols, means)

    def _decode_bottleneck(self, string: bytes, shape: tuple[int, int, int]) -> np.ndarray:
        return self._bottleneck.decode(string, rans.channel_indexes(shape))

    def _hyper_analysis(self, y: torch.Tensor) -> torch.Tensor | None:
        if not hasattr(self._net, "h_a"):
            return None
        return self._net.h_a(self._hyper_input(y))

    def _hyper_input(self, y: torch.Tensor) -> torch.Tensor:
        """What the hyper analysis takes: the scale hyperprior knows magnitudes alone."""
        return y.abs() if self.settings["model"] == "bmshj2018-hyperprior" else y

    def _hyper_synthesis(self, z_symbols: np.ndarray) -> np.ndarray:
        import torch

        return self._net.h_s(torch.from_numpy(z_symbols + self._medians)[None])[0].numpy()

    def _distributions(self, parameters: np.ndarray) -> tuple[np.ndarray | float, np.ndarray]:
        """Means and indexes into the table of scales."""
        if self.settings["model"] == "bmshj2018-hyperprior":
            return 0.0, rans.scale_indexes(parameters, self._scales)
        scales, means = np.split(parameters, 2)
        return means, rans.scale_indexes(scales, self._scales)

    def _quantised_serially(self, y: np.ndarray, parameters: np.ndarray, z_symbols: np.ndarray) -> _Coded:
        indexes = np.zeros(y.shape, dtype=np.int64)
        means = np.zeros(y.shape)

        def code(step: Positions, mixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            row, column = step
            means[:, row, column], indexes[:, row, column] = self._distributions(mixed)
            symbols = rans.quantised(y[:, row, column], means[:, row, column])
            return symbols, symbols + means[:, row, column]

        symbols, _ = self._context.run(parameters, code)
        return _Coded(symbols, indexes, z_symbols, means)

    def _decode_serially(self, string: bytes, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        decoder = self._gaussian.decoder(string, parameters.size // 2)

        def code(_: Positions, mixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            means, indexes = self._distributions(mixed)
            symbols = self._gaussian.decode_next(decoder, indexes.T).T
            return symbols, symbols + means

        return self._context.run(parameters, code)


class _Coded(NamedTuple):
    """Integers of y, the indexes of their distributions, integers of z, means of y; each [channels, rows, columns]."""

    y: np.ndarray
    indexes: np.ndarray
    z: np.ndarray | None = None
    means: np.ndarray | float = 0.0


def _array(values: torch.Tensor) -> np.ndarray:
    return values[0].contiguous().cpu().numpy()
