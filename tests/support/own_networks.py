"""Networks of one's own: a folder of code, checkpoints of random weights, and the settings that name them."""

from __future__ import annotations

from pathlib import Path

import torch

from study.codecs.compressai import loading

CODE = '''
"""Networks in the manner of a paper's repository: modules that import one another."""

from compressai.entropy_models import EntropyBottleneck
from compressai.layers import GDN
from compressai.models import CompressionModel
from torch import nn

from .parts import down, up


class Plain(CompressionModel):
    """The library's pattern, at 1/4 of the resolution; names its multiple."""

    downsampling_factor = 4

    def __init__(self, channels=8):
        super().__init__()
        self.g_a = nn.Sequential(down(3, channels), GDN(channels), down(channels, channels))
        self.g_s = nn.Sequential(up(channels, channels), GDN(channels, inverse=True), up(channels, 3))
        self.entropy_bottleneck = EntropyBottleneck(channels)

    def compress(self, x):
        y = self.g_a(x)
        return {"strings": [self.entropy_bottleneck.compress(y)], "shape": y.shape[-2:]}

    def decompress(self, strings, shape):
        return {"x_hat": self.g_s(self.entropy_bottleneck.decompress(strings[0], shape)).clamp_(0, 1)}


class Tiled(nn.Module):
    """Its own names and nesting, no update() of the library, a step as an argument of compress()."""

    def __init__(self, channels=8):
        super().__init__()
        self.encoder, self.decoder = down(3, channels), up(channels, 3)
        self.prior = EntropyBottleneck(channels)

    def update(self):
        self.prior.update()

    def compress(self, x, step=1):
        y = self.encoder(x) / step
        half = y.shape[-1] // 2
        parts = [self.prior.compress(part) for part in (y[..., :half], y[..., half:])]
        shape = {"left": (y.shape[-2], half), "right": [y.shape[-2], y.shape[-1] - half], "of": "columns"}
        return {"strings": {"halves": parts}, "shape": shape, "y_hat": y}

    def decompress(self, strings, shape, step=1):
        import torch

        left, right = (self.prior.decompress(part, size) for part, size in zip(
            strings["halves"], (shape["left"], shape["right"])))
        return {"x_hat": self.decoder(torch.cat((left, right), -1) * step)}


class OwnCoder(Plain):
    """Codes with zlib: nothing that CompressAI's coder would see."""

    def compress(self, x):
        import zlib

        y = self.g_a(x).round()
        return {"strings": [[zlib.compress(y.numpy().astype("<i2").tobytes())]], "shape": tuple(y.shape)}

    def decompress(self, strings, shape):
        import numpy, torch, zlib

        y = numpy.frombuffer(zlib.decompress(strings[0][0]), "<i2").reshape(shape).astype("<f4")
        return {"x_hat": self.g_s(torch.from_numpy(y))}


class NoCompress(Plain):
    compress = None


class Smaller(Plain):
    def decompress(self, strings, shape):
        return {"x_hat": super().decompress(strings, shape)["x_hat"][..., 1:]}


class Raising(Plain):
    def compress(self, x):
        raise IndexError("list index\\n  out of range")


class Listing(Plain):
    def compress(self, x):
        return [b"strings"]


class Strange(Plain):
    def compress(self, x):
        return {"strings": [[b"abcd"]], "shape": object()}


class NotANumber(Plain):
    def decompress(self, strings, shape):
        return {"x_hat": super().decompress(strings, shape)["x_hat"] * float("nan")}


class Astray(Plain):
    """Its decoder finds other integers than its encoder wrote."""

    def decompress(self, strings, shape):
        self.entropy_bottleneck._offset += 1
        try:
            return super().decompress(strings, shape)
        finally:
            self.entropy_bottleneck._offset -= 1


class Untabled(nn.Module):
    """Without update(), which its entropy model needs."""

    def __init__(self):
        super().__init__()
        self.prior = EntropyBottleneck(4)


def not_a_class():
    return None
'''
PARTS = """
from torch import nn


def down(inner, outer):
    return nn.Conv2d(inner, outer, 5, stride=2, padding=2)


def up(inner, outer):
    return nn.ConvTranspose2d(inner, outer, 5, stride=2, padding=2, output_padding=1)
"""
ELIC = {"class": "compressai.models.sensetime:Elic2022Official", "arguments": {"N": 8, "M": 16, "groups": [4, 4, 8]}}


def write_folder(folder: Path) -> Path:
    """A folder with a package `paper`, whose module `nets` has the networks."""
    package = folder / "paper"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "nets.py").write_text(CODE)
    (package / "parts.py").write_text(PARTS)
    return folder


def settings(folder: Path, name: str, checkpoint: Path, **more: object) -> dict:
    """The settings of a network of the folder."""
    return {"class": f"paper.nets:{name}", "path": str(folder), "trust": True, "checkpoint": str(checkpoint), **more}


def net(named: str, folder: Path | None = None, **arguments: object) -> torch.nn.Module:
    """A network with random weights, whose latent spreads over several integers."""
    module, _, name = named.partition(":")
    kind = loading.class_of(module, name, folder)
    torch.manual_seed(5)
    made = kind(**arguments)
    first = getattr(made, "g_a", getattr(made, "encoder", None))
    if first is not None:
        with torch.no_grad():
            last = [part for part in first.modules() if isinstance(part, torch.nn.Conv2d)][-1]
            last.weight.mul_(20.0)
    return made


def save(made: torch.nn.Module, path: Path) -> Path:
    """A checkpoint as CompressAI's example trainer writes it, or safetensors."""
    if path.suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file({name: value.contiguous() for name, value in made.state_dict().items()}, path)
        return path
    optimizer = torch.optim.Adam(made.parameters())
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min")
    schedule.step(torch.tensor(1.5))
    state = {"epoch": 3, "state_dict": made.state_dict(), "loss": torch.tensor(1.5)}
    state |= {"optimizer": optimizer.state_dict(), "lr_scheduler": schedule.state_dict()}
    torch.save(state, path)
    return path
