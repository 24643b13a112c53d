"""Colours, lines and markers: every codec of a study differs, for every kind of sight."""

import dataclasses
import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from study.core.errors import StudyError
from study.figures import palette
from study.metrics import registry
from vision import VISIONS


def looks(*codecs):
    return palette.styles([{"codec": codec, "label": codec, "family": family} for codec, family in codecs])


def test_codecs_of_a_study_differ(large):
    styles = list(large.codecs.values())
    assert len({(look.colour, str(look.line), look.marker, look.filled) for look in styles}) == len(styles)
    assert len({(look.colour, look.marker, look.filled) for look in styles}) == len(styles)
    for one, other in itertools.combinations(styles, 2):
        if one.family == other.family:
            assert one.colour == other.colour and one.line != other.line


def test_looks_are_the_same_in_every_study():
    one = looks(("jpeg", "JPEG"), ("webp", "WebP"), ("new", "Our codec"))
    other = looks(("new", "Our codec"), ("webp", "WebP"), ("avif", "AVIF"), ("jpeg", "JPEG"), ("jpeg-444", "JPEG"))
    for codec in one:
        assert one[codec] == other[codec]
    assert one["jpeg"].colour == "#000000"
    assert looks(("x", "hific"))["x"].colour == looks(("x", "HiFiC"))["x"].colour


def test_the_twins_for_mse_and_ms_ssim_are_told_apart_alike():
    styles = looks(("a-mse", "b2018"), ("a-msssim", "b2018"), ("b-msssim", "WebP"), ("b-mse", "WebP"))
    assert styles["a-mse"].line == styles["b-mse"].line == "-"
    assert styles["a-msssim"].line == styles["b-msssim"].line != "-"


def test_more_families_than_colours_still_differ():
    styles = looks(*((f"c{number}", f"family {number}") for number in range(2 * len(palette.FAMILIES))))
    assert len({(look.colour, look.marker, look.filled) for look in styles.values()}) == len(styles)
    assert sum(look.filled for look in styles.values()) == len(palette.FAMILIES)


def test_two_names_of_one_family_share_its_colour_only():
    styles = looks(("a", "scale hyperprior"), ("b", "bmshj2018-hyperprior"))
    assert styles["a"].colour == styles["b"].colour and styles["a"].marker != styles["b"].marker


def test_labels_are_made_unique_and_ids_must_be():
    rows = [{"codec": codec, "label": "same", "family": "f"} for codec in ("a", "b")]
    assert [look.label for look in palette.styles(rows).values()] == ["same (a)", "same (b)"]
    with pytest.raises(StudyError, match="'a' twice"):
        palette.styles([rows[0], rows[0]])


def test_colours_differ_for_every_kind_of_sight():
    """Distances in OKLab (Ottosson 2020)."""
    rgb = np.array([to_rgb(colour) for colour in palette.FAMILIES])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [[0.41222147, 0.53633254, 0.05144599], [0.2119035, 0.6806995, 0.10739696], [0.08830246, 0.28171884, 0.62997870]]
    )
    axes_of = np.array(
        [
            [0.21045426, 0.79361778, -0.00407205],
            [1.9779985, -2.42859221, 0.45059371],
            [0.0259040, 0.78277177, -0.80867577],
        ]
    )
    for sight, matrix in VISIONS.items():
        seen = np.cbrt(np.clip(linear @ np.transpose(matrix), 0, 1) @ cones.T) @ axes_of.T
        distances = [np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)]
        assert min(distances) > 0.09, sight
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (1.05 / (luminance + 0.05)).min() > 1.75, "too pale on white"


def test_an_axis_says_where_less_is_better(monkeypatch):
    entry = dataclasses.replace(registry.REGISTRY["vifp_sewar"], name="far", label="Far", variant="", unit="m")
    monkeypatch.setitem(registry.REGISTRY, "far", entry)
    assert palette.axis_label("far") == "Far (m)"
    monkeypatch.setitem(registry.REGISTRY, "far", dataclasses.replace(entry, higher_is_better=False))
    assert palette.axis_label("far") == "Far (m, less is better)"
