"""FLIP's maps as images: the script, what they show, and images without one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from distortions import CROPS, DISTORTIONS
from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.images import png
from study.jobs import error_maps
from study.metrics import flip
from study.planning.cells import generation

ROOT = Path(__file__).resolve().parents[2]
needs_flip = pytest.mark.skipif(flip.skip() is not None, reason="`make perceptual` installs it")


def records(folder: Path) -> tuple[Path, Path]:
    """Records of three originals, and of what they were decoded to: the same, a blocky one, and nothing."""
    original = CROPS["chelsea"]()[:60, :70]
    decoded = {"same": original, "blocky": DISTORTIONS["blocky 30"](original), "lost": None}
    rows: dict[str, list[dict]] = {"images": [], "decoded": []}
    for name, image in decoded.items():
        for kind, rgb in (("images", original), ("decoded", image)):
            row = {"image": name, "file": "", "sha256": "", "status": "failed", "reason": "a reason"}
            if rgb is not None:
                path = folder / kind / f"{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                png.write(path, rgb)
                row |= {"file": path.name, "sha256": readers.sha256(path), "status": "ok", "reason": ""}
            rows[kind].append(row)
    for kind, members in rows.items():
        atomic_io.write_rows(folder / kind / f"{kind}.csv", list(members[0]), members)
    return folder / "images/images.csv", folder / "decoded/decoded.csv"


@needs_flip
def test_the_maps_are_those_of_the_metric(tmp_path: Path) -> None:
    images, decoded = records(tmp_path)
    out = tmp_path / "maps" / "flip.csv"
    script = [sys.executable, ROOT / "scripts/error_maps.py"]
    subprocess.run([*script, "--images", images, "--decoded", decoded, "--generation", "2", "--out", out], check=True)
    rows = {row["image"]: row for row in readers.read_rows(out)}
    lost = {"image": "lost", "file": "", "sha256": "", "status": "failed", "reason": "a reason", "generation": "2"}
    assert rows["lost"] == lost
    same, blocky = (png.verified(out.parent / rows[name]["file"], rows[name]["sha256"]) for name in ("same", "blocky"))
    assert (same == same[0, 0]).all() and same[0, 0].max() < 8  # Magma begins just above black
    pair = [png.read(path / "blocky.png") for path in (images.parent, decoded.parent)]
    errors = flip.error_map(*pair)
    brightness = blocky.astype(float).sum(axis=2)
    assert brightness[errors > np.quantile(errors, 0.9)].min() > brightness[errors < np.quantile(errors, 0.5)].max()


@needs_flip
def test_a_file_that_was_changed_fails_alone(tmp_path: Path) -> None:
    images, decoded = records(tmp_path)
    png.write(decoded.parent / "blocky.png", png.read(decoded.parent / "same.png"))
    error_maps.map_set(images, decoded, tmp_path / "flip.csv")
    ended = {row["image"]: row["status"] for row in readers.read_rows(tmp_path / "flip.csv")}
    assert ended == {"same": "ok", "blocky": "failed", "lost": "failed"}


def test_without_the_package_every_map_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flip, "skip", lambda: "the package isn't there")
    images, decoded = records(tmp_path)
    error_maps.map_set(images, decoded, tmp_path / "flip.csv")
    outcomes = [(row["status"], row["reason"], row["file"]) for row in readers.read_rows(tmp_path / "flip.csv")]
    assert outcomes == [*[("skipped", "the package isn't there", "")] * 2, ("failed", "a reason", "")]


def test_a_map_that_is_lost_or_can_be_made_now_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flip, "skip", lambda: None)
    monkeypatch.setattr(flip, "coloured_map", lambda original, image: image)
    images, decoded = records(tmp_path)
    rows = [row for row in readers.read_rows(decoded) if row["status"] == "ok"]
    atomic_io.write_rows(decoded, list(rows[0]), rows)
    whole, lost, skipped = (tmp_path / kind / "flip.csv" for kind in ("whole", "lost", "skipped"))
    for record in (whole, lost):
        error_maps.map_set(images, decoded, record, 1)
    (lost.parent / "same.png").unlink()
    assert (generation(whole), generation(lost)) == (1, 2)
    monkeypatch.setattr(flip, "skip", lambda: "the package isn't there")
    error_maps.map_set(images, decoded, skipped, 1)
    assert (generation(skipped, lambda: False), generation(skipped, lambda: True)) == (1, 2)


def test_records_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    images, decoded = records(tmp_path)
    rows = readers.read_rows(images)[1:]
    atomic_io.write_rows(images, list(rows[0]), rows)
    with pytest.raises(StudyError, match=r"has the image 'same', which .* lacks"):
        error_maps.map_set(images, decoded, tmp_path / "flip.csv")
