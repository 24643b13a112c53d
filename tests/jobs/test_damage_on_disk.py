"""A bitstream that changes on the disk costs its cell: the record's sha256 tells where a format has no check value."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from disk_damage import DAMAGE, decoded_after_damage
from study.codecs import registry
from study.codecs.base import Weights
from study.core import paths
from study.planning import entries
from thinned import one_of_a_kind

CATALOGUE = entries.codecs()
RGB = np.ascontiguousarray(skimage.data.astronaut()[20:68, 180:244])


def weights(name: str) -> Weights | None:
    """What a codec's weights are at the middle of its qualities, None for a codec without."""
    entry = CATALOGUE[name]
    kind = registry.backend(entry.backend, entry.settings)
    return kind.weights_source(entry.settings, entry.qualities[len(entry.qualities) // 2])


def chosen() -> list[str]:
    """The codecs without weights, and of those whose weights are at hand one for each kind of network."""
    at_hand = {name: source for name in CATALOGUE if (source := weights(name)) and source.path is not None}
    networks = {
        str(CATALOGUE[n].settings.get("model")): n for n in at_hand if paths.resolved(at_hand[n].path).is_file()
    }
    return [*(name for name in CATALOGUE if weights(name) is None), *networks.values()]


@pytest.mark.parametrize("name", one_of_a_kind(chosen(), lambda name: CATALOGUE[name].backend))
def test_damage_of_every_codecs_bitstream_costs_its_cell(name: str, tmp_path: Path) -> None:
    entry, source = CATALOGUE[name], weights(name)
    if "steps" in entry.settings:  # of a fit to the image
        entry = dataclasses.replace(entry, settings=entry.settings | {"steps": 20})
    file = paths.resolved(source.path) if source is not None and source.path else None
    codec = registry.load(name, entry.qualities[len(entry.qualities) // 2], entry, file)
    if reason := codec.skip():
        pytest.skip(reason)
    rows = decoded_after_damage(codec, RGB, tmp_path)
    assert rows["whole"]["status"] == "ok", rows["whole"]["reason"]
    for kind in DAMAGE:
        assert rows[kind]["status"] == "failed" and not rows[kind]["file"]
        expected = "can't read the bitstream" if kind == "gone" else "isn't the bitstream that was encoded"
        assert expected in rows[kind]["reason"]
