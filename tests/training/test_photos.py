"""The manifest of training photos: what it says, that training refuses others, and that test images are told."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from study.codecs.compressai import architectures
from study.core import atomic_io, paths, readers
from study.core.errors import StudyError
from study.figures import image_notes
from study.images import png, sets
from study.training import crops, loop, photos, validation

TOOL = paths.ROOT / "tools" / "photo_manifest.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photos of two sources, and their manifest, which holds one out."""
    made = tmp_path_factory.mktemp("taught")
    rng = np.random.default_rng(3)
    for name in ("one/a", "one/b", "two/c", "two/d"):
        path = made / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (80, 96, 3), np.uint8)).save(path)
    done = run(made, "--source", "one", "CC0", "somewhere", "--source", "two", "CC BY 4.0", "elsewhere")
    assert done.returncode == 0 and "4 photos, 1 of them held out" in done.stdout, done.stderr
    return made


def run(made: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, TOOL, "--folder", made / "photos", "--out", made / "manifest.csv", "--held-out", "1"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True)


def test_a_manifest_tells_name_hashes_licence_source_and_use(folder: Path) -> None:
    rows = photos.read(folder / "manifest.csv")
    assert [row.name for row in rows] == ["one/a.png", "one/b.png", "two/c.png", "two/d.png"]
    assert [row.licence for row in rows] == ["CC0", "CC0", "CC BY 4.0", "CC BY 4.0"] and rows[3].source == "elsewhere"
    (held,) = (row for row in rows if row.use == photos.VALIDATION)
    assert held.sha256 == min(row.sha256 for row in rows)
    first = folder / "photos" / "one" / "a.png"
    assert rows[0].sha256 == readers.sha256(first) and rows[0].pixels == png.digest(png.read(first))


def test_a_photo_without_licence_is_refused(folder: Path) -> None:
    done = run(folder, "--source", "one", "CC0", "somewhere")
    assert done.returncode == 1 and "two/c.png: no --source tells its licence" in done.stderr


def test_photos_held_out_are_packed_apart(folder: Path, tmp_path: Path) -> None:
    rows = photos.read(folder / "manifest.csv")
    assert crops.pack(folder / "photos", tmp_path / "train.npz", manifest=rows) == 3
    assert crops.pack(folder / "photos", tmp_path / "held.npz", manifest=rows, use=photos.VALIDATION) == 1
    packed = crops.packed_hashes(tmp_path / "train.npz")
    assert packed == {row.name: row.sha256 for row in rows if row.use == photos.TRAIN}
    assert len(crops.unpack(tmp_path / "train.npz")) == 3
    photos.check(packed, rows, [photos.TRAIN])
    gone, changed, _ = packed
    hashes = packed | {changed: "0", "x.png": "1"}
    del hashes[gone]
    with pytest.raises(StudyError, match=rf"1 missing \({gone}\); 1 changed \({changed}\); 1 not in .* \(x.png\)"):
        photos.check(hashes, rows, [photos.TRAIN])
    with pytest.raises(StudyError, match="1 held out of this use"):
        photos.check({row.name: row.sha256 for row in rows}, rows, [photos.TRAIN])


