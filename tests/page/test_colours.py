"""The page's colours on a dark ground."""

from __future__ import annotations

import itertools
import math

import numpy as np

from study.figures.palette import FAMILIES
from study.page import colours as page_colours
from vision import VISIONS, encoded, linear


def test_colours_for_a_dark_ground_differ_for_all_eyes_and_stand_out() -> None:
    assert list(page_colours.DARK) == list(FAMILIES)
    dark = page_colours.DARK.values()
    light = np.array([[linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5)] for colour in dark])
    for vision, matrix in VISIONS.items():
        seen = np.clip(light @ np.array(matrix).T, 0, 1)
        points = [
            page_colours.oklab("#" + "".join(f"{round(255 * encoded(part)):02x}" for part in one)) for one in seen
        ]
        least = min(math.dist(a, b) for a, b in itertools.combinations(points, 2))
        assert least > 0.07, (vision, least)
    weights = np.array([0.2126, 0.7152, 0.0722])
    ground = float(np.array([linear(part / 255) for part in (0x16, 0x18, 0x1D)]) @ weights)
    assert min((light @ weights + 0.05) / (ground + 0.05)) > 3


def test_oklab_of_known_colours() -> None:
    assert np.allclose(page_colours.oklab("#ffffff"), (1, 0, 0), atol=1e-4)
    assert np.allclose(page_colours.oklab("#ff0000"), (0.62796, 0.22486, 0.12585), atol=1e-4)
