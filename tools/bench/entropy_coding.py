"""Measure what of coding isn't the transforms, at published widths: quantising, entropy coding, context models.

Networks have random weights, scaled so that an image of 768x512 takes more than a bit per pixel; a coder's work depends
on the number of symbols, which is that of the published model. Per codec: bits per pixel, CPU seconds of encoding and
decoding together on one thread, those of the transforms (analysis, synthesis, hyper analysis, hyper synthesis), the
share of all else, and its seconds in encoding and in decoding. The fastest of some runs counts. Exit status 1 if the
share is more than 0.15 or, of models with a serial context, if all else takes more than 2 s in a direction.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from study.codecs.compressai import architectures, codec, startup, zoo

PUBLISHED = {
    "bmshj2018-factorized": (1, 8),
    "bmshj2018-hyperprior": (1, 8),
    "mbt2018-mean": (1, 8),
    "mbt2018": (1, 8),
    "cheng2020-anchor": (1, 6),
    "cheng2020-attn": (1, 6),
}  # the first and the last quality, which have the two widths
SIZE = 512, 768
SPREAD = 1.0  # standard deviation of the latent, and the scale that its distributions get
SHARE, SERIAL_S = 0.15, 2.0
COLUMNS = "model n m bpp all_s transforms_s share encode_rest_s decode_rest_s"


class Direction(NamedTuple):
    """CPU seconds of encoding or decoding, and of the transforms in it."""

    whole: float
    transforms: float

    @property
    def rest(self) -> float:
        """All but the transforms."""
        return self.whole - self.transforms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each, the fastest counts (default: %(default)s)")
    parser.add_argument("model", nargs="*", help="CompressAI's names of them (default: all that it publishes)")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.model) - set(PUBLISHED)):
        parser.error(f"model: found {', '.join(unknown)}; allowed: {', '.join(PUBLISHED)}")
    print(COLUMNS)
    over = []
    for model in arguments.model or PUBLISHED:
        for quality in PUBLISHED[model]:
            n, m = zoo.widths(model, quality)
            bpp, encode, decode = measure(model, n, m, SIZE, arguments.runs)
            share = (encode.rest + decode.rest) / (encode.whole + decode.whole)
            figures = (
                encode.whole + decode.whole,
                encode.transforms + decode.transforms,
                share,
                encode.rest,
                decode.rest,
            )
            print(model, n, m, *(f"{figure:.3f}" for figure in (bpp, *figures)), flush=True)
            if max(encode.rest, decode.rest) > SERIAL_S if has_context(model) else share > SHARE:
                over.append(f"{model} at {n}")
    if over:
        print(f"beyond the limits: {', '.join(over)}")
    sys.exit(1 if over else 0)


def has_context(model: str) -> bool:
    """Whether its positions are coded one after another."""
    return model == "mbt2018" or model.startswith("cheng2020")


def measure(model: str, n: int, m: int, size: tuple[int, int], runs: int = 1) -> tuple[float, Direction, Direction]:
    """Bits per pixel, and the times of encoding and of decoding a synthetic image of `size`, (height, width)."""
    startup.load()
    import torch

    torch.set_num_threads(1)
    rgb = image(*size)
    with tempfile.TemporaryDirectory() as folder:
        one = random_codec(model, n, m, rgb, Path(folder))
        one.prepare()
        net = one._net
        spent = [0.0]
        for part in (*one._transforms, *(getattr(net, name) for name in ("h_a", "h_s") if hasattr(net, name))):
            watch(part, spent)
        bitstream = one.encode(rgb)
        encode = min((timed(lambda: one.encode(rgb), spent) for _ in range(runs)), key=lambda times: times.whole)
        decode = min((timed(lambda: one.decode(bitstream), spent) for _ in range(runs)), key=lambda times: times.whole)
        return one.payload_bytes(bitstream) * 8 / (size[0] * size[1]), encode, decode


def image(height: int, width: int) -> np.ndarray:
    """Waves and noise, uint8 [height, width, 3]."""
    rows, columns = np.mgrid[:height, :width]
    waves = np.stack([np.sin(rows / (9 + plane)) * np.cos(columns / 13) for plane in range(3)], axis=-1)
    noise = np.random.default_rng(0).normal(0, 0.2, waves.shape)
    return np.clip(128 + 80 * (waves + noise), 0, 255).astype(np.uint8)


def random_codec(model: str, n: int, m: int, rgb: np.ndarray, folder: Path) -> codec.Backend:
    """A codec whose latent of that image has the standard deviation `SPREAD`, and distributions of that scale."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    net = architectures.build(model, n, m).eval()
    with torch.no_grad():
        last = list(_convolutions(net.g_a))[-1]
        x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
        factor = SPREAD / net.g_a(x).std()
        for value in (last.weight, last.bias):
            value.mul_(factor)
        parameters = getattr(net, "entropy_parameters", getattr(net, "h_s", None))
        if parameters is not None:
            list(_convolutions(parameters))[-1].bias[:m] = SPREAD
    net.entropy_bottleneck.update(force=True, update_quantiles=True)
    save_file(architectures.state(net), folder / "1.safetensors")
    return codec.Backend(model, 1, {"model": model, "n": n, "m": m, "weights": str(folder / "{quality}.safetensors")})


def _convolutions(part: Any) -> Iterator[Any]:
    import torch

    return (module for module in part.modules() if isinstance(module, torch.nn.Conv2d))


def watch(part: Any, spent: list[float]) -> None:
    """Have a module of PyTorch add the CPU seconds that it takes to `spent[0]`."""
    begun: list[float] = []
    part.register_forward_pre_hook(lambda *_: begun.append(time.process_time()))

    def add(*_: object) -> None:
        spent[0] += time.process_time() - begun.pop()

    part.register_forward_hook(add)


def timed(call: Callable[[], object], spent: list[float]) -> Direction:
    """The times of a call, whose transforms add theirs to `spent[0]`."""
    spent[0], start = 0.0, time.process_time()
    call()
    return Direction(time.process_time() - start, spent[0])


if __name__ == "__main__":
    main()
