"""Edits: what a config may say, the cells that it makes, and what they do to bitstreams of real codecs."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from study.analysis import latent_table
from study.codecs import base
from study.codecs import registry as codec_registry
from study.codecs.base import Codec, LearnedCodec
from study.core import atomic_io, outcome, paths, readers, results
from study.core.errors import CodecError, StudyError
from study.images import png
from study.jobs.encode_decode import decode_set
from study.jobs.latents import edit as edit_job
from study.jobs.latents import extract, interactive
from study.jobs.latents import score as score_job
from study.latents import archive as latents_archive
from study.latents import edits, set_statistics
from study.latents.edits import all_parsed, expanded, parsed, problems
from study.latents.selection import Site
from study.metrics import registry
from study.planning.entries import CodecEntry
from thinned import one_of_a_kind
from tiny_nets import BUNDLED, SERIAL, codec

M = {"y": 12, "z": 4}
HALF = {"select": {"rows": {"from": 0.5, "to": 1.0}}, "op": "zero"}


def photo(height: int = 128, width: int = 192) -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[40 : 40 + height, 130 : 130 + width])


def test_sweeps_make_cells() -> None:
    def values(edit: object) -> list[str]:
        return [cell.value for cell in expanded({"e": parsed(edit)}, ["recompute"], M)[1:]]

    assert values(HALF) == [""]
    assert values({"op": {"scale": [0.5, 1, 100]}}) == ["0.5", "1", "100"]
    assert values({"select": {"channels": "each"}, "op": "zero"}) == [f"{channel:02d}" for channel in range(12)]
    assert values({"select": {"top": {"k": "all"}, "invert": True}, "op": "zero"})[-1] == "12"
    assert values({"select": {"top": {"k": [2, 11]}}, "op": {"scale": [2, 3]}}) == ["02,2", "02,3", "11,2", "11,3"]
    assert values([{"op": {"scale": [2, 3]}}, {"op": {"roll": {"rows": [0, 1]}}}]) == ["2,0", "2,1", "3,0", "3,1"]
    assert values({"op": {"project": {"k": "all", "of": "x"}}}) == [f"{k:02d}" for k in range(1, 13)]
    with pytest.raises(CodecError, match="its sweeps make 20736 cells"):
        values([{"select": {"channels": "each"}, "op": "zero"}] * 4)


def test_the_control_comes_first_and_policies_are_those_that_mean_something() -> None:
    named = {"half": HALF, "side": {"site": "z", "op": "zero"}, "both": [HALF, {"site": "z", "op": "negate"}]}
    cells = [(cell.edit, cell.policy, cell.site) for cell in expanded(all_parsed(named), ["recompute", "keep"], M)]
    assert cells == [
        ("none", "recompute", ""),
        ("none", "keep", ""),
        ("half", "recompute", "y"),
        ("half", "keep", "y"),
        ("side", "edited", "z"),
        ("both", "edited", "y z"),
    ]
    assert [cell.policy for cell in expanded({"half": parsed(HALF)}, ["recompute", "keep"], {"y": 12})] == [
        "none",
        "none",
    ]
    with pytest.raises(CodecError, match="no hyperprior"):
        expanded({"side": parsed({"site": "z", "op": "zero"})}, ["keep"], {"y": 12})


def test_steps_survive_the_record() -> None:
    edit = [{"select": {"top": {"k": 3, "by": "energy"}}, "op": {"noise": {"std": 1, "seed": 2}}}, {"op": "negate"}]
    (cell,) = expanded({"e": parsed(edit)}, ["keep"], M)[1:]
    assert edits.from_text(edits.as_text(cell.steps)) == cell.steps == parsed(parsed(edit).data()).steps
    assert edits.from_text("") == ()


@pytest.mark.parametrize(
    "edit,words",
    [
        ("zero", "a mapping with select, op, site"),
        ({"select": {}}, "op is required"),
        ({"op": "zero", "sites": "y"}, "did you mean 'site'"),
        ({"op": "zero", "site": "x"}, "allowed: y, z"),
        ({"op": "zap"}, "op: 'zap' is unknown"),
        ([HALF, {"op": {"scale": None}}], "step 2: op.scale.factor: found None"),
        ({"op": "zero", "select": {"channels": [12]}}, "which has 12: 0 to 11"),
        ({"op": "zero", "select": {"rows": {"from": 0.5, "to": 1.5}}}, "fractions go from 0.0 to 1.0"),
    ],
)
def test_nonsense_is_told(edit: object, words: str) -> None:
    try:
        said = " ".join(problems(parsed(edit), M))
    except CodecError as error:
        said = str(error)
    assert words in said


def test_every_step_selects_by_the_unedited_latent() -> None:
    y = np.arange(1, 5, dtype=np.float32)[:, None, None] * np.ones((4, 2, 2), np.float32)
    strongest = {"top": {"k": 1, "by": "energy"}}
    edit = [{"select": strongest, "op": {"scale": 0.1}}, {"select": strongest, "op": {"scale": 10}}]
    (cell,) = expanded({"e": parsed(edit)}, ["keep"], {"y": 4})[1:]
    assert np.allclose(edits.edited(cell, {"y": Site(y, None, (32, 32))}, {"y": None})["y"], y)


MODELS = ["bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018-mean", *SERIAL]


@pytest.mark.parametrize("model", MODELS)
def test_bits_by_element_are_those_of_the_strings(weights: Path, model: str) -> None:
    own = codec(weights, model)
    latents = own.analyse(photo(64, 96))
    for scale in (1, 40):
        latents = base.Latents(latents.y * scale, latents.z, latents.size)
        statistics = own.statistics(latents)
        strings = own.string_bytes(own.write(latents))
        for site, bits in (("y", statistics.bits_y), ("z", statistics.bits_z)):
            if bits is not None:
                assert bits.shape == getattr(latents, site).shape and (bits > 0).all()
                assert 0 <= 8 * strings[site] - bits.sum() <= 72


def load(name: str, quality: int, entry: CodecEntry) -> LearnedCodec:
    source = codec_registry.backend(entry.backend, entry.settings).weights_source(entry.settings, quality)
    return codec_registry.load(name, quality, entry, paths.ROOT / source.path)


@pytest.mark.parametrize("name,quality,entry", one_of_a_kind(BUNDLED, lambda case: case[0].split("-")[1]))
def test_control_and_inverses_are_the_codec_byte_for_byte(
    name: str, quality: int, entry: CodecEntry, tmp_path: Path
) -> None:
    own = load(name, quality, entry)
    rgb = photo(64, 128)
    plain = own.encode(rgb)
    back = {
        "negate": [{"op": "negate"}, {"op": "negate"}],
        "roll": [{"op": {"roll": {"rows": 3, "columns": 5}}}, {"op": {"roll": {"rows": -3, "columns": -5}}}],
        "permute": [{"op": {"permute": {"seed": 4}}}, {"op": {"permute": {"seed": 4, "inverse": True}}}],
        "scale": [{"op": {"scale": 2}}, {"op": {"scale": 0.5}}],
        "nothing": [],
    }
    rows = interactive.edit(own, rgb, all_parsed(back), tmp_path, names=["psnr_rgb"])
    assert len(rows) == 6 * (1 if rows[0]["side_information"] == "none" else 2)
    for row in rows:
        assert row["status"] == "ok"
        assert (tmp_path / row["file"]).read_bytes() == plain
        assert row["delta_bpp"] == 0 and row["delta_psnr_rgb"] == 0


@pytest.mark.parametrize("name,quality,entry", BUNDLED[:1] + BUNDLED[-1:])
def test_zeroed_rows_and_columns_leave_what_is_out_of_reach(
    name: str, quality: int, entry: CodecEntry, tmp_path: Path
) -> None:
    """The synthesis reaches 2 + 2·2 + 2·4 + 2·8 = 30 pixels, about two elements, beyond an element's own square."""
    own = load(name, quality, entry)
    rgb = np.ascontiguousarray(skimage.data.astronaut()[:256, :256])
    named = {"rows": HALF, "columns": {"select": {"columns": {"from": 0.5, "to": 1.0}}, "op": "zero"}}
    rows = interactive.edit(own, rgb, all_parsed(named), tmp_path, names=["psnr_rgb"])
    baseline = png.read(tmp_path / rows[0]["file"].replace(".lic", ".png"))
    reach = 48
    for row in rows:
        edited = png.read(tmp_path / row["file"].replace(".lic", ".png"))
        if row["edit"] == "rows":
            assert np.array_equal(edited[: 128 - reach], baseline[: 128 - reach])
            assert not np.array_equal(edited[128:], baseline[128:])
        if row["edit"] == "columns":
            assert np.array_equal(edited[:, : 128 - reach], baseline[:, : 128 - reach])
            assert not np.array_equal(edited[:, 128:], baseline[:, 128:])
    assert all(row["delta_bpp"] < 0 for row in rows if row["edit"] != "none")


