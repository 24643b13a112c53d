"""Image sets: from folders, packages and URLs, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from image_files import deep, png, saved, text
from server import Answer, Server
from study.core import paths, readers
from study.core.errors import ImageError, StudyError
from study.images import png as images_png
from study.images import sets
from study.images.http import Patience
from waiting import LONGEST_S

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = yaml.safe_load((ROOT / "catalogue" / "images.yaml").read_text(encoding="utf-8"))
RGB = np.random.default_rng(1).integers(0, 256, (19, 23, 3), np.uint8)
GREY = RGB[..., 0]
MIRROR = os.environ.get("STUDY_MIRROR")


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    """No test sees the user's mirror or cache."""
    monkeypatch.delenv("STUDY_MIRROR", raising=False)
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache of the test"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def make(entry, out, name="mine", **options):
    messages = []
    rows = sets.make(name, entry, out / "images.csv", tell=messages.append, **options)
    return rows, messages


def folder_of(folder, **content):
    folder.mkdir(exist_ok=True)
    for name, data in content.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return {"folder": str(folder)}


def test_default_photos(tmp_path):
    photos = CATALOGUE["photos"]
    assert sets.kind(photos) == "package" and sets.sources(photos) == []
    rows, _ = make(photos, tmp_path, "photos")
    assert [row["image"] for row in rows] == sets.names(photos)
    assert readers.read_rows(tmp_path / "images.csv") == [
        {key: str(value) for key, value in row.items()} for row in rows
    ]
    assert [(row["image"], row["width"], row["height"], row["was_jpeg"]) for row in rows] == [
        ("astronaut", 512, 512, "unknown"),
        ("coffee", 600, 400, "unknown"),
        ("chelsea", 451, 300, "yes"),
        ("rocket", 640, 427, "yes"),
        ("grace_hopper", 512, 600, "yes"),
    ]
    for row in rows:
        assert row["licence"] and row["credit"]
        assert row["sha256"] == readers.sha256(tmp_path / row["file"])
        module, _, path = row["source"].partition("/")
        original = Path(__import__(module).__file__).with_name(path.split("/")[0]).joinpath(*path.split("/")[1:])
        assert np.array_equal(images_png.read(tmp_path / row["file"]), np.asarray(Image.open(original)))


def test_photos_that_were_reduced_after_jpeg(tmp_path):
    rows, _ = make(CATALOGUE["photos-8"], tmp_path, "photos-8")
    assert {row["image"]: (row["width"], row["height"], row["was_jpeg"], row["reduce"]) for row in rows} == {
        "astronaut": (512, 512, "unknown", 1),
        "coffee": (600, 400, "unknown", 1),
        "camera": (256, 256, "reduced", 2),
        "ihc": (256, 256, "reduced", 2),
        "rocket": (320, 213, "reduced", 2),
        "grace_hopper": (256, 300, "reduced", 2),
        "hubble": (500, 436, "reduced", 2),
        "retina": (470, 470, "reduced", 3),
    }
    with Image.open(Path(__import__("skimage").__file__).parent / "data/rocket.jpg") as source:
        expected = source.crop((0, 0, 640, 426)).resize((320, 213), Image.Resampling.LANCZOS)
    assert np.array_equal(images_png.read(tmp_path / "rocket.png"), np.asarray(expected))


def test_reduce_of_a_folder_and_an_image_that_is_too_small_for_it(tmp_path):
    entry = folder_of(tmp_path / "mine", a__png=saved(RGB)) | {"was_jpeg": False}
    rows, _ = make(entry | {"reduce": 2}, tmp_path / "out")
    assert [(row["width"], row["height"], row["was_jpeg"], row["reduce"]) for row in rows] == [(11, 9, "no", 2)]
    with pytest.raises(ImageError, match=r"a\.png: 23x19 can't be reduced 20-fold"):
        make(entry | {"reduce": 20}, tmp_path / "out")


def test_catalogue_is_complete():
    for name, entry in CATALOGUE.items():
        spec = sets.resolved(entry, CATALOGUE)
        assert entry["description"]
        assert json.loads(json.dumps(spec)) == spec == sets.resolved(spec), name
        for source in spec.get("images", {}).values():
            assert len(source["sha256"]) == 64 and source["licence"] and source["credit"]
            assert source["was_jpeg"] in (True, False, "unknown")
    kodak = sets.resolved(CATALOGUE["kodak"])["images"]
    assert list(kodak) == [f"kodim{number:02}" for number in range(1, 25)]
    assert kodak["kodim07"]["url"] == "https://r0k.us/graphics/kodak/kodak/kodim07.png"
    assert sets.names(CATALOGUE["kodak-4"], CATALOGUE) == ["kodim01", "kodim02", "kodim03", "kodim04"]
    assert sets.kind(CATALOGUE["kodak-4"], CATALOGUE) == "url"


