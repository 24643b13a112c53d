"""The audit of determinism: what it finds of codecs that are exact, and of codecs that are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from study.core import atomic_io, readers
from study.jobs import determinism
from tiny_study import Study, environment, make_study

pytestmark = pytest.mark.study

ENTRY = {"label": "A test codec", "family": "Test", "parameter": "none", "qualities": [1, 2]}
HEAD = "import os, time, uuid\nfrom study.codecs.classical.jpeg import Backend as Jpeg\n\nclass Backend(Jpeg):\n"
RANDOM = HEAD + "    def encode(self, rgb):\n        return super().encode(rgb) + uuid.uuid4().bytes\n"
THREADED = HEAD + (
    "    def decode(self, data):\n"
    "        return super().decode(data) + int(self.quality == 2 and os.environ['OMP_NUM_THREADS'] == '3')\n"
)
PROCESS = HEAD + "    def encode(self, rgb):\n        return super().encode(rgb) + str(os.getpid()).encode()\n"
FAILING = HEAD + (
    "    def decode(self, data):\n"
    "        if self.quality == 2:\n            raise RuntimeError('a bug')\n        return super().decode(data)\n"
)
CRASHING = HEAD + "    def encode(self, rgb):\n        os._exit(3)\n"
ABSENT = HEAD + "    def skip(self):\n        return 'the library absent is not installed'\n"


@pytest.fixture
def untouched(tmp_path: Path) -> Study:
    """The tiny study with its images and nothing else made."""
    study = make_study(tmp_path / "repository")
    rows = []
    for path in sorted((study.folder / "photos").glob("*.png")):
        target = study.folder / "results/images/crops" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).convert("RGB").save(target)
        rows.append({"image": path.stem, "file": path.name})
    atomic_io.write_rows(study.folder / "results/images/crops/images.csv", ("image", "file"), rows)
    return study


def add(study: Study, **sources: str) -> None:
    for name, source in sources.items():
        (study.folder / f"scripts/study/codecs/classical/{name}.py").write_text(source)
        study.config["define"].setdefault("codecs", {})[name] = {"backend": name, **ENTRY}
        study.config["codecs"][name] = "all"


def audited(study: Study, *options: str) -> tuple[dict[str, dict[str, str]], str]:
    """The rows of audit.csv by codec, and what was printed."""
    study.write()
    command = [sys.executable, "tools/audit.py", "--configfile", "tiny.yaml", *options]
    done = subprocess.run(command, cwd=study.folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = readers.read_rows(study.folder / "results/studies/tiny/audit.csv")
    return {row["codec"]: row for row in rows}, done.stdout


def test_exact_codecs(untouched: Study) -> None:
    rows, printed = audited(untouched)
    assert list(rows) == ["jpeg", "webp"]
    for row in rows.values():
        assert tuple(row) == determinism.COLUMNS
        assert row["cells"] == "3" and row["reason"] == ""
        assert all(row[check] == "3 of 3" for check in determinism.CHECKS if "record" not in check)
        assert row["encode_record"] == "" and row["decode_record"] == ""
    assert "jpeg: bit-exact" in printed and "decode_threads: processes with other thread counts" in printed


def test_what_differs_is_found_and_named(untouched: Study) -> None:
    untouched.config["codecs"] = {"jpeg": [30]}
    untouched.config["bd_rate"]["anchor"] = "jpeg"
    add(untouched, random=RANDOM, threaded=THREADED, process=PROCESS, failing=FAILING, crashing=CRASHING, absent=ABSENT)
    rows, _ = audited(untouched, "--images", "2")
    assert {name: row["cells"] for name, row in rows.items()} == {"jpeg": "2"} | dict.fromkeys(
        ("random", "threaded", "process", "failing", "crashing", "absent"), "4"
    )
    assert rows["jpeg"]["reason"] == ""
    random = rows["random"]
    assert random["encode_again"] == random["encode_process"] == random["encode_threads"] == "0 of 4"
    assert random["decode_process"] == random["decode_threads"] == "4 of 4"
    assert random["reason"].startswith("encode_again differs first at quality 1, face; encode_process differs")
    threaded = rows["threaded"]
    assert threaded["decode_threads"] == "2 of 4" and threaded["decode_process"] == "4 of 4"
    assert threaded["reason"] == "decode_threads differs first at quality 2, face"
    assert rows["process"]["encode_again"] == "4 of 4" and rows["process"]["encode_process"] == "0 of 4"
    assert rows["failing"]["decode_process"] == "2 of 2"
    assert rows["failing"]["reason"] == "quality 2, face: failed: RuntimeError: a bug"
    assert rows["crashing"]["encode_again"] == "" and "the process ended: status 3" in rows["crashing"]["reason"]
    assert rows["absent"]["reason"] == "skipped: the library absent is not installed"


def test_without_images_it_says_what_to_do(tmp_path: Path) -> None:
    study = make_study(tmp_path / "repository")
    study.write()
    command = [sys.executable, "tools/audit.py", "--configfile", "tiny.yaml"]
    done = subprocess.run(command, cwd=study.folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 1
    assert "run the study first" in done.stderr and "Traceback" not in done.stderr


def test_a_wrong_config_is_told(untouched: Study) -> None:
    untouched.config["codecs"]["webb"] = "all"
    untouched.write()
    command = [sys.executable, "tools/audit.py", "--configfile", "tiny.yaml"]
    done = subprocess.run(command, cwd=untouched.folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 1 and "did you mean 'webp'" in done.stderr


@pytest.mark.study
def test_the_records_of_a_study(study: Study) -> None:
    rows, _ = audited(study, "--qualities", "0", "--images", "2")
    for row in rows.values():
        assert row["encode_record"] == row["decode_record"] == "8 of 8" and row["reason"] == ""
    changed = study.folder / "results/decoded/crops/webp/30/face.png"
    image = Image.open(changed)
    image.putpixel((5, 5), (1, 2, 3))
    image.save(changed)
    (study.folder / "results/bitstreams/crops/jpeg/10/suit.jpg").unlink()
    rows, _ = audited(study, "--qualities", "0", "--images", "2")
    assert rows["webp"]["decode_record"] == "7 of 8" and rows["webp"]["encode_record"] == "8 of 8"
    assert rows["webp"]["reason"] == "decode_record differs first at quality 30, face"
    assert rows["jpeg"]["encode_record"] == rows["jpeg"]["decode_record"] == "7 of 7" and rows["jpeg"]["reason"] == ""
