"""What every id of a classical codec saves and costs against its family's plain one, on photos apart from the test set.

Each id of the catalogue is compared with the first one of its family: the mean over the photos of their BD-rates (with
Student's 95 % interval) at PSNR and at MS-SSIM, and the processor time of encoding. Photos are taken in alphabetical
order, evenly over the folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import bd
from study.codecs import registry as codecs
from study.codecs.base import Codec
from study.core.errors import StudyError, guarded
from study.images import png
from study.jobs import timing
from study.metrics import registry as metrics
from study.planning import entries

METRICS = ("psnr_rgb", "ms_ssim")
FAMILIES: dict[str, tuple[str, ...]] = {
    "jpeg": ("jpeg-optimised", "jpegli", "jpeg-444"),
    "jpeg2000": ("jpeg2000-53",),
    "webp": ("webp-fast", "webp-slow"),
    "avif": ("avif-fast", "avif-slow", "avif-psnr", "avif-444", "av1-10bit", "av1-10bit-psnr"),
    "jpegxl": ("jpegxl-fast", "jpegxl-slow"),
    "hevc": ("hevc-fast", "hevc-slow", "hevc-psnr", "hevc-444", "hevc-10bit", "hevc-10bit-psnr"),
    "vvc": ("vvc-medium", "vvc-perceptual"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="PNGs that are in no test set")
    parser.add_argument("--photos", type=int, default=8, help="how many of them (default: %(default)s)")
    parser.add_argument("--codecs", nargs="+", default=list(FAMILIES), choices=FAMILIES, help="default: all")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.glob("*.png"))
    if len(files) < arguments.photos or arguments.photos < 2:
        raise StudyError(f"{arguments.folder} has {len(files)} PNGs; at least {max(arguments.photos, 2)} are needed")
    chosen = np.linspace(0, len(files) - 1, arguments.photos).round().astype(int)
    photos = [png.read(files[index]) for index in chosen]
    print("| id | settings | BD-rate, PSNR | BD-rate, MS-SSIM | time of encoding |\n| --- | --- | ---: | ---: | ---: |")
    for name in arguments.codecs:
        for line in lines(name, photos):
            print(line, flush=True)


def lines(name: str, photos: list[np.ndarray]) -> Iterator[str]:
    """The lines of a family's ids, that of the plain one first."""
    known = entries.codecs()
    anchor, base_s = measured(name, known[name], photos)
    yield f"| `{name}` | {settings(known[name])} | 0 | 0 | 1 |"
    for other in FAMILIES[name]:
        curves, seconds = measured(other, known[other], photos)
        rates = [bd.bd_rates(anchor[metric], curves[metric], bd.METHOD, 0.5) for metric in METRICS]
        figures = " | ".join(map(figure, rates))
        yield f"| `{other}` | {settings(known[other])} | {figures} | {seconds / base_s:.2g} |"


def settings(entry: entries.CodecEntry) -> str:
    """An id's settings in words, threads apart."""
    return ", ".join(f"{key} {value}" for key, value in entry.settings.items() if key != "threads") or "–"


def measured(name: str, entry: entries.CodecEntry, photos: list[np.ndarray]) -> tuple[dict[str, bd.Curves], float]:
    """The curves of all photos by metric, and the processor seconds of encoding them at a quality, on average."""
    scores = np.empty((len(METRICS), len(photos), len(entry.qualities)))
    rates = np.empty(scores.shape[1:])
    seconds = 0.0
    for column, quality in enumerate(entry.qualities):
        codec = codecs.load(name, quality, entry)
        codec.encode(np.ascontiguousarray(photos[0][:64, :64]))  # loads what the first call loads
        for row, rgb in enumerate(photos):
            bitstream, taken = encoded(codec, rgb)
            seconds += taken / len(entry.qualities)
            rates[row, column] = 8 * len(bitstream) / (rgb.shape[0] * rgb.shape[1])
            values, _ = metrics.score(rgb, codec.decode(bitstream), METRICS)
            scores[:, row, column] = [values[metric] for metric in METRICS]
    curves = {
        metric: bd.curves(rates, bd.on_scale(values, bd.scale_of(metric))) for metric, values in zip(METRICS, scores)
    }
    return curves, seconds


def encoded(codec: Codec, rgb: np.ndarray) -> tuple[bytes, float]:
    """A bitstream, and the processor seconds that it took."""
    kept: list[bytes] = []
    _, seconds = timing.measured(lambda: kept.append(codec.encode(rgb)))
    return kept[0], seconds


def figure(rates: np.ndarray) -> str:
    """The mean of BD-rates with its interval; a dash if one is refused."""
    if np.isnan(rates).any():
        return f"– ({int(np.isnan(rates).sum())} refused)"
    low, high = bd.t_interval(rates, bd.LEVEL)
    return f"{rates.mean():+.1f} % [{low:+.1f}, {high:+.1f}]".replace("-", "−")


if __name__ == "__main__":
    guarded(main)
