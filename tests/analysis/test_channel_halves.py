"""Which edits zero half of the channels, and how far apart the halves are."""

from __future__ import annotations

import pytest

from study.analysis import channel_halves
from study.analysis.channel_halves import Half
from study.core import paths, readers
from study.latents import edits

GROUPS = readers.read_yaml(paths.CATALOGUE / "edits.yaml")


def test_every_edit_of_the_catalogues_halves_is_one() -> None:
    named = edits.all_parsed({**GROUPS["report2021"], **GROUPS["channel-halves"]})
    cells = edits.expanded(named, ["keep"], {"y": 8, "z": 4})
    halves = {cell.name: half for cell in cells if (half := channel_halves.half_of(cell.steps))}
    assert len(halves) == 3 + 3 + 3 * 5
    assert halves["channels-middle-half~keep"] == Half("own", None, "middle")
    assert halves["energy-second-half~keep"] == Half("energy", None, "second")
    assert halves["random-first-half~4~keep"] == Half("random", 4, "first")


@pytest.mark.parametrize(
    "step",
    [
        {"select": {"channels": {"from": 0.0, "to": 0.5}}, "op": "negate"},
        {"select": {"channels": {"from": 0.0, "to": 0.4}}, "op": "zero"},
        {"select": {"channels": {"from": 0.0, "to": 0.5}, "rows": [0]}, "op": "zero"},
        {"select": {"channels": {"from": 0.0, "to": 0.5}}, "op": "zero", "site": "z"},
        {"select": {"channels": [0, 1]}, "op": "zero"},
    ],
)
def test_other_edits_are_none(step: dict) -> None:
    assert channel_halves.half_of(edits.parsed(step).steps) is None


def _row(order: dict | None, half: tuple[float, float], psnr: float | None) -> dict:
    select = {"channels": {"from": half[0], "to": half[1]}} | ({"order": order} if order else {})
    steps = edits.as_text(edits.parsed({"select": select, "op": "zero"}).steps)
    key = {"image_set": "s", "image": "a", "codec": "c", "quality": "3", "side_information": "keep", "reason": None}
    return {**key, "edit": "e", "steps": steps, "psnr_rgb": psnr}


def test_halves_are_paired_within_an_order() -> None:
    own = [{**_row(None, (0, 0.5), 30.0), "edit": "none", "steps": ""}]
    own += [_row(None, (0.0, 0.5), 10.0), _row(None, (0.5, 1.0), 25.0)]
    for seed, (first, second) in {1: (20.0, 21.0), 2: (18.0, 24.0), 3: (19.0, None)}.items():
        order = {"by": "random", "seed": seed}
        own += [_row(order, (0.0, 0.5), first), _row(order, (0.5, 1.0), second)]
    rows = channel_halves.rows(own, ["psnr_rgb"])
    assert len(rows) == 8 and {row["baseline"] for row in rows} == {30.0}
    assert channel_halves.differences(rows, "keep", "psnr_rgb") == {"own": [15.0], "random": [1.0, 6.0]}
    assert channel_halves.differences(rows, "recompute", "psnr_rgb") == {}
