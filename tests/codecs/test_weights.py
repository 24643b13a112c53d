"""Fetching weights: verified, recorded at the first download, and nothing kept of what is not whole."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server import Answer, Server
from study.codecs import weights
from study.codecs.tfci import protobuf
from study.codecs.tfci.codec import Backend
from study.core.errors import StudyError
from study.images import cache

ROOT = Path(__file__).resolve().parents[2]
QUICK = cache.Patience(tries=2, wait=0.01, connect=5, stall=0.5)
NAME = "/bmshj2018-hyperprior-mse-6.metagraph"


def metagraph(size: int = 5000) -> bytes:
    """Bytes framed as a metagraph: a graph and two signatures."""
    signatures = b"".join(protobuf.field(5, protobuf.field(1, name)) for name in (b"receiver", b"sender"))
    return protobuf.field(2, bytes(range(250)) * (size // 250)) + signatures


@pytest.fixture
def server():
    with Server() as running:
        running.files[NAME] = metagraph()
        yield running


@pytest.fixture
def obtain(server, tmp_path):
    """`weights.obtain` from the server, with folders of the test's own."""

    def call(out: str = "out.metagraph", **options: object) -> str:
        folders = {"record": tmp_path / "record", "mirror": None, "cache": tmp_path / "cache"}
        options = {"check": Backend.check_weights, "patience": QUICK, **folders, **options}
        return weights.obtain(server.url(NAME), tmp_path / out, **options)

    return call


def test_first_download_is_recorded_and_used_again(obtain, server, tmp_path):
    digest = obtain()
    assert digest == hashlib.sha256(metagraph()).hexdigest()
    assert (tmp_path / "out.metagraph").read_bytes() == metagraph()
    assert (tmp_path / "record").read_text() == f"{digest}  {server.url(NAME)}\n"
    assert obtain("again.metagraph") == digest
    assert len(server.requests) == 1
    assert (tmp_path / "record").read_text().count("\n") == 1


def test_another_file_than_the_recorded_is_refused_wherever_it_comes_from(obtain, server, tmp_path):
    obtain()
    server.files[NAME] = metagraph(4000)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / NAME[1:]).write_bytes(metagraph(3000))
    with pytest.raises(StudyError, match="earlier download"):
        obtain("other.metagraph", cache=tmp_path / "empty", mirror=mirror)
    assert not (tmp_path / "other.metagraph").exists()
    (mirror / NAME[1:]).write_bytes(metagraph())
    obtain("other.metagraph", cache=tmp_path / "empty", mirror=mirror)


def test_the_mirror_comes_first(obtain, server, tmp_path):
    for name in (NAME[1:], f"weights/{NAME[1:]}"):
        mirror = tmp_path / name.replace("/", "-") / "mirror"
        (mirror / name).parent.mkdir(parents=True)
        (mirror / name).write_bytes(metagraph())
        obtain("mirrored.metagraph", mirror=mirror)
    assert not server.requests


@pytest.mark.parametrize(
    "damage", [metagraph()[:-1], metagraph()[:-20], metagraph()[:2000], b"<html>sorry</html>", b""]
)
def test_a_file_that_is_not_whole_is_not_kept(damage, obtain, server, tmp_path):
    server.files[NAME] = damage
    with pytest.raises(StudyError, match="metagraph"):
        obtain()
    assert not (tmp_path / "out.metagraph").exists()
    assert not (tmp_path / "record").exists()
    server.files[NAME] = metagraph()
    obtain()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=404), "404"),
        (Answer(status=500), "500"),
        (Answer(after=1000), "connection ended"),
        pytest.param(Answer(after=1000, end="stall"), "stalled|timed out", marks=pytest.mark.slow),
    ],
)
def test_trouble_of_a_server_is_named_and_nothing_kept(answer, reason, obtain, server, tmp_path):
    server.plan[NAME] = [answer] * 10
    with pytest.raises(StudyError, match=reason) as caught:
        obtain()
    assert NAME[1:] in str(caught.value)
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == []
    assert not list((tmp_path / "cache").glob("sha256/*"))


def test_a_download_that_breaks_off_goes_on(obtain, server):
    server.plan[NAME] = [Answer(after=1000, end="reset")]
    assert obtain() == hashlib.sha256(metagraph()).hexdigest()
    assert server.ranges(NAME) == [None, "bytes=1000-"]


def test_what_the_publisher_states_must_agree(obtain, server, tmp_path):
    digest = hashlib.sha256(metagraph()).hexdigest()
    with pytest.raises(StudyError, match="not 0123456789"):
        obtain(sha256="0123456789")
    obtain(sha256=digest[:8])
    (tmp_path / "record").write_text(f"{'0' * 64}  {server.url(NAME)}\n")
    with pytest.raises(StudyError, match="publisher states"):
        obtain(sha256=digest[:8])
    (tmp_path / "record").write_text("what is this\n")
    with pytest.raises(StudyError, match="record is damaged"):
        obtain()


def test_processes_at_the_same_time_agree(obtain, server, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(lambda number: obtain(f"{number}.metagraph"), range(8)))
    assert len(digests) == 1
    assert len((tmp_path / "record").read_text().splitlines()) == 1
    assert len(server.requests) == 1


def test_command_fetches_what_a_codec_needs(server, tmp_path):
    settings = {"model": "bmshj2018-hyperprior-mse-{quality}", "url": server.url("")}
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"backend": "tfci", "settings": settings}))
    out = tmp_path / "weights" / NAME[1:]
    done = run("--codec", "tfci-own", "--quality", "6", "--spec", spec, "--out", out, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == metagraph()
    server.files[NAME] = b"another"
    absent = run("--codec", "tfci-own", "--quality", "7", "--spec", spec, "--out", tmp_path / "seven", folder=tmp_path)
    assert absent.returncode == 1
    assert "404" in absent.stderr
    assert "Traceback" not in absent.stderr


def test_command_refuses_a_codec_without_downloads(tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"backend": "tfci", "settings": {"model": "own/model.metagraph"}}))
    done = run("--codec", "own", "--quality", "6", "--spec", spec, "--out", tmp_path / "x", folder=tmp_path)
    assert done.returncode == 1
    assert "own/model.metagraph" in done.stderr


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess:
    places = ("--record", folder / "record", "--cache", folder / "cache")
    command = [sys.executable, str(ROOT / "scripts" / "fetch_weights.py"), *map(str, (*arguments, *places))]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STUDY_")}
    return subprocess.run(command, capture_output=True, text=True, env=environment)