@pytest.mark.skipif(not MIRROR, reason="the environment variable STUDY_MIRROR names no mirror")
@pytest.mark.parametrize("name", ["kodak-4", "stmalo"])
def test_sets_from_the_mirror(tmp_path, name):
    rows, _ = make(CATALOGUE[name], tmp_path, name, catalogue=CATALOGUE, mirror=MIRROR)
    for row in rows:
        candidates = [Path(MIRROR, "kodak", row["file"]), Path(MIRROR, row["file"])]
        original = next(path for path in candidates if path.exists())
        assert np.array_equal(images_png.read(tmp_path / row["file"]), np.asarray(Image.open(original))[..., :3])


def test_folder(tmp_path):
    entry = folder_of(
        tmp_path / "mine", b__png=saved(RGB), a__JPG=saved(RGB, "JPEG"), c__tif=saved(GREY, "TIFF"), __DS_Store=b"x"
    )
    assert sets.names(entry) == ["a", "b", "c"]
    assert sets.sources(entry) == [str(tmp_path / "mine" / name) for name in ("a.JPG", "b.png", "c.tif")]
    rows, _ = make(entry | {"licence": "mine", "was_jpeg": "unknown"}, tmp_path / "out", generation=3)
    assert [row["was_jpeg"] for row in rows] == ["yes", "unknown", "unknown"]
    assert {row["generation"] for row in rows} == {3} and {row["licence"] for row in rows} == {"mine"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png", "c.png", "images.csv"]


def test_relative_folder_is_relative_to_the_working_folder_or_the_repository(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    folder_of(tmp_path / "mine", b__png=saved(RGB))
    assert sets.names({"folder": "mine"}) == ["b"]
    monkeypatch.chdir(tmp_path)
    assert sets.sources({"folder": "mine"}) == ["mine/b.png"]
    monkeypatch.chdir(tmp_path / "mine")
    assert sets.sources({"folder": "mine"}) == ["b.png"]
    assert make({"folder": "mine"}, tmp_path / "out")[0][0]["source"] == "mine/b.png"
    folder_of(tmp_path / "mine" / "mine", c__png=saved(RGB))
    assert sets.names({"folder": "mine"}) == ["c"]


def test_pattern_and_selection(tmp_path):
    entry = folder_of(tmp_path / "mine", a__png=saved(RGB), b__png=saved(GREY), a__jpg=b"x", README__txt=b"x")
    png_files = entry | {"files": "*.png"}
    assert sets.names(png_files) == ["a", "b"]
    catalogue = {"mine": png_files}
    part = {"of": "mine", "only": ["b"]}
    assert sets.names(part, catalogue) == ["b"]
    assert sets.sources(part, catalogue) == [str(tmp_path / "mine" / "b.png")]
    spec = json.loads(json.dumps(sets.resolved(part, catalogue)))
    assert sets.names(spec) == ["b"] and sets.resolved(spec) == spec
    assert [row["image"] for row in make(spec, tmp_path / "out")[0]] == ["b"]


def test_named_images_are_left_out(tmp_path):
    entry = folder_of(tmp_path / "mine", a__png=saved(RGB), b__png=saved(RGB)[:-40], c__webp=saved(RGB, "WEBP"))
    with pytest.raises(ImageError, match=r"(?s)b\.png: .*leave them out: `skip: \[name, …\]`"):
        make(entry, tmp_path / "out")
    rows, messages = make(entry | {"skip": ["b"]}, tmp_path / "out")
    assert [row["image"] for row in rows] == ["a", "c"]
    assert [row["note"] for row in rows] == ["", "WEBP has no check values: damage in the file can't be told"]
    assert len(messages) == 1
    catalogue = {"mine": entry, "part": {"of": "mine", "only": ["a", "b"], "skip": ["b"]}}
    assert sets.names({"of": "part"}, catalogue) == ["a"]
    assert sets.names({"of": "mine", "skip": ["c"]}, catalogue) == ["a", "b"]
    for skip, message in ((["d"], "no image 'd'"), (["a", "b", "c"], "leaves no image")):
        with pytest.raises(StudyError, match=message):
            sets.names(entry | {"skip": skip})
    listed = {"url": "http://x/{image}", "images": {"a": HASH, "b": HASH}, "skip": ["a"]}
    assert sets.names(listed) == ["b"]


def test_a_huge_source_is_refused_before_it_is_read(tmp_path):
    entry = folder_of(tmp_path / "mine", a__png=b"")
    with (tmp_path / "mine" / "a.png").open("wb") as file:
        file.truncate(20 * 2**30)  # a hole: no byte of it is on the disk
    with pytest.raises(ImageError, match="21,474,836,480 bytes; the largest file taken has"):
        make(entry, tmp_path / "out")


def test_parts_of_parts_know_their_mirror_folders(tmp_path):
    folder_of(tmp_path / "mirror")
    folder_of(tmp_path / "mirror" / "all", a__png=saved(RGB))
    sha256 = hashlib.sha256(saved(RGB)).hexdigest()
    catalogue = {
        "all": {"url": "https://example.invalid/{image}.png", "images": {"a": sha256, "b": sha256}},
        "some": {"of": "all", "only": ["a"]},
    }
    spec = sets.resolved({"of": "some", "only": ["a"]}, catalogue)
    assert spec == sets.resolved(spec)
    rows, messages = make(spec, tmp_path / "out", "some@1", mirror=tmp_path / "mirror")
    assert [row["source"] for row in rows] == ["https://example.invalid/a.png"] and messages == []


def test_all_refusals_of_a_set_are_reported_together(tmp_path):
    entry = folder_of(
        tmp_path / "mine",
        good__png=saved(RGB),
        deep__png=deep(2, 3),
        clear__png=saved(RGB[..., :1].repeat(4, axis=2)),
        ink__jpg=saved(RGB, "JPEG", "CMYK"),
        cut__png=saved(RGB)[:-40],
        bomb__png=png(60_000, 60_000, 8, 2, b""),
        text__png=png(1, 1, 8, 0, b"\0\0", text(b"\0" * 2**22)),
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "images.csv").write_text("an old record")
    with pytest.raises(ImageError) as caught:
        make(entry, tmp_path / "out")
    lines = str(caught.value).splitlines()
    assert lines[0] == "image set mine: 6 of 7 images are refused:"
    for line, (name, reason) in zip(
        lines[1:-1],
        [
            ("bomb.png", "pixels"),
            ("clear.png", "transparent"),
            ("cut.png", "damaged"),
            ("deep.png", "16 bits"),
            ("ink.jpg", "CMYK"),
            ("text.png", "too large"),
        ],
        strict=True,
    ):
        assert line.startswith(f"  {name}: ") and reason in line
    assert not (tmp_path / "out" / "images.csv").exists()


ODD_NAMES = [
    "a b.png",
    "it's.png",
    'say"so.png',
    "line\nbreak.png",
    "-rf.png",
    "$(touch x).png",
    "é.png",
    "a;b.png",
    "{x}.png",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_refused(tmp_path, name):
    entry = folder_of(tmp_path / "mine", ok__png=saved(RGB))
    (tmp_path / "mine" / name).write_bytes(saved(RGB))
    with pytest.raises(StudyError) as caught:
        sets.names(entry)
    assert "rename" in str(caught.value) and "\n" not in str(caught.value)


def test_odd_folder_is_handled(tmp_path):
    entry = folder_of(tmp_path / 'it\'s a "folder"\nof mine', ok__png=saved(RGB))
    assert sets.names(entry) == ["ok"]
    out, spec = tmp_path / "out", tmp_path / "spec.json"
    spec.write_text(json.dumps(entry))
    done = script("--set", "mine", "--spec", str(spec), "--out", str(out / "images.csv"))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["images.csv", "ok.png"]
    assert [row["source"] for row in readers.read_rows(out / "images.csv")] == [f"{entry['folder']}/ok.png"]


FOLDERS = {
    "missing": (lambda folder: folder.rmdir(), "No such file or directory"),
    "a file": (lambda folder: (folder.rmdir(), folder.write_text("")), "Not a directory"),
    "empty": (lambda folder: None, "has no image file"),
    "hidden files only": (lambda folder: (folder / ".a.png").write_text(""), "has no image file"),
    "another file": (
        lambda folder: (folder / "notes.txt").write_text(""),
        r"no image file: notes.txt; .*files: '\*.png'",
    ),
    "a subfolder": (lambda folder: (folder / "more.png").mkdir(), "no image file: more.png"),
    "a pipe": (lambda folder: os.mkfifo(folder / "p.png"), "no image file: p.png"),
    "a dangling link": (lambda folder: (folder / "l.png").symlink_to("nowhere"), "no image file: l.png"),
    "twins": (lambda folder: [(folder / f).write_text("") for f in ("a.png", "a.jpg")], "a.jpg and a.png would be one"),
    "twins but for case": (lambda folder: [(folder / f).write_text("") for f in ("a.png", "A.png")], "would be one"),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_unfit_folders(tmp_path, case):
    prepare, message = FOLDERS[case]
    (tmp_path / "mine").mkdir()
    prepare(tmp_path / "mine")
    for function in (sets.names, sets.sources):
        with pytest.raises(StudyError, match=message):
            function({"folder": str(tmp_path / "mine")})


HASH = "0" * 64
ENTRIES = {
    "nothing": ({}, "needs `images`, `folder` or `of`, one of them; found none"),
    "two forms": ({"folder": "x", "of": "y"}, "found of and folder"),
    "unknown set": ({"of": "kodac", "only": ["kodim01"]}, "did you mean 'kodak'"),
    "unknown image": ({"of": "kodak", "only": ["kodim25"]}, "did you mean 'kodim2"),
    "no image": ({"of": "kodak", "only": []}, "at least one"),
    "twice": ({"of": "kodak", "only": ["kodim01", "kodim01"]}, "each once"),
    "part of itself": ({"of": "loop"}, "'loop' is unknown"),
    "no source": ({"images": {"a": HASH}}, "needs a `url` or a `package`"),
    "two sources": ({"images": {"a": {"url": "http://x/a", "package": "p/a", "sha256": HASH}}}, "one of them"),
    "no hash": ({"images": {"a": {"package": "skimage/data/coffee.png"}}}, "needs the `sha256`"),
    "climbing name": ({"url": "http://x/{image}", "images": {"../a": HASH}}, "'../a' is no name for an image"),
    "option as name": ({"url": "http://x/{image}", "images": {"-a": HASH}}, "'-a' is no name"),
    "hidden name": ({"url": "http://x/{image}", "images": {".a": HASH}}, "is no name"),
    "endless name": ({"url": "http://x/{image}", "images": {"a" * 101: HASH}}, "at most 100"),
}


@pytest.mark.parametrize("case", ENTRIES)
def test_unfit_entries(case):
    entry, message = ENTRIES[case]
    with pytest.raises(StudyError) as caught:
        sets.names(entry, CATALOGUE | {"loop": {"of": "loop"}})
    assert message in str(caught.value)


PACKAGES = {
    "no_such_package/a.png": "no Python package 'no_such_package'",
    "os.path/a.png": "no Python package 'os.path'",
    "zlib/a.png": "no Python package 'zlib'",
    "skimage/data/none.png": "has no such file",
    "skimage/../numpy/version.py": "has no such file",
    "skimage//etc/passwd": "has no such file",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_unfit_packages(tmp_path, package):
    with pytest.raises(StudyError, match=PACKAGES[package]):
        make({"images": {"a": {"package": package, "sha256": HASH}}}, tmp_path)


def test_package_file_of_another_version(tmp_path):
    entry = {"images": {"a": {"package": "skimage/data/coffee.png", "sha256": HASH}}}
    with pytest.raises(ImageError, match=r"coffee\.png: it has sha256 cc02f8.*, not 0000"):
        make(entry, tmp_path)


def test_false_word_on_jpeg(tmp_path):
    entry = folder_of(tmp_path / "mine", a__jpg=saved(RGB, "JPEG")) | {"was_jpeg": False}
    with pytest.raises(ImageError, match=r"a\.jpg: it is a JPEG file, and its entry says"):
        make(entry, tmp_path / "out")


@pytest.mark.parametrize("name", ["../up", "/abs", "-x", "", "a/b", "a\nb"])
def test_unfit_set_ids(tmp_path, name):
    with pytest.raises(StudyError, match="not fit for a folder"):
        make(CATALOGUE["photos"], tmp_path, name)


@pytest.fixture
def server():
    with Server() as running:
        yield running


HASTY = Patience(tries=2, wait=0.001, stall=LONGEST_S)


def test_set_from_urls(tmp_path, server):
    server.files = {"/a.png": saved(RGB), "/b.png": saved(GREY)}
    server.plan["/a.png"] = [Answer(status=503), Answer(after=100)]
    entry = {
        "url": server.url("/{image}.png"),
        "licence": "free",
        "images": {"a": hashlib.sha256(saved(RGB)).hexdigest(), "b": {"licence": "other"}},
    }
    rows, messages = make(entry, tmp_path, patience=Patience(tries=3, wait=0.001, stall=LONGEST_S))
    assert [(row["image"], row["licence"], row["was_jpeg"]) for row in rows] == [
        ("a", "free", "unknown"),
        ("b", "other", "unknown"),
    ]
    assert np.array_equal(images_png.read(tmp_path / "a.png"), RGB)
    assert any(hashlib.sha256(saved(GREY)).hexdigest() in line and "has no sha256" in line for line in messages)
    requests = len(server.requests)
    make(entry, tmp_path / "again", patience=HASTY)
    assert len(server.requests) == requests


def test_failed_download_names_the_rest_of_the_set(tmp_path, server):
    server.files = {"/a.png": saved(RGB)}
    sha256 = hashlib.sha256(saved(RGB)).hexdigest()
    entry = {"url": server.url("/{image}.png"), "images": {"a": sha256, "b": HASH, "c": HASH}}
    with pytest.raises(StudyError) as caught:
        make(entry, tmp_path / "out", "web", patience=HASTY)
    message = str(caught.value)
    assert message.startswith(f"image set web: can't download {server.url('/b.png')}: HTTP 404")
    assert f"not tried yet:\n  {server.url('/c.png')}\n" in message
    assert "put it at web/b.png" in message.splitlines()[-1], "what to do comes last"
    assert not (tmp_path / "out" / "images.csv").exists()


def script(*arguments, **variables):
    command = [sys.executable, str(ROOT / "scripts" / "fetch_images.py"), *arguments]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, cwd=ROOT, timeout=600)


def test_script_by_catalogue(tmp_path):
    done = script("--set", "photos", "--out", str(tmp_path / "images.csv"))
    assert done.returncode == 0, done.stderr
    assert len(readers.read_rows(tmp_path / "images.csv")) == 5
    assert "rocket.jpg: its ICC profile" in done.stderr
    done = script("--set", "photo", "--out", str(tmp_path / "other.csv"))
    assert done.returncode == 1
    message = "error: image set 'photo' is unknown; did you mean 'photos'? allowed: photos, photos-8, kodak"
    assert done.stderr.startswith(message)


def test_same_pixels_give_the_same_file(tmp_path):
    for number, data in enumerate([saved(RGB), saved(RGB, "TIFF"), saved(RGB, "BMP"), saved(RGB, mode="RGBA")]):
        entry = folder_of(tmp_path / f"in{number}", p__png=data)
        make(entry, tmp_path / f"out{number}")
    assert len({(tmp_path / f"out{number}" / "p.png").read_bytes() for number in range(4)}) == 1


def test_unwritable_output(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(StudyError, match=r"can't write .*out"):
        make(CATALOGUE["photos"], tmp_path / "out")


def test_listing_needs_neither_pillow_nor_numpy():
    code = (
        "import sys; from study.images import sets as imagesets\n"
        "imagesets.names({'url': 'http://x/{image}', 'images': {'a': '0' * 64}})\n"
        "print(sorted({'PIL', 'numpy', 'requests', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "scripts")}, capture_output=True)
    assert done.stdout == b"[]\n", done


def test_the_middle_of_each_image_of_another_set(tmp_path):
    entry = {"of": "photos", "only": ["coffee", "rocket"], "crop": 101}
    rows, _ = make(entry, tmp_path, "middles", catalogue=CATALOGUE)
    assert [(row["width"], row["height"]) for row in rows] == [(101, 101)] * 2
    assert all(row["note"].endswith("the 101x101 pixels in the middle") for row in rows)
    with Image.open(Path(__import__("skimage").__file__).parent / "data/coffee.png") as source:
        expected = np.asarray(source)[149:250, 249:350]
    assert np.array_equal(images_png.read(tmp_path / "coffee.png"), expected)


def test_a_crop_that_an_image_does_not_hold_is_refused(tmp_path):
    with pytest.raises(ImageError, match="has no 500x500 pixels; take a smaller `crop`"):
        make({"of": "photos", "only": ["coffee"], "crop": 500}, tmp_path, "large", catalogue=CATALOGUE)
