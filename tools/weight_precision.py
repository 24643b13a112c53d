"""Measure what 8-bit weights cost: BD-rates of bundled codecs with quantised convolutions against those as bundled.

The values of each kernel are rounded to steps between minus and plus the largest of its first index. Rates are of real
bitstreams; the photos are those held out of training, packed by scripts/pack_photos.py --use validation.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import bd
from study.codecs.compressai import architectures
from study.codecs.compressai.codec import Backend
from study.core import errors, paths
from study.planning import entries
from study.training import crops

if TYPE_CHECKING:
    import torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="packed photos (npz)")
    parser.add_argument("--bits", type=int, nargs="+", default=[8], help="bits of a weight (default: 8)")
    parser.add_argument("codecs", nargs="+", metavar="ID", help="bundled codecs of the backend compressai")
    arguments = parser.parse_args()
    photos, known = crops.unpack(arguments.photos), entries.codecs()
    print("| id | bits | MB, all qualities | BD-rate, % | 95 % interval |\n| --- | ---: | ---: | ---: | --- |")
    for name in arguments.codecs:
        spec = known.get(name)
        if spec is None or not str(spec.settings.get("weights", "")).startswith("models/"):
            raise errors.StudyError(f"codec {name!r} has no bundled weights; name one of models/recipes.yaml")
        with tempfile.TemporaryDirectory() as folder:
            files = [paths.ROOT / str(spec.settings["weights"]).replace("{quality}", str(q)) for q in spec.qualities]
            bundled = points(name, spec.settings, spec.qualities, files, photos)
            for bits in arguments.bits:
                new = [Path(folder) / f"{bits}-{file.name}" for file in files]
                size = sum(requantised(*pair, bits) for pair in zip(files, new))
                tested = points(name, spec.settings, spec.qualities, new, photos)
                anchor, test = (bd.curves(*values) for values in (bundled, tested))
                rates = np.array([bd.bd_rate(anchor, test, bd.METHOD, row) for row in range(len(photos))])
                low, high = bd.t_interval(rates, bd.LEVEL)
                words = f"{rates.mean():+.2f} | {low:+.2f} to {high:+.2f}"
                if not np.isfinite(rates).all():
                    words = f"– | {(~np.isfinite(rates)).sum()} of {len(rates)} photos have no BD-rate"
                print(f"| `{name}` | {bits} | {size / 1e6:.1f} | {words} |")


def requantised(source: Path, target: Path, bits: int) -> int:
    """Write weights with quantised kernels, in the same file format; the bytes that they would need at these bits."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    weights, size = load_file(source), 0
    for name, values in weights.items():
        if values.ndim == 4:
            weights[name] = quantised(values, bits)
            size += -(-values.numel() * bits // 8) + 2 * len(values)
        else:
            size += values.numel() * values.element_size()
    with safe_open(source, "pt") as file:
        save_file(weights, target, metadata=architectures.as_metadata(architectures.from_metadata(file.metadata())))
    return size


def quantised(kernels: torch.Tensor, bits: int) -> torch.Tensor:
    """Kernels [a, b, h, w] with values of each first index rounded to 2^bits - 1 levels about zero, same dtype."""
    most = 2 ** (bits - 1) - 1
    step = kernels.float().abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12) / most
    return ((kernels.float() / step).round() * step).to(kernels.dtype)


def points(
    name: str, settings: dict, qualities: Sequence[float], files: Sequence[Path], photos: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Bits per pixel and PSNR in dB, [photos, qualities] each."""
    rate, score = np.zeros((2, len(photos), len(files)))
    for column, (quality, file) in enumerate(zip(qualities, files)):
        codec = Backend(name, quality, settings, file)
        for row, rgb in enumerate(photos):
            bitstream = codec.encode(rgb)
            rate[row, column] = 8 * len(bitstream) / (rgb.shape[0] * rgb.shape[1])
            error = np.square(rgb.astype(int) - codec.decode(bitstream)).mean()
            score[row, column] = 10 * np.log10(255**2 / error)
    return rate, score


if __name__ == "__main__":
    errors.guarded(main)
