"""A codec that does what none should costs the cells that it does it in, and nothing else."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from clock import Clock
from study.codecs.base import Codec, Latents, LearnedCodec
from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.core.isolation import Limit
from study.images import png
from study.jobs import encode_decode, scoring
from study.jobs.latents import edit as edit_job
from study.jobs.latents import extract, impulse_response
from study.latents import edits
from study.metrics import engine as metric_engine
from study.metrics import registry as metric_registry
from thinned import one_of_a_kind

WIDE, RECIPES = 20, metric_engine.recipes(metric_registry.recipes(["psnr_rgb"]))
NAMES = ("a", "b", "c")


class Panic(BaseException):
    """As a Rust library's panic comes: no Exception."""


class Faulty(Codec):
    """Stores samples, but does `fault` at the image of 20 columns."""

    fault = ""

    def encode(self, rgb):
        if rgb.shape[1] == WIDE:
            if self.fault == "panic":
                raise Panic("index out of bounds:\n  the length is 3")
            if self.fault == "empty":
                return b""
            if self.fault == "no bytes":
                return None
            if self.fault == "elsewhere":
                os.chdir("/")
            if self.fault == "crash":
                ctypes.string_at(0)
            if self.fault == "no file":
                raise FileNotFoundError(2, "No such file or directory", "/opt/encoder")
            if self.fault == "full disk":
                raise OSError(28, "No space left on device", "/tmp/stream")
        return bytes([*rgb.shape[:2]]) + rgb.tobytes()

    def decode(self, bitstream):
        if self.fault == "elsewhere":
            os.chdir("/")
        rgb = np.frombuffer(bitstream, np.uint8, offset=2).reshape(bitstream[0], bitstream[1], 3)
        if rgb.shape[1] == WIDE and self.fault == "smaller":
            return rgb[:, 1:].copy()
        if rgb.shape[1] == WIDE and self.fault == "decode panic":
            raise Panic("again")
        if rgb.shape[1] == WIDE and self.fault == "no image":
            return None
        return rgb


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The record of three images, the second of which is 20 columns wide; paths are relative, as in a study."""
    monkeypatch.chdir(tmp_path)
    chance, rows = np.random.default_rng(1), []
    for name, width in zip(NAMES, (16, WIDE, 17)):
        path = Path("images", f"{name}.png")
        png.write(path, chance.integers(0, 256, (12, width, 3), np.uint8))
        rows.append({"image": name, "file": path.name, "width": width, "height": 12, "sha256": readers.sha256(path)})
    atomic_io.write_rows("images/images.csv", rows[0], rows)
    return Path("images/images.csv")


def run(images: Path, fault: str, limit: Limit | None = None) -> dict[str, list[dict[str, str]]]:
    """The three records of a codec with a fault."""
    codec = Faulty("faulty", 1)
    codec.fault = fault
    encoded, decoded, scores = (Path(f"{name}/{name}.csv") for name in ("encoded", "decoded", "scores"))
    encode_decode.encode_set(codec, images, encoded, limit=limit)
    encode_decode.decode_set(codec, encoded, decoded, limit=limit)
    scoring.score_set(images, decoded, scores, RECIPES, limit=limit)
    return {path.stem: readers.read_rows(path) for path in (encoded, decoded, scores)}


FAULTS = {
    "panic": "Panic: index out of bounds: the length is 3",
    "empty": "the encoder gave an empty bitstream; a codec's `encode` gives bytes, at least one",
    "no bytes": "the encoder gave NoneType as its bitstream",
    "crash": "the process was killed by signal 11 (SIGSEGV)",
    "smaller": "the decoder gave an image of 19x12, and the one encoded is 20x12",
    "decode panic": "Panic: again",
    "no file": "FileNotFoundError: [Errno 2] No such file or directory: '/opt/encoder'",
    "no image": "the decoder gave NoneType as its image; a codec's `decode` gives a uint8 array [H, W, 3]",
}


@pytest.mark.parametrize("fault", one_of_a_kind(FAULTS, lambda fault: fault == "crash"))
def test_a_fault_costs_its_cell(fault: str, images: Path) -> None:
    records = run(images, fault)
    assert [row["status"] for row in records["scores"]] == ["ok", "failed", "ok"]
    assert records["scores"][1]["reason"].startswith(FAULTS[fault])
    assert [row["psnr_rgb"] for row in records["scores"]] == ["inf", "", "inf"] or all(
        float(row["psnr_rgb"] or 99) > 90 for row in records["scores"]
    )
    stage = "decoded" if fault in ("smaller", "decode panic", "no image") else "encoded"
    assert [row["status"] for row in records[stage]] == ["ok", "failed", "ok"]


def test_a_full_disk_is_no_fault_of_a_cell(images: Path) -> None:
    with pytest.raises(StudyError, match="/tmp/stream: No space left on device"):
        run(images, "full disk")


def test_a_codec_that_changes_the_folder_harms_nothing(images: Path) -> None:
    records = run(images, "elsewhere")
    assert {row["status"] for rows in records.values() for row in rows} == {"ok"}
    assert not [path for path in Path("/").glob("*.bin") if path.stem in NAMES]


def test_an_altered_file_costs_its_cell(images: Path) -> None:
    run(images, "")
    codec = Faulty("faulty", 1)
    data = bytearray(Path("encoded/b.bin").read_bytes())
    data[50] ^= 1
    Path("encoded/b.bin").write_bytes(data)
    encode_decode.decode_set(codec, Path("encoded/encoded.csv"), Path("again/decoded.csv"))
    rows = readers.read_rows("again/decoded.csv")
    assert [row["status"] for row in rows] == ["ok", "failed", "ok"]
    assert "encoded/b.bin isn't the bitstream that was encoded: its sha256 differs" in rows[1]["reason"]
    png.write("decoded/b.png", np.zeros((12, WIDE, 3), np.uint8))
    scoring.score_set(images, Path("decoded/decoded.csv"), Path("again/scores.csv"), RECIPES)
    rows = readers.read_rows("again/scores.csv")
    assert [row["status"] for row in rows] == ["ok", "failed", "ok"]
    assert "decoded/b.png isn't the image that its record tells of" in rows[1]["reason"]
    png.write("images/a.png", np.zeros((12, 16, 3), np.uint8))
    encode_decode.encode_set(codec, images, Path("again/encoded.csv"))
    rows = readers.read_rows("again/encoded.csv")
    assert [row["status"] for row in rows] == ["failed", "ok", "ok"]
    assert "images/a.png isn't the image that its record tells of" in rows[0]["reason"]


def test_a_metric_that_crashes_or_hangs_costs_its_cell(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(images, "")
    clock = Clock(monkeypatch)
    original = scoring.metric_engine.score

    def score(reference, image, *rest):
        if reference.shape[1] == WIDE:
            ctypes.string_at(0)
        if reference.shape[1] == WIDE - 3:
            clock.move(3)
            signal.pause()
        return original(reference, image, *rest)

    monkeypatch.setattr(scoring.metric_engine, "score", score)
    scoring.score_set(images, Path("decoded/decoded.csv"), Path("s.csv"), RECIPES, limit=Limit(seconds=2))
    rows = readers.read_rows("s.csv")
    assert [row["status"] for row in rows] == ["ok", "failed", "failed"]
    assert "SIGSEGV" in rows[1]["reason"] and "cell_limit.seconds" in rows[2]["reason"]


def test_a_record_that_leads_elsewhere_is_refused(images: Path) -> None:
    text = images.read_text().replace("a.png", "../a.png")
    images.write_text(text)
    with pytest.raises(StudyError, match=r"names the file '\.\./a\.png'"):
        encode_decode.encode_set(Faulty("faulty", 1), images, Path("encoded/encoded.csv"))


class FaultyLatents(LearnedCodec):
    """Every 16th sample as a latent, but does `fault` at the image of 20 columns."""

    fault = ""

    def analyse(self, rgb):
        if rgb.shape[1] == WIDE and self.fault == "analyse":
            raise Panic("no such kernel")
        if self.fault == "elsewhere":
            os.chdir("/")
        return Latents(np.float32(rgb[::16, ::16].transpose(2, 0, 1)), None, rgb.shape[:2])

    def write(self, latents):
        if latents.size[1] == WIDE and self.fault == "write":
            raise ValueError("no table")
        if latents.size[1] == WIDE and self.fault == "empty":
            return b""
        if self.fault == "elsewhere":
            os.chdir("/")
        return b"stream" + np.rint(latents.y).astype(np.int16).tobytes()

    def read(self, bitstream): ...

    def synthesise(self, latents):
        if self.fault == "crash":
            ctypes.string_at(0)
        if self.fault == "synthesise":
            raise RuntimeError("no such kernel")
        return np.full((*latents.size, 3), 128, np.uint8)

    def string_bytes(self, bitstream):
        return {"y": len(bitstream) - 6}


def latent_records(images: Path, fault: str) -> dict[str, list[dict[str, str]]]:
    """The records of latents, edits and impulse responses of a codec with a fault."""
    codec = FaultyLatents("faulty", 1)
    codec.fault = fault
    latents, edited, impulse = (Path(f"{name}/{name}.csv") for name in ("latents", "edited", "impulse"))
    extract.extract_set(codec, images, latents)
    if fault == "write":  # the first job writes too
        codec.fault = ""
        extract.extract_set(codec, images, latents)
        codec.fault = fault
    zero = edits.parsed({"op": "zero"})
    edit_job.edit_set(codec, "set", latents, edited, {"zero": zero}, ["keep"])
    impulse_response.impulse_set(codec, latents, impulse)
    return {path.stem: readers.read_rows(path) for path in (latents, edited, impulse)}


@pytest.mark.parametrize(
    ("fault", "record", "reason"),
    [
        ("analyse", "latents", "Panic: no such kernel"),
        ("write", "edited", "ValueError: no table"),
        ("empty", "edited", "the encoder gave an empty bitstream"),
        ("synthesise", "impulse", "RuntimeError: no such kernel"),
        ("crash", "impulse", "the process was killed by signal 11 (SIGSEGV)"),
    ],
)
def test_a_fault_with_latents_costs_its_cell(fault: str, record: str, reason: str, images: Path) -> None:
    records = latent_records(images, fault)
    failed = [row for row in records[record] if row["status"] == "failed"]
    assert failed and all(row["reason"].startswith(reason) for row in failed)
    if record != "impulse":
        assert {row.get("source") or row["image"] for row in failed} == {"b"}
        assert {row["status"] for row in records[record] if row not in failed} == {"ok"}


def test_a_codec_with_latents_that_changes_the_folder_harms_nothing(images: Path) -> None:
    records = latent_records(images, "elsewhere")
    assert {row["status"] for rows in records.values() for row in rows} == {"ok"}
    assert len(records["edited"]) == 6


def test_altered_latents_cost_their_cells(images: Path) -> None:
    latent_records(images, "")
    np.savez_compressed("latents/b.npz", y=np.zeros((3, 1, 2), np.float32))
    codec = FaultyLatents("faulty", 1)
    zero = edits.parsed({"op": "zero"})
    edit_job.edit_set(codec, "set", Path("latents/latents.csv"), Path("again/edited.csv"), {"zero": zero}, ["keep"])
    rows = readers.read_rows("again/edited.csv")
    assert [row["status"] for row in rows] == ["ok", "ok", "failed", "failed", "ok", "ok"]
    assert "latents/b.npz isn't the file of latents that its record tells of" in rows[2]["reason"]
    png.write("images/a.png", np.zeros((12, 16, 3), np.uint8))
    extract.extract_set(codec, images, Path("again/latents.csv"))
    rows = readers.read_rows("again/latents.csv")
    assert [row["status"] for row in rows] == ["failed", "ok", "ok"]
    assert "images/a.png isn't the image that its record tells of" in rows[0]["reason"]
