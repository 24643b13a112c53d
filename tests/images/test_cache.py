"""Downloads from a server that fails in every way that servers fail, and the mirror and the cache before it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from server import Answer, Server
from study.core.errors import StudyError
from study.images import cache, http
from waiting import LONGEST_S, wait

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
DATA = hashlib.shake_256(b"an image").digest(300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
HASTY = http.Patience(tries=4, wait=0.001, longest_wait=2.0, connect=LONGEST_S, stall=LONGEST_S, largest=10_000_000)
PATH = "/folder/image.png"


@pytest.fixture
def server(monkeypatch):
    for name in ("STUDY_MIRROR", "STUDY_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        running.files[PATH] = DATA
        yield running


class Client:
    """A folder with a cache and a destination, and messages."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.cache, self.destination = folder / "cache", folder / "out" / "p.png"
        self.server, self.messages = server, []

    def fetch(self, sha256=SHA256, **options):
        options = {"cache": self.cache, "patience": HASTY, "tell": self.messages.append} | options
        return cache.fetch(self.server.url(PATH), self.destination, sha256, **options)

    def fails(self, match: str, **options) -> str:
        with pytest.raises(StudyError, match=match) as caught:
            self.fetch(**options)
        assert not self.destination.exists()
        assert not list(self.destination.parent.glob(".partial*"))
        return str(caught.value)

    @property
    def asked(self):
        return self.server.ranges(PATH)


@pytest.fixture
def client(tmp_path, server):
    return Client(tmp_path, server)


@pytest.mark.parametrize("sha256", [SHA256, SHA256.upper(), SHA256[:8], None])
def test_download_then_cache(client, sha256):
    assert client.fetch(sha256) == SHA256
    assert client.destination.read_bytes() == DATA
    client.destination.unlink()
    assert client.fetch(sha256) == SHA256
    assert client.destination.read_bytes() == DATA
    assert client.asked == [None]


RECOVERS = {
    "500": ([Answer(status=500)], [None, None]),
    "429 and 503": ([Answer(status=429, headers={"Retry-After": "0"}), Answer(status=503)], [None, None, None]),
    "reset in the middle": ([Answer(after=100_000, end="reset")], None),
    "closed in the middle": ([Answer(after=100_000)], [None, "bytes=100000-"]),
    "closed thrice": ([Answer(after=100_000)] * 3, [None, "bytes=100000-", "bytes=200000-"]),
    "no ranges": ([Answer(after=100_000), Answer(ranges=False)], [None, "bytes=100000-"]),
    "wrong range": ([Answer(after=100_000), Answer(shift=7)], [None, "bytes=100000-", None]),
    "chunked, cut": ([Answer(after=100_000, chunked=True)], [None, "bytes=100000-"]),
    "chunked": ([Answer(chunked=True)], [None]),
    "claims more": ([Answer(claim=50)], [None, "bytes=300000-"]),
    "claims less": ([Answer(claim=-50)], [None, None]),
    "another file": ([Answer(body=b"<html>log in first</html>")], [None, None]),
    "another file's rest": ([Answer(after=100_000), Answer(body=bytes(300_000))], [None, "bytes=100000-", None]),
    "changed size": ([Answer(after=100_000), Answer(body=bytes(400_000))], [None, "bytes=100000-", None]),
    "redirect": ([Answer(status=302, headers={"Location": PATH})], [None, None]),
}


@pytest.mark.parametrize("case", RECOVERS)
def test_recovers(client, case):
    client.server.plan[PATH], asked = RECOVERS[case]
    client.server.plan[PATH] = list(client.server.plan[PATH])
    assert client.fetch() == SHA256
    assert client.destination.read_bytes() == DATA
    if asked is not None:
        assert client.asked == asked
    assert not list((client.cache / "partial").glob("*[!k]"))


@pytest.mark.parametrize("after", [0, 100_000])
def test_recovers_from_a_stall(client, after):
    """With so little patience more of the tries may stall on a busy machine; each goes on where the last one ended."""
    client.server.plan[PATH] = [Answer(after=after, end="stall")]
    assert client.fetch(patience=dataclasses.replace(HASTY, stall=0.2, tries=10_000)) == SHA256
    assert client.destination.read_bytes() == DATA
    assert len(client.asked) > 1 and client.asked[0] is None
    begins = [int(asked[len("bytes=") : -1]) if asked else 0 for asked in client.asked]
    assert begins == sorted(begins) and begins[1] <= after


FAILS = {
    "404": ([Answer(status=404)], "HTTP 404", 1),
    "403": ([Answer(status=403)], "HTTP 403", 1),
    "always 500": ([Answer(status=500)] * 9, r"HTTP 500 .*\(4 tries\)", 4),
    "asks for an hour": ([Answer(status=429, headers={"Retry-After": "3600"})] * 9, "asks to wait 3600 s", 1),
    "always resets": ([Answer(after=0, end="reset")] * 9, r"\(4 tries\)", 4),
    "always another file": ([Answer(body=b"no")] * 9, "has sha256 .* not .*downloaded twice", 2),
    "always claims less": ([Answer(claim=-50)] * 9, "downloaded twice", 2),
    "compresses": ([Answer(headers={"Content-Encoding": "gzip"})], "encoded as gzip", 1),
    "far too large": ([Answer(claim=10**12)], "at most 10,000,000", 1),
    "redirects to itself": ([Answer(status=302, headers={"Location": PATH})] * 99, "redirects", None),
}