@pytest.mark.slow
def test_training_refuses_other_photos_than_the_manifests(folder: Path, tmp_path: Path) -> None:
    crops.pack(folder / "photos" / "one", tmp_path / "other.npz")
    command = [sys.executable, paths.SCRIPTS / "train.py", "--photos", tmp_path / "other.npz", "--manifest"]
    command += [folder / "manifest.csv", "--model", "b2018-gdn", "--metric", "mse", "--n", "4", "--m", "12"]
    command += ["--lam", "0.01", "--steps", "50", "--batch", "1", "--crop", "64", "--checkpoint", tmp_path / "c"]
    command += ["--log", tmp_path / "log.csv", "--out", tmp_path / "out.safetensors"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("error: the photos aren't those of the manifest: 3 missing")
    assert "Traceback" not in done.stderr and not (tmp_path / "out.safetensors").exists()


def test_a_pack_without_hashes_is_to_be_packed_again(tmp_path: Path) -> None:
    np.savez(tmp_path / "old.npz", **{"a.png": np.zeros((64, 64, 3), np.uint8)})
    with pytest.raises(StudyError, match="pack them again"):
        crops.packed_hashes(tmp_path / "old.npz")


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "", "name,sha256,pixels,licence,source,use\nx,1,2,l,s,test\n"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.csv").write_text(content)
    with pytest.raises(StudyError, match=r"is no manifest|the use of x is 'test'"):
        photos.read(tmp_path / "m.csv")


def test_test_images_that_were_trained_on_are_told(folder: Path, tmp_path: Path) -> None:
    """Also in another file format, and before they are reduced."""
    (tmp_path / "images").mkdir()
    taught = png.read(folder / "photos" / "one" / "a.png")
    Image.fromarray(taught).save(tmp_path / "images" / "taught.bmp")
    Image.fromarray(np.ascontiguousarray(taught[::-1])).save(tmp_path / "images" / "turned.png")
    messages: list[str] = []
    seen = photos.seen(folder / "manifest.csv")
    for entry in ({"folder": str(tmp_path / "images")}, {"folder": str(tmp_path / "images"), "reduce": 2}):
        rows = sets.make("s", entry, tmp_path / "out" / "images.csv", trained_on=seen, tell=messages.append)
        assert {row["image"]: row["trained_on"] for row in rows} == {"taught": "yes", "turned": "no"}
    assert image_notes.of([tmp_path / "out" / "images.csv"])[0] == (
        "The bundled codecs were trained on these, so they are no test of them: taught."
    )
    assert "trained on" not in " ".join(image_notes.of([tmp_path / "out" / "images.csv"], {"turned"}))
    assert len([text for text in messages if "taught is a photo that the bundled codecs were trained on" in text]) == 2


def test_the_manifest_of_the_bundled_codecs() -> None:
    rows = photos.read(photos.MANIFEST)
    assert len(rows) == len({row.name for row in rows}) == len({row.pixels for row in rows}) == 235
    assert sum("clic2025/validation" in row.source for row in rows) == 25
    assert sum(row.use == photos.VALIDATION for row in rows) == 24
    assert all(len(row.sha256) == len(row.pixels) == 64 and row.licence and row.source for row in rows)
    assert not any("kodim" in row.name for row in rows)


def test_no_image_of_the_catalogue_was_trained_on() -> None:
    taught = {row.sha256 for row in photos.read(photos.MANIFEST)}
    catalogue = readers.read_yaml(paths.CATALOGUE / "images.yaml")
    known = [image["sha256"] for entry in catalogue.values() for image in (entry.get("images") or {}).values()
             if isinstance(image, dict) and "sha256" in image]  # fmt: skip
    assert len(known) > 10 and not taught & set(known)


@pytest.mark.slow
def test_a_validated_training_tells_its_loss_on_held_out_photos(folder: Path, tmp_path: Path) -> None:
    from safetensors import safe_open

    rows = photos.read(folder / "manifest.csv")
    crops.pack(folder / "photos", tmp_path / "train.npz", manifest=rows)
    crops.pack(folder / "photos", tmp_path / "held.npz", manifest=rows, use=photos.VALIDATION)
    command = [sys.executable, paths.SCRIPTS / "train.py", "--photos", tmp_path / "train.npz", "--manifest"]
    command += [
        folder / "manifest.csv",
        "--validation",
        tmp_path / "held.npz",
        "--model",
        "b2018-gdn",
        "--metric",
        "mse",
    ]
    command += ["--n", "4", "--m", "12", "--lam", "0.01", "--steps", "2", "--batch", "1", "--crop", "64"]
    command += ["--checkpoint", tmp_path / "c", "--log", tmp_path / "log.csv", "--out", tmp_path / "1.safetensors"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "validation loss" in done.stdout, done.stderr
    with safe_open(tmp_path / "1.safetensors", "pt") as file:
        said = file.metadata()
    assert said is not None and readers.sha256(folder / "manifest.csv") in str(said)
    assert "validation_loss" in str(said)


@pytest.mark.slow
def test_photos_for_validation_are_refused_before_a_training_that_holds_some_out_by_itself(tmp_path: Path) -> None:
    command = [sys.executable, paths.SCRIPTS / "train.py", "--photos", tmp_path / "none.npz", "--validation"]
    command += [tmp_path / "none.npz", "--model", "hific", "--metric", "perceptual", "--n", "4", "--m", "12"]
    command += ["--lam", "0.01", "--steps", "2", "--checkpoint", tmp_path / "c", "--log", tmp_path / "log.csv"]
    done = subprocess.run([*command, "--out", tmp_path / "1.safetensors"], capture_output=True, text=True)
    assert done.returncode == 1 and "leave --validation out" in done.stderr, done.stderr


def test_validation_takes_the_middle_of_photos_that_are_larger_than_crops(tmp_path: Path) -> None:
    recipe = loop.Recipe("b2018-gdn", "mse", 4, 12, None, 0.01, steps=2, crop=64)
    photo = np.random.default_rng(0).integers(0, 256, (700, 150, 3), np.uint8)
    np.savez(tmp_path / "held.npz", one=photo)
    (middle,) = validation.photos(recipe, tmp_path / "held.npz")
    assert (middle == photo[94:606, 11:139]).all()
    net = architectures.build("b2018-gdn", 4, 12)
    notes = {name: float(value) for name, value in validation.notes(net, recipe, [middle]).items()}
    loss = notes["validation_bpp"] + 0.01 * notes["validation_distortion"]
    assert notes["validation_loss"] == pytest.approx(loss, rel=1e-3) and notes == {
        name: float(value) for name, value in validation.notes(net, recipe, [middle, middle]).items()
    }
    with pytest.raises(StudyError, match="150x700 pixels; allowed: at least 192 a side"):
        validation.photos(dataclasses.replace(recipe, metric="msssim", crop=192), tmp_path / "held.npz")


def test_a_table_without_rows_is_no_manifest(tmp_path: Path) -> None:
    atomic_io.write_rows(tmp_path / "m.csv", photos.COLUMNS, [])
    with pytest.raises(StudyError, match="is no manifest"):
        photos.read(tmp_path / "m.csv")