@pytest.fixture
def records(weights: Path, tmp_path: Path) -> tuple[LearnedCodec, Path]:
    """A codec, and a folder with the records of a set of two images, one of them turned."""
    own = codec(weights, "mbt2018-mean")
    rows = []
    for name, rgb in (("flat", photo()), ("tall", photo(192, 128))):
        png.write(tmp_path / "images" / f"{name}.png", rgb)
        path = tmp_path / "images" / f"{name}.png"
        size = {"width": rgb.shape[1], "height": rgb.shape[0]}
        rows.append({"image": name, "file": path.name, "sha256": readers.sha256(path), **size})
    atomic_io.write_rows(tmp_path / "images" / "images.csv", ("image", "file", "width", "height", "sha256"), rows)
    return own, tmp_path


def run(records: tuple[LearnedCodec, Path], named: dict, others: dict | None = None) -> list[dict]:
    own, folder = records
    encoded, decoded, scores = (
        Path(results.edited("s", "x", "set/codec/1", record, folder)) for record in ("encoded", "decoded", "scores")
    )
    extract.extract_set(own, folder / "images" / "images.csv", folder / "latents/set/codec/1/latents.csv")
    edit_job.edit_set(
        own, "set", folder / "latents/set/codec/1/latents.csv", encoded, all_parsed(named),
        edits.POLICIES, others,
    )  # fmt: skip
    decode_set(own, encoded, decoded)
    recipes = {name: registry.entry(name).recipe for name in ("psnr_rgb", "ms_ssim")}
    score_job.score_set(folder / "images" / "images.csv", encoded, decoded, scores, recipes)
    cell = {"experiment": "x", "set": "set", "part": "set", "codec": "codec", "quality": "1"}
    return latent_table.edit_rows(folder, {"study": "s", "metrics": ["psnr_rgb", "ms_ssim"], "cells": [cell]})