@pytest.mark.parametrize("case", FAILS)
def test_fails(client, case):
    plan, match, requests = FAILS[case]
    client.server.plan[PATH] = list(plan)
    message = client.fails(match)
    assert requests in (None, len(client.asked))
    assert client.server.url(PATH) in message and SHA256 in message and "image.png" in message
    assert "STUDY_MIRROR" in message
    client.server.plan.clear()
    assert client.fetch() == SHA256


def test_chunked_without_end_is_bounded(client):
    client.server.plan[PATH] = [Answer(body=bytes(11_000_000), chunked=True)]
    client.fails("more than the 10,000,000 bytes")


def test_trickle_counts_as_stall(client, monkeypatch):
    """A server that sends a little now and then never runs into the socket's timeout."""
    clock = iter(range(0, 10**6, 1000))
    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    client.fails("stalled", patience=http.Patience(tries=1, stall=LONGEST_S, slowest=1e6))


def test_nobody_listens(client):
    client.server.url = lambda _: "http://127.0.0.1:9/image.png"
    client.fails(r"Connection refused \(4 tries\)")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/x", "/etc/passwd", "http://", "http://[x/a.png", "kodim01.png"]
)
def test_refuses_other_urls(client, url):
    client.server.url = lambda _: url
    client.fails("allowed: http://")


@pytest.mark.parametrize("sha256", ["123", "x" * 64, SHA256 + "0", "../../../secret"])
def test_refuses_other_hashes(client, sha256):
    client.fails("hexadecimal", sha256=sha256)


RETRY_AFTER = {  # a server's word, and the least and the most seconds of the wait that follows
    "in 1000 s": (lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=1000), usegmt=True), 500, 1000),
    "in the past": (lambda: "Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
    "seconds": (lambda: "7", 7, 7),
    "no time": (lambda: "soon", 1, 1.25),
}


@pytest.mark.parametrize("case", RETRY_AFTER)
def test_a_server_says_when_to_come_again(client, monkeypatch, case):
    value, least, most = RETRY_AFTER[case]
    waited = []
    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=time.monotonic, sleep=waited.append))
    client.server.plan[PATH] = [Answer(status=503, headers={"Retry-After": value()})]
    assert client.fetch(patience=http.Patience(wait=1.0, longest_wait=1000.0)) == SHA256
    (seconds,) = waited
    assert least <= seconds <= most


def test_waits_as_long_as_asked(client, monkeypatch):
    waited = []
    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=time.monotonic, sleep=waited.append))
    client.server.plan[PATH] = [
        Answer(status=503, headers={"Retry-After": "2"}),
        Answer(status=503),
        Answer(status=503),
    ]
    client.fetch(patience=http.Patience(wait=1.0, longest_wait=60.0))
    assert waited[0] == 2
    assert 2 <= waited[1] <= 2.5 and 4 <= waited[2] <= 5


UNVERIFIED = {
    "wrong range": [Answer(after=100_000), Answer(shift=7)],
    "changed size": [Answer(after=100_000), Answer(body=bytes(400_000))],
    "changed version": [Answer(after=100_000, body=bytes(300_000), etag='"1"'), Answer(etag='"2"')],
    "no ranges, and longer before": [Answer(after=350_000, body=bytes(400_000)), Answer(ranges=False)],
}


@pytest.mark.parametrize("case", UNVERIFIED)
def test_versions_are_not_mixed_without_a_hash_either(client, case):
    client.server.plan[PATH] = list(UNVERIFIED[case])
    assert client.fetch(None) == SHA256
    assert client.destination.read_bytes() == DATA


def test_resumes_what_a_killed_process_left(client):
    client.server.plan[PATH] = [Answer(after=200_000, end="stall")]
    code = (
        "import sys; from study.images import http as download, cache as fetch\n"
        f"fetch.fetch({client.server.url(PATH)!r}, {str(client.destination)!r}, {SHA256!r}, "
        f"cache={str(client.cache)!r}, patience=download.Patience(stall=3600))"
    )
    child = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(SCRIPTS)})
    partial = client.cache / "partial" / SHA256
    wait(lambda: partial.exists() and partial.stat().st_size > 65_536, "a part of the file")
    child.send_signal(signal.SIGKILL)
    child.wait()
    left = partial.stat().st_size
    assert 0 < left <= 200_000
    assert not client.destination.exists() and not (client.cache / "sha256").exists()
    assert client.fetch() == SHA256
    assert client.asked == [None, f"bytes={left}-"]


