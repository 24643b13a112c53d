"""What a selection selects, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from study.core.errors import CodecError, StudyError
from study.latents.selection import Site, chosen, problems, strongest


def site(shape: tuple[int, int, int] = (4, 4, 6), size: tuple[int, int] = (64, 96)) -> Site:
    bits = np.arange(shape[0], dtype=np.float64)[::-1, None, None] * np.ones(shape)
    return Site(np.arange(shape[0], dtype=np.float32)[:, None, None] * np.ones(shape, np.float32), bits, size)


def test_spans_lists_and_their_intersection() -> None:
    assert chosen({}, site()).all()
    rows = chosen({"rows": {"from": 0.5, "to": 1.0}}, site())
    assert rows[:, 2:].all() and not rows[:, :2].any()
    assert np.array_equal(rows, chosen({"rows": {"from": 2}}, site()))
    assert np.array_equal(rows, chosen({"rows": [2, 3]}, site()))
    assert np.array_equal(rows, chosen({"rows": {"from": 0.5, "to": 1}}, site()))
    middle = chosen({"channels": {"from": 0.25, "to": 0.75}, "columns": {"to": 2}}, site())
    assert middle.sum() == 2 * 4 * 2 and middle[1:3, :, :2].all()
    assert np.array_equal(chosen({"rows": {"from": 0.5, "to": 1.0}, "invert": True}, site()), ~rows)


def test_the_strongest_channels() -> None:
    assert strongest(site(), "bits").tolist() == [0, 1, 2, 3]
    assert strongest(site(), "energy").tolist() == [3, 2, 1, 0]
    assert chosen({"top": {"k": 1}}, site())[0].all()
    assert chosen({"top": {"k": 0}}, site()).sum() == 0
    assert chosen({"top": {"k": 3, "by": "energy"}}, site()).any((1, 2)).tolist() == [False, True, True, True]
    with pytest.raises(CodecError, match="doesn't tell its bits"):
        chosen({"top": {"k": 1}}, Site(np.zeros((2, 2, 2), np.float32), None, (32, 32)))


def test_a_span_of_channels_counts_them_in_its_order() -> None:
    half = {"from": 0.0, "to": 0.5}

    def selected(**order: object) -> list[int]:
        return np.flatnonzero(chosen({"channels": half, "order": order}, site()).all((1, 2))).tolist()

    assert selected(by="energy") == [2, 3] and selected(by="bits") == [0, 1]
    taken = [selected(by="random", seed=seed) for seed in range(20)]
    assert all(len(channels) == 2 for channels in taken) and len({tuple(channels) for channels in taken}) > 3
    assert taken == [selected(by="random", seed=seed) for seed in range(20)]
    rest = chosen({"channels": {"from": 0.5, "to": 1.0}, "order": {"by": "random", "seed": 7}}, site())
    assert np.array_equal(rest, ~chosen({"channels": half, "order": {"by": "random", "seed": 7}}, site()))


def test_a_mask_of_the_image(tmp_path: Path) -> None:
    quarter = chosen({"mask": {"rectangle": [0, 0, 0.5, 0.5]}}, site())
    assert quarter[:, :2, :3].all() and quarter.sum() == 4 * 2 * 3
    drawn = np.zeros((64, 96), np.uint8)
    drawn[:32, :48] = 255
    Image.fromarray(drawn).save(tmp_path / "mask.png")
    assert np.array_equal(quarter, chosen({"mask": {"png": str(tmp_path / "mask.png")}}, site()))
    Image.fromarray(drawn[:, :64]).save(tmp_path / "square.png")
    with pytest.raises(CodecError, match="another shape"):
        chosen({"mask": {"png": str(tmp_path / "square.png")}}, site())
    with pytest.raises(StudyError, match="can't read"):
        chosen({"mask": {"png": str(tmp_path / "none.png")}}, site())


def test_a_mask_on_a_padded_grid() -> None:
    """An image of 60x90 lies in the middle of a grid of 64x96."""
    top = chosen({"mask": {"rectangle": [0, 0, 1, 0.5]}}, site(size=(60, 90)))
    assert top[:, :2].all() and not top[:, 2:].any()


def test_a_mask_of_an_image_that_is_mostly_padding() -> None:
    """An image of 33x90 lies in the middle of a grid of 64x128, whose rows 1 and 2 hold all of it but a pixel."""
    left = chosen({"mask": {"rectangle": [0, 0, 0.5, 1]}}, site((4, 4, 8), (33, 90)))
    assert left[:, 1:3, 2:4].all() and not left[:, :, 4:].any()


@pytest.mark.parametrize(
    "select,words",
    [
        ("rows", "a mapping"),
        ({"row": [1]}, "did you mean 'rows'"),
        ({"rows": {"from": 0.5, "to": 2.0}}, "fractions go from 0.0 to 1.0"),
        ({"rows": {"from": 0.5, "to": 7}}, "both ends must be fractions"),
        ({"rows": {"from": 5, "to": 5}}, "must be less"),
        ({"rows": {"from": -1}}, "allowed: a list of indexes"),
        ({"rows": {"until": 1}}, "allowed: a list of indexes"),
        ({"rows": []}, "allowed: a list of indexes"),
        ({"rows": [1, 1]}, "twice"),
        ({"rows": "each"}, "allowed: a list of indexes"),
        ({"channels": [4]}, "outside the axis"),
        ({"channels": {"from": 2, "to": 5}}, "beyond the axis"),
        ({"top": {"k": 5}}, "has 4 channels"),
        ({"top": 5}, "allowed: {k:"),
        ({"top": {"k": 1.5}}, "allowed: {k:"),
        ({"top": {"k": []}}, "allowed: {k:"),
        ({"top": {"k": 1, "by": "size"}}, "allowed: bits, energy"),
        ({"channels": {"to": 0.5}, "order": "energy"}, "allowed: {by: bits}"),
        ({"channels": {"to": 0.5}, "order": {"by": "size"}}, "allowed: bits, energy, random"),
        ({"channels": {"to": 0.5}, "order": {"by": "random"}}, "seed: a whole number"),
        ({"channels": {"to": 0.5}, "order": {"by": "energy", "seed": 1}}, "allowed: {by: bits}"),
        ({"channels": {"to": 0.5}, "order": {"by": "random", "seed": [1, 1]}}, "found [1, 1]"),
        ({"channels": [0], "order": {"by": "energy"}}, "it counts a span of channels"),
        ({"order": {"by": "energy"}}, "it counts a span of channels"),
        ({"mask": {"rectangle": [0, 0, 1]}}, "[left, top, right, bottom]"),
        ({"mask": {"rectangle": [0.5, 0, 0.5, 1]}}, "is empty"),
        ({"mask": {"circle": 1}}, "allowed: {rectangle:"),
        ({"invert": 1}, "true, false"),
    ],
)
def test_nonsense_is_told(select: object, words: str) -> None:
    assert words in " ".join(problems(select, 4))


def test_a_span_beyond_the_axis_is_refused_when_the_latent_is_there() -> None:
    with pytest.raises(CodecError, match="goes beyond the axis, which has 4"):
        chosen({"rows": {"from": 2, "to": 9}}, site())
    with pytest.raises(CodecError, match="selects nothing"):
        chosen({"rows": {"from": 0.0, "to": 0.1}}, site())
    with pytest.raises(CodecError, match="has 4 channels"):
        chosen({"top": {"k": 9}}, site())
