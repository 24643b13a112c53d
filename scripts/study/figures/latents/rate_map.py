"""Where an image's bits go: the bits of its latents as a map over the image, beside the image itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image, ImageFilter

from study.figures import canvas, tiles

COLOURS = "inferno"

_GAP, _WORDS, _TALLEST = 0.1, 0.14, 3.4


def on_pixels(bits: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bits [channel, row, column] as bits per pixel on an image of `size` (H, W), summed over the channels.

    An element's bits are spread evenly over its square, whose side is the least power of 2 with which the grid covers
    the image; the image lies in the middle of the grid, as a codec pads it.
    """
    plane = bits.sum(0, dtype=np.float64)
    stride = 2 ** max(math.ceil(math.log2(side / count)) for side, count in zip(size, plane.shape))
    spread = np.kron(plane, np.ones((stride, stride))) / stride**2
    before = [max(0, (have - side) // 2) for have, side in zip(spread.shape, size)]
    return spread[before[0] : before[0] + size[0], before[1] : before[1] + size[1]]


def figure(image: np.ndarray, maps: Mapping[str, np.ndarray], title: str, notes: Sequence[str]) -> Figure:
    """The image uint8 [H, W, 3] and a map [H, W] in bits per pixel for each latent, with a colour bar of its own.

    The image's fine detail shows through a map: light or dark lines over colours that are those of the scale.
    """
    shape = image.shape[1] / image.shape[0]
    across = 1 + len(maps)
    room = canvas.width() - 2 * canvas.MARGIN
    width = (room - (across - 1) * _GAP) / across
    height = min(width / shape, _TALLEST)
    width = min(width, height * shape)
    with canvas.looks():
        text = canvas.note_lines(notes)
        heads = ["image", *(f"bits of {name}: {np.mean(values):.3g} bpp" for name, values in maps.items())]
        worded = [canvas.wrapped(head, width, canvas.TEXT) for head in heads]
        words = _WORDS + canvas.LINE * (max(map(len, worded)) - 1)
        whole = 2 * canvas.MARGIN + canvas.title_height(title) + 0.06 + words + height + 0.05 + tiles.bar_height()
        layout = canvas.start(whole + canvas.LINE * len(text), title)
        layout.y -= 0.06
        top = layout.y - words
        for column, head in enumerate(worded):
            x = canvas.MARGIN + column * (width + _GAP)
            for number, line in enumerate(head):
                canvas.text(layout, x, layout.y - canvas.LINE * number, line)
            if column == 0:
                tiles.image(layout, image, x, top, width, height)
                continue
            values = maps[list(maps)[column - 1]]
            norm = Normalize(0, float(max(np.percentile(values, 99.9), 1e-9)))
            box = tiles.plane(layout, values, norm, COLOURS, (x, top, width, height))
            detail = _detail(tiles.reduced(image, width, height))
            box.imshow(detail, aspect="auto", extent=box.images[0].get_extent())
            tiles.bar(layout, norm, COLOURS, (x + 0.15, top - height - 0.05, width - 0.3), "bits per pixel")
        layout.y = top - height - 0.05 - tiles.bar_height()
        canvas.notes(layout, text)
        return layout.figure


def _detail(image: np.ndarray) -> np.ndarray:
    """What differs in lightness from its surroundings, as white and black of some opacity: RGBA uint8 [H, W, 4]."""
    grey = Image.fromarray(image).convert("L")
    around = grey.filter(ImageFilter.GaussianBlur(max(2.0, image.shape[1] / 60)))
    by = np.asarray(grey, np.float64) - np.asarray(around, np.float64)
    colour = np.where(by[..., None] > 0, 255, 0).repeat(3, axis=2)
    return np.dstack([colour, np.clip(np.abs(by) * 1.3, 0, 65)]).astype(np.uint8)
