"""The laboratory's answer time: an edit of an image of 512x512, against the codec's own encoding and decoding of it.

Prints, for each bundled model at its middle quality, the median seconds of an edit (edit, write, read, synthesise,
score, PNG) on one thread, and the ratio to encode + decode.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "scripts")]

import numpy as np

from lab.laboratory import Laboratory
from study.codecs import registry
from study.codecs.base import Codec
from study.core import paths, readers
from study.images import png
from study.planning import entries

STEPS = ([{"op": {"scale": 2}}], [{"op": "zero", "select": {"rows": {"from": 8, "to": 24}}}], [{"op": {"noise": 0.5}}])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="(default: %(default)s)")
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        lab = Laboratory(["photos-8"], Path(folder))
        rgb = png.normalise(lab.image("photos-8", "astronaut")).rgb
        print(f"image of {rgb.shape[1]}x{rgb.shape[0]}, median of {repeats * len(STEPS)}")
        for name, choice in lab.start()["codecs"].items():
            quality = choice["qualities"][len(choice["qualities"]) // 2]
            cell = {"codec": name, "quality": quality, "image_set": "photos-8", "image": "astronaut"}
            entry = entries.codecs()[name]
            weights = paths.ROOT / "models" / name / f"{quality}.safetensors"
            codec = registry.load(name, readers.number(quality), entry, weights)
            own = median([partial(round_trip, codec, rgb)], len(STEPS) * repeats)
            taken = median([partial(lab.edit, **cell, steps=steps, policy="recompute") for steps in STEPS], repeats)
            print(f"{name:36} edit {taken:.3f} s, encode + decode {own:.3f} s, ratio {taken / own:.2f}")


def round_trip(codec: Codec, rgb: np.ndarray) -> np.ndarray:
    """An image after its bitstream."""
    return codec.decode(codec.encode(rgb))


def median(works: list[Callable[[], object]], repeats: int) -> float:
    """The median seconds of some works, each done once before and `repeats` times measured."""
    seconds = []
    for work in works:
        work()
        for _ in range(repeats):
            begun = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