@pytest.mark.parametrize("left", [b"x" * 1000, DATA + b"x", b"x" * len(DATA), DATA])
def test_damaged_partial_file(client, left):
    partial = client.cache / "partial" / SHA256
    partial.parent.mkdir(parents=True)
    partial.write_bytes(left)
    assert client.fetch() == SHA256
    assert client.destination.read_bytes() == DATA
    assert len(client.asked) <= 2


def test_two_processes_download_once(client, tmp_path):
    """The server answers when both others have said that they wait."""
    answers = threading.Event()
    client.server.plan[PATH] = [Answer(held=answers)]
    code = (
        "import sys; from study.images import http as download, cache as fetch\n"
        f"options = dict(cache={str(client.cache)!r}, patience=download.Patience(stall=3600))\n"
        f"fetch.fetch({client.server.url(PATH)!r}, sys.argv[1], {SHA256!r}, **options)"
    )
    outs = [client.destination.with_name(f"{number}.png") for number in range(3)]
    logs = [tmp_path / f"{number}.log" for number in range(3)]
    children = []
    for out, log in zip(outs, logs):
        with log.open("w") as file:
            command = [sys.executable, "-c", code, str(out)]
            children.append(subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(SCRIPTS)}, stderr=file))
    try:
        waiting = "waiting for another process"
        wait(lambda: sum(waiting in log.read_text() for log in logs) == 2, "two processes that wait")
    finally:
        answers.set()
    assert [child.wait(timeout=LONGEST_S) for child in children] == [0, 0, 0], [log.read_text() for log in logs]
    assert all(out.read_bytes() == DATA for out in outs)
    assert client.asked == [None]


def test_damaged_cache_is_downloaded_again(client):
    client.fetch()
    (client.cache / "sha256" / SHA256).write_bytes(DATA[:-1])
    assert client.fetch() == SHA256
    assert (client.cache / "sha256" / SHA256).read_bytes() == DATA
    assert any("damaged" in text for text in client.messages)


def test_damaged_url_index(client):
    client.fetch(None)
    (entry,) = (client.cache / "urls").iterdir()
    entry.write_bytes(b"../../../etc/passwd\xff")
    assert client.fetch(None) == SHA256
    assert len(client.asked) == 2


def test_unwritable_cache(client):
    client.cache.parent.mkdir(exist_ok=True)
    client.cache.write_text("a file where the cache should be")
    message = client.fails("can't write")
    assert str(client.cache) in message and "STUDY_CACHE" in message


def test_unwritable_destination(client):
    client.destination = client.cache / "file" / "p.png"
    client.cache.mkdir()
    (client.cache / "file").write_text("")
    client.fails("can't write .*file")


def test_mirror_comes_first(client, tmp_path):
    mirror = tmp_path / "a mirror"
    (mirror / "kodak").mkdir(parents=True)
    (mirror / "kodak" / "image.png").write_bytes(DATA)
    names = ["kodak-4/image.png", "kodak/image.png", "image.png"]
    assert client.fetch(mirror=mirror, names=names) == SHA256
    assert client.asked == [] and not client.cache.exists()


def test_mirror_by_environment_and_last_part_of_url(client, tmp_path, monkeypatch):
    (tmp_path / "image.png").write_bytes(DATA)
    monkeypatch.setenv("STUDY_MIRROR", str(tmp_path))
    assert client.fetch() == SHA256
    assert client.asked == []


def test_mirror_file_of_another_hash_is_told_and_not_used(client, tmp_path):
    (tmp_path / "kodak").mkdir()
    (tmp_path / "kodak" / "image.png").write_bytes(DATA[:-1])
    (tmp_path / "image.png").write_bytes(DATA)
    names = ["kodak/image.png", "image.png"]
    assert client.fetch(mirror=tmp_path, names=names) == SHA256
    assert client.asked == []
    assert "kodak/image.png in the mirror is not used" in client.messages[0] and SHA256 in client.messages[0]
    (tmp_path / "image.png").unlink()
    client.destination.unlink()
    assert client.fetch(mirror=tmp_path, names=names) == SHA256
    assert client.asked == [None]
    client.server.plan[PATH] = [Answer(status=404)]
    client.destination.unlink()
    assert str(tmp_path / "kodak" / "image.png") in client.fails(
        "put it at", mirror=tmp_path, names=names, cache=tmp_path / "new"
    )


def test_mirror_must_be_a_folder(client, tmp_path, monkeypatch):
    client.fails("is not a folder; correct the key `mirror`", mirror=tmp_path / "none")
    monkeypatch.setenv("STUDY_MIRROR", str(tmp_path / "none"))
    client.fails("is not a folder; correct the environment variable STUDY_MIRROR")


def test_cache_folder(monkeypatch, tmp_path):
    for name in ("STUDY_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / ".cache" / "image-compression-study"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache.cache_folder() == tmp_path / ".cache" / "image-compression-study"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.cache_folder() == tmp_path / "xdg" / "image-compression-study"
    monkeypatch.setenv("STUDY_CACHE", "~/mine")
    assert cache.cache_folder() == tmp_path / "mine"
    assert cache.cache_folder("given") == Path("given")
