"""The sheet of originals."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from figure_study import drawn, inside, overlap, words
from study.core.errors import StudyError
from study.figures import originals


@pytest.mark.parametrize("count", [1, 2, 4, 24, pytest.param(100, marks=pytest.mark.slow)])
def test_the_sheet_of_originals(count, tmp_path):
    shapes = itertools.cycle([(96, 64), (64, 96), (8, 512), (300, 20), (1, 1)])
    images = []
    for number, (width, height) in zip(range(count), shapes):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (width, height), "navy").save(path)
        row = {"image": f"image{number}" + "x" * 40 * (number == 3), "width": str(width), "height": str(height)}
        images.append((path, row | {"was_jpeg": "yes" if number == 0 else "no"}))
    figure = originals.figure(images, "photos")
    renderer = drawn(figure)
    assert len(figure.axes) == min(count, originals.MOST)
    assert ("The first 60 of 100 images." in words(figure)) == (count == 100)
    assert "96×64*" in words(figure) and "* was JPEG" in words(figure)
    boxes = [text.get_window_extent(renderer) for text in figure.texts] + [panel.bbox for panel in figure.axes]
    assert all(inside(box, figure.bbox) for box in boxes)
    for one, other in itertools.combinations(boxes, 2):
        assert not overlap(one, other)


@given(st.lists(st.floats(0.45, 2.6), min_size=1, max_size=80))
def test_images_keep_their_order_on_the_sheet(shapes):
    rows = originals.arrange(shapes, 6.9)
    assert [index for row in rows for index in row] == list(range(len(shapes))) and all(rows)


def test_an_unreadable_original_is_named(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(StudyError, match=r"broken\.png"):
        originals.figure([(path, {"image": "broken", "width": "9", "height": "9"})], "photos")
    with pytest.raises(StudyError, match="no images"):
        originals.figure([], "photos")
