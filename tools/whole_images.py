"""Compare the bits of whole images with those of their tiles: does a codec do well on more than its training's crops?

A hyperprior's latent z has one position for 64x64 pixels, so that one trained on crops of 128x128 has seen 2x2 of them,
all at a border. A tile of the latent y is coded with a z of its own. Bits are those of the coder's tables, without
headers. A whole image should need less, since it has fewer borders; a positive figure tells of a training whose crops
were too small. Networks are those of models/recipes.yaml that have a hyperprior.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.codecs.base import Latents
from study.codecs.compressai import architectures
from study.codecs.compressai.codec import Backend
from study.core import errors, paths
from study.images import png
from study.training import budgets, recipes

MULTIPLE = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="folder of PNG images")
    parser.add_argument(
        "--every", type=int, default=4, help="take every so many of them, in order of names (default: %(default)s)"
    )
    parser.add_argument("--tile", type=int, default=128, help="side of a tile in pixels (default: %(default)s)")
    parser.add_argument("--folder", default=recipes.BUNDLED, help="where the weights are (default: %(default)s)")
    parser.add_argument("names", nargs="+", metavar="ID", help="ids of recipes")
    arguments = parser.parse_args()
    if arguments.tile < MULTIPLE or arguments.tile % MULTIPLE:
        parser.error(f"--tile: found {arguments.tile}; allowed: multiples of {MULTIPLE}")
    images = [png.read(path) for path in sorted(arguments.images.glob("*.png"))[:: arguments.every]]
    if not images:
        raise errors.StudyError(f"{arguments.images} holds no PNG images")
    known = recipes.load()
    print(
        "| id | quality | crop of its training | whole images against tiles, % of bits |\n| --- | --- | ---: | ---: |"
    )
    for name in arguments.names:
        for quality in recipes.entry_qualities(known, name):
            codec = load(known, name, quality, arguments.folder)
            whole, tiles = np.sum([bits(codec, image, arguments.tile) for image in images], 0)
            crop = budgets.budget(known, name, quality).side
            print(f"| `{name}` | {quality} | {crop} | {100 * (whole / tiles - 1):+.1f} |", flush=True)


def load(known: dict[str, recipes.Recipe], name: str, quality: str, folder: str) -> Backend:
    """The codec of a recipe. Raises StudyError if its network has no hyperprior or its weights aren't there."""
    network = known.get(name)
    if network is None or not architectures.has_hyperprior(network.model):
        with_one = [other for other, one in known.items() if architectures.has_hyperprior(one.model)]
        raise errors.StudyError(
            f"{name!r} is no recipe of a network with a hyperprior; {errors.allowed(name, with_one)}"
        )
    path = paths.resolved(recipes.weights(name, quality, folder))
    if not path.is_file():
        raise errors.StudyError(f"the weights {path} aren't there; tools/train_zoo.py trains them")
    settings = {key: getattr(network, key) for key in ("model", "n", "m", "h")}
    return Backend(name, 1, settings | {"weights": str(path.parent / "{quality}.safetensors")}, path)


def bits(codec: Backend, rgb: np.ndarray, tile: int) -> tuple[float, float]:
    """Bits of an image, uint8 [H, W, 3], as a whole, and of its tiles of so many pixels a side together."""
    y = codec.analyse(rgb).y
    side = tile // _stride(codec)
    rows, columns = (range(0, count, side) for count in y.shape[1:])
    parts = [y[:, row : row + side, column : column + side] for row in rows for column in columns]
    return _bits(codec, y), sum(_bits(codec, part) for part in parts)


def _bits(codec: Backend, y: np.ndarray) -> float:
    size = y.shape[1] * _stride(codec), y.shape[2] * _stride(codec)
    statistics = codec.statistics(Latents(np.ascontiguousarray(y), None, size))
    return float(statistics.bits_y.sum() + (0 if statistics.bits_z is None else statistics.bits_z.sum()))


def _stride(codec: Backend) -> int:
    return architectures.latent_stride(str(codec.settings["model"]))


if __name__ == "__main__":
    errors.guarded(main)