def test_records_of_an_experiment(records: tuple[LearnedCodec, Path]) -> None:
    named = {
        "half": HALF,
        "turn": {"op": {"rotate": 90}},
        "over": {"op": {"scale": 1e9}},
        "blend": {"op": {"interpolate": {"image": "flat", "t": 0.5}}},
        "roll": {"op": {"roll": {"columns": 2}}},
    }
    rows = run(records, named)
    cells = {(row["image"], row["edit"], row["side_information"]): row for row in rows}
    assert len(cells) == len(rows) == 2 * 6 * 2
    plain = records[0].encode(photo())
    baseline = cells["flat", "none", "keep"]
    assert baseline["bpp"] == 8 * len(plain) / (128 * 192) and baseline["delta_psnr_rgb"] == 0
    overhead = 8 * (baseline["bytes"]) / (128 * 192) - baseline["bpp_y"] - baseline["bpp_z"]
    assert 0 < overhead * 128 * 192 / 8 < 60
    assert cells["flat", "half", "recompute"]["delta_bpp"] < 0
    turned = outcome.gaps(cells["flat", "turn", "recompute"])
    assert turned.keys() == {"psnr_rgb", "ms_ssim"}
    assert turned["psnr_rgb"].startswith("the edit turned the image (128x192)")
    assert cells["flat", "turn", "recompute"]["equivariance_db"] > 5
    assert "z of the original doesn't fit" in cells["flat", "turn", "keep"]["reason"]
    assert "can't be coded" in cells["flat", "over", "keep"]["reason"]
    assert "images of equal size are needed" in cells["tall", "blend", "keep"]["reason"]
    assert cells["flat", "blend", "keep"]["bpp"] == baseline["bpp"]
    assert cells["flat", "roll", "keep"]["equivariance_db"] > cells["flat", "roll", "keep"]["psnr_rgb"]
    assert all(row["psnr_rgb"] is not None or outcome.sentence(row) for row in rows)
    assert {row["status"] for row in rows} == {"ok", "refused"}
    channels = latent_table.channel_rows(
        records[1], {"cells": [{"set": "set", "part": "set", "codec": "codec", "quality": "1"}]}
    )
    assert len(channels) == 2 * (12 + 4)
    of_flat = sum(row["bpp"] for row in channels if row["image"] == "flat" and row["site"] == "y")
    assert of_flat == pytest.approx(baseline["bpp_y"], abs=72 / (128 * 192))


def test_latents_are_kept_with_their_axes(records: tuple[LearnedCodec, Path]) -> None:
    own, folder = records
    extract.extract_set(own, folder / "images" / "images.csv", folder / "one" / "latents.csv")
    extract.extract_set(own, folder / "images" / "images.csv", folder / "two" / "latents.csv")
    assert (folder / "one/flat.npz").read_bytes() == (folder / "two/flat.npz").read_bytes()
    with np.load(folder / "one" / "flat.npz") as archive:
        assert archive["axes"].tolist() == ["channel", "row", "column"]
        assert set(archive.files) == {"axes", "y", "z", "scales", "means", "bits_y", "bits_z"}
        assert archive["y"].shape == archive["bits_y"].shape == archive["scales"].shape == (12, 8, 12)
    (row, _) = readers.read_rows(folder / "one" / "latents.csv")
    assert 0 <= float(row["string_bits_y"]) - float(row["bits_y"]) <= 72
    (folder / "one" / "flat.npz").write_bytes(b"PK nonsense")
    with pytest.raises(StudyError, match="can't read the latents"):
        latents_archive.load(folder / "one" / "flat.npz")


