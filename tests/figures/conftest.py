"""The made-up studies that the figures are drawn from."""

import pytest
from PIL import Image

from figure_study import CLASSICAL, LEARNED, SIZES, FigureStudy
from study.core import atomic_io


@pytest.fixture(scope="session")
def small():
    return FigureStudy(CLASSICAL)


@pytest.fixture(scope="session")
def large():
    return FigureStudy(CLASSICAL + LEARNED)


@pytest.fixture(scope="session")
def folder(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    small.write(folder)
    for image, (width, height) in SIZES.items():
        Image.new("RGB", (width, height), "teal").save(folder / f"{image}.png")
    rows = [
        {"image": name, "file": f"{name}.png", "width": size[0], "height": size[1], "was_jpeg": "yes"}
        for name, size in SIZES.items()
    ]
    atomic_io.write_rows(folder / "images.csv", rows[0], rows)
    return folder
