"""Draw where the bundled codecs fail: a card of text, saturated colours, gratings and grain, coded at like rates.

Photos are all that the codecs were trained on. Each codec's quality is that whose rate comes nearest to `--bpp`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.codecs import registry
from study.core import errors, paths
from study.planning import entries

SIDE = 256  # of the card, in pixels
COLUMNS = 3
CODECS = ("jpeg-optimised", "avif", "tiny-bmshj2018-hyperprior-mse", "tiny-bmshj2018-hyperprior-msssim", "tiny-hific")
_WORDS = ("Rate-distortion", "curves: text of", "7, 9, 12 pixels", "il1|O0 8B S5 {}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bpp", type=float, default=1.0, help="bits per pixel to come near to (default: %(default)s)")
    parser.add_argument("--codecs", nargs="+", default=CODECS, metavar="ID", help="default: %(default)s")
    parser.add_argument(
        "--out", type=Path, default=paths.ROOT / "docs" / "assets" / "known_failures.webp", help="default: %(default)s"
    )
    arguments = parser.parse_args()
    known = entries.codecs()
    for name in arguments.codecs:
        if name not in known:
            raise errors.StudyError(f"codec {name!r} is unknown; {errors.allowed(name, known)}")
    card = test_card()
    tiles = [("the card", card)]
    for name in arguments.codecs:
        quality, bpp, decoded = nearest(name, known[name], card, arguments.bpp)
        error = np.mean((decoded.astype(float) - card) ** 2)
        tiles.append((f"{name} at {quality}: {bpp:.2f} bpp, {10 * np.log10(255**2 / error):.1f} dB", decoded))
    draw(tiles, arguments.out)
    print("\n".join(title for title, _ in tiles))


def test_card() -> np.ndarray:
    """The card, uint8 [SIDE, SIDE, 3]: text, patches of saturated colour, a zone plate, a gradient with grain."""
    from PIL import Image, ImageDraw, ImageFont

    half = SIDE // 2
    image = Image.new("RGB", (SIDE, SIDE), "white")
    pen = ImageDraw.Draw(image)
    y = 4
    for size in (7, 9, 12):
        for words in _WORDS if size < 12 else _WORDS[:2]:
            pen.text((4, y), words, "black", ImageFont.load_default(size))
            y += size + 3
    colours = ("#ff0000", "#00ff00", "#0000ff", "#ffff00", "#ff00ff", "#00ffff", "#ff8000", "#000000", "#8000ff")
    for number, colour in enumerate(colours):
        row, column = divmod(number, 3)
        pen.ellipse([half + 42 * column + 2, 42 * row + 2, half + 42 * column + 40, 42 * row + 40], colour)
    card = np.asarray(image).copy()
    rows, columns = np.mgrid[0:half, 0:half] / half
    plate = 127.5 + 127.5 * np.cos(np.pi * half / 2 * (rows**2 + columns**2))
    grain = 60 + 130 * columns + np.random.default_rng(1).normal(0, 8, (half, half)) * (rows > 0.5)
    card[half:, :half] = plate.round().astype(np.uint8)[:, :, None]
    card[half:, half:] = grain.clip(0, 255).round().astype(np.uint8)[:, :, None]
    return card


def nearest(name: str, spec: registry.CodecSpec, rgb: np.ndarray, bpp: float) -> tuple[object, float, np.ndarray]:
    """The quality of a codec whose rate comes nearest to `bpp`, that rate, and the decoded image."""
    best: tuple[object, float, np.ndarray] | None = None
    for quality in spec.qualities:
        codec = registry.load(name, quality, spec)
        if (reason := codec.skip()) is not None:
            raise errors.StudyError(f"codec {name}: {reason}")
        bitstream = codec.encode(rgb)
        rate = 8 * len(bitstream) / (rgb.shape[0] * rgb.shape[1])
        if best is None or abs(rate - bpp) < abs(best[1] - bpp):
            best = quality, rate, codec.decode(bitstream)
    if best is None:
        raise errors.StudyError(f"codec {name} has no qualities")
    return best


def draw(tiles: list[tuple[str, np.ndarray]], path: Path) -> None:
    """A sheet of titled images, two pixels for each of theirs, in a file of a format of Pillow's; WebP is lossless."""
    from PIL import Image, ImageDraw, ImageFont

    margin, head, scale = 12, 26, 2
    rows = -(-len(tiles) // COLUMNS)
    size = (COLUMNS * (scale * SIDE + margin) + margin, rows * (scale * SIDE + head + margin) + margin)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for number, (title, rgb) in enumerate(tiles):
        row, column = divmod(number, COLUMNS)
        x, y = margin + column * (scale * SIDE + margin), margin + row * (scale * SIDE + head + margin)
        pen.text((x, y), title, "black", ImageFont.load_default(17))
        sheet.paste(Image.fromarray(rgb).resize((scale * SIDE, scale * SIDE), Image.Resampling.NEAREST), (x, y + head))
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"lossless": True} if path.suffix == ".webp" else {}
    sheet.save(path, **options)


if __name__ == "__main__":
    errors.guarded(main)