def test_components_and_centroids_of_a_set(records: tuple[LearnedCodec, Path]) -> None:
    own, folder = records
    extract.extract_set(own, folder / "images" / "images.csv", folder / "latents.csv")
    sets = set_statistics.Reference("y", "set", {"set": [folder / "latents.csv"]})
    mean, components = sets.components("set")
    vectors = np.concatenate([values.reshape(12, -1) for values in sets.all("set")], axis=1).astype(float)
    assert np.allclose(components @ components.T, np.eye(12), atol=1e-9)
    spread = ((components @ (vectors - mean[:, None])) ** 2).mean(1)
    assert (np.diff(spread) <= 1e-9).all() and spread.sum() == pytest.approx(vectors.var(1).sum())
    assert sets.centroid("set", "channel").shape == (12, 1, 1)
    with pytest.raises(CodecError, match="different shapes"):
        sets.centroid("set", "position")
    with pytest.raises(CodecError, match="has no image 'flet'; did you mean 'flat'"):
        sets.latent("flet", None)
    with pytest.raises(CodecError, match="allowed: set"):
        sets.latent("flat", "other")


def command(*options: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, paths.ROOT / "tools" / "edit.py", *options], capture_output=True, text=True, timeout=600
    )


@pytest.mark.slow
@pytest.mark.skipif(not BUNDLED, reason="no bundled weights")
def test_one_edit_from_the_shell(tmp_path: Path) -> None:
    png.write(tmp_path / "photo.png", photo())
    name, quality, entry = BUNDLED[0]
    options = ["--codec", name, "--quality", str(quality), "--image", tmp_path / "photo.png"]
    done = command(*options, "--edit", "{op: {scale: [1, 100]}}", "--csv", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert rows[0]["edit"] == "none" and {row["value"] for row in rows} == {"", "1", "100"}
    assert float(rows[-1]["bpp"]) > 3 * float(rows[0]["bpp"])
    assert (tmp_path / "out" / rows[0]["file"]).read_bytes() == load(name, quality, entry).encode(photo())
    table_of = command(*options, "--edit", "{op: negate}").stdout
    assert re.search(r"^edit +recompute|^edit +none", table_of, re.MULTILINE)
    assert "interpolate: " in command("--list").stdout
    for wrong, words in (
        (["--edit", "{op: zap}"], "op: 'zap' is unknown"),
        (["--edit", "{op: ["], "not valid YAML"),
        (["--edit", "{op: {replace: nowhere.png}}"], "can't read nowhere.png"),
    ):
        done = command(*options, *wrong)
        assert "Traceback" not in done.stderr
        assert words in done.stderr + done.stdout
    done = command("--codec", "jpeg", "--quality", "50", "--image", tmp_path / "photo.png")
    assert done.returncode == 1 and "no latents" in done.stderr


def test_a_codec_without_bits_can_still_be_edited(tmp_path: Path) -> None:
    """The least that a learned codec must bring: no statistics, no z."""

    class Halves(LearnedCodec):
        extension = "half"

        def analyse(self, rgb: np.ndarray) -> base.Latents:
            return base.Latents(np.float32(rgb[::16, ::16].transpose(2, 0, 1)), None, rgb.shape[:2])

        def write(self, latents: base.Latents) -> bytes:
            return np.array([*latents.size], ">u2").tobytes() + np.rint(latents.y).astype(">i2").tobytes()

        def read(self, bitstream: bytes) -> base.Latents:
            height, width = map(int, np.frombuffer(bitstream[:4], ">u2"))
            y = np.frombuffer(bitstream[4:], ">i2").reshape(3, -(-height // 16), -(-width // 16))
            return base.Latents(y.astype(np.float32), None, (height, width))

        def synthesise(self, latents: base.Latents) -> np.ndarray:
            grown = latents.y.transpose(1, 2, 0).repeat(16, 0).repeat(16, 1)[: latents.size[0], : latents.size[1]]
            return np.clip(grown, 0, 255).astype(np.uint8)

        def string_bytes(self, bitstream: bytes) -> dict[str, int]:
            return {"y": len(bitstream) - 4}

    own: Codec = Halves("halves", 1)
    wanted = {"zero": {"op": "zero"}, "top": {"select": {"top": {"k": 1}}, "op": "zero"}}
    rows = interactive.edit(own, photo(), all_parsed(wanted), tmp_path, names=["psnr_rgb"])
    assert [row["edit"] for row in rows] == ["none", "zero", "top"]
    assert rows[1]["psnr_rgb"] < rows[0]["psnr_rgb"]
    assert "by: energy" in rows[2]["reason"]
