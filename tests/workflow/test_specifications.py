"""What a job is to do goes by a file: of any length, named by its content, written once."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from server import Server
from study.core import readers
from study.planning import specs
from tiny_study import Study, make_study

IMAGES = 5000
ARGUMENT = 128 * 1024  # the longest argument of a command that Linux takes


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    specs._written.cache_clear()
    yield tmp_path
    specs._written.cache_clear()


def test_content_names_a_file_and_nothing_is_written_twice(here: Path) -> None:
    path = here / specs.write("codecs/jpeg", {"backend": "jpeg"})
    assert json.loads(path.read_text()) == {"backend": "jpeg"}
    first = path.stat()
    specs._written.cache_clear()
    assert here / specs.write("codecs/jpeg", {"backend": "jpeg"}) == path
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    other = here / specs.write("codecs/jpeg", {"backend": "webp"})
    assert other != path and json.loads(path.read_text()) == {"backend": "jpeg"}
    assert sorted(file.name for file in path.parent.iterdir()) == sorted([path.name, other.name])


def with_urls(folder: Path, server: Server) -> Study:
    """A study of 5,000 images by URL, each with a licence and a credit, in one set that isn't cut."""
    study = make_study(folder)
    images = {}
    for number in range(IMAGES):
        file = io.BytesIO()
        Image.new("RGB", (8, 8), (number % 256, number // 256, 7)).save(file, "png")
        server.files[f"/{number:04}.png"] = file.getvalue()
        images[f"image-{number:04}"] = {
            "url": server.url(f"/{number:04}.png"),
            "sha256": hashlib.sha256(file.getvalue()).hexdigest(),
            "licence": "Creative Commons Attribution-ShareAlike 4.0 International",
            "credit": f"photographer number {number} of a long list of photographers",
        }
    study.config["define"]["images"]["many"] = {"images": images}
    study.config["images"] = ["many"]
    study.config["codecs"] = {"jpeg": [30]}
    del study.config["bd_rate"]
    return study


@pytest.mark.study
def test_an_image_set_of_5000_urls(tmp_path: Path) -> None:
    with Server() as server:
        study = with_urls(tmp_path / "repository", server)
        plan = study.plan()
        assert plan["download_images"] == 1 and plan["encode"] == 1
        (spec,) = (study.folder / "results/specs/images/many").glob("*.json")
        assert spec.stat().st_size > 5 * ARGUMENT
        record = "results/images/many/images.csv"
        done = study.run(record)
        assert done.status == 0, done.output
        rows = readers.read_rows(study.folder / record)
        assert len(rows) == IMAGES and all(
            (study.folder / record).with_name(row["file"]).exists() for row in rows[::97]
        )
        spec.touch()
        assert "Nothing to be done" in study.run("-n", record).output
        study.config["define"]["images"]["many"]["images"]["image-0000"]["credit"] = "another"
        assert study.run("-n", record).jobs == {"download_images": 1}
        assert spec.is_file()
