"""What an encoder's settings save and cost, on photos apart from the test set: a table for the documentation.

Each variant of a codec's settings is compared with the codec's entry in the catalogue: the mean over the photos of
their BD-rates (with Student's 95 % interval) at PSNR and at MS-SSIM, and the processor time of encoding. Photos are
taken in alphabetical order, evenly over the folder.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import bd
from study.codecs import registry as codecs
from study.core.errors import StudyError, guarded
from study.images import png
from study.metrics import registry as metrics
from study.planning import entries

METRICS = ("psnr_rgb", "ms_ssim")
VARIANTS: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "jpeg": ({"optimize": True}, {"optimize": True, "progressive": True}),
    "webp": ({"method": 0}, {"method": 6}),
    "avif": ({"tune": "psnr"}, {"speed": 8}, {"speed": 4}),
    "jpegxl": ({"effort": 3}, {"effort": 9}),
    "hevc": ({"tune": "psnr"}, {"preset": "ultrafast"}, {"preset": "slow"}),
    "vvc": ({"preset": "fast"}, {"preset": "medium"}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="PNGs that are in no test set")
    parser.add_argument("--photos", type=int, default=8, help="how many of them (default: %(default)s)")
    parser.add_argument("--codecs", nargs="+", default=list(VARIANTS), choices=VARIANTS, help="default: all")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.glob("*.png"))
    if len(files) < arguments.photos or arguments.photos < 2:
        raise StudyError(f"{arguments.folder} has {len(files)} PNGs; at least {max(arguments.photos, 2)} are needed")
    chosen = np.linspace(0, len(files) - 1, arguments.photos).round().astype(int)
    photos = [png.read(files[place]) for place in chosen]
    print(
        "| codec | setting | BD-rate, PSNR | BD-rate, MS-SSIM | time of encoding |\n| --- | --- | ---: | ---: | ---: |"
    )
    for name in arguments.codecs:
        for line in lines(name, photos):
            print(line, flush=True)


def lines(name: str, photos: list[np.ndarray]) -> Iterator[str]:
    """The lines of a codec's variants, its catalogue's entry first."""
    entry = entries.codecs()[name]
    anchor, base_s = measured(name, entry, photos)
    told = ", ".join(f"{key} {value}" for key, value in entry.settings.items() if key != "threads")
    yield f"| `{name}` | {told} | 0 | 0 | 1 |"
    for change in VARIANTS[name]:
        curves, seconds = measured(name, dataclasses.replace(entry, settings={**entry.settings, **change}), photos)
        rates = [bd.bd_rates(anchor[metric], curves[metric], bd.METHOD, 0.5) for metric in METRICS]
        told = ", ".join(f"{key} {value}" for key, value in change.items())
        yield f"| | {told} | {' | '.join(map(figure, rates))} | {seconds / base_s:.2g} |"


def measured(name: str, entry: entries.CodecEntry, photos: list[np.ndarray]) -> tuple[dict[str, bd.Curves], float]:
    """The curves of all photos by metric, and the processor seconds of encoding, those of children included."""
    scores = np.empty((len(METRICS), len(photos), len(entry.qualities)))
    rates = np.empty(scores.shape[1:])
    seconds = 0.0
    for column, quality in enumerate(entry.qualities):
        codec = codecs.load(name, quality, entry)
        codec.encode(np.ascontiguousarray(photos[0][:64, :64]))  # loads what the first call loads
        for row, rgb in enumerate(photos):
            start = sum(os.times()[:4])
            bitstream = codec.encode(rgb)
            seconds += sum(os.times()[:4]) - start
            rates[row, column] = 8 * len(bitstream) / (rgb.shape[0] * rgb.shape[1])
            values, _ = metrics.score(rgb, codec.decode(bitstream), METRICS)
            scores[:, row, column] = [values[metric] for metric in METRICS]
    curves = {
        metric: bd.curves(rates, bd.on_scale(values, bd.scale_of(metric))) for metric, values in zip(METRICS, scores)
    }
    return curves, seconds


def figure(rates: np.ndarray) -> str:
    """The mean of BD-rates with its interval; a dash if one is refused."""
    if np.isnan(rates).any():
        return f"– ({int(np.isnan(rates).sum())} refused)"
    low, high = bd.t_interval(rates, bd.LEVEL)
    return f"{rates.mean():+.1f} % [{low:+.1f}, {high:+.1f}]".replace("-", "−")


if __name__ == "__main__":
    guarded(main)
