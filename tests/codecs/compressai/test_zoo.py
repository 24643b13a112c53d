"""Published weights: the library's table, files of a published structure, and files that harm."""

from __future__ import annotations

import hashlib
import io
import os
import pickle

import pytest
import torch

from server import Server
from study.codecs.compressai import architectures, zoo
from study.codecs.compressai.codec import Backend
from study.core import paths
from study.core.errors import StudyError
from study.images import cache
from thinned import one_of_a_kind
from tiny_nets import codec, photo

ROOT = paths.ROOT


def test_the_librarys_table():
    weights = zoo.weights("bmshj2018-hyperprior", "mse", 3)
    assert weights.file == "bmshj2018-hyperprior-3-6d87be32.pth.tar" and weights.sha256 == "6d87be32"
    assert weights.url.startswith("https://") and weights.url.endswith(weights.file)
    ours = {"bmshj2018-factorized-relu", "b2018-gdn", "b2018-leaky_relu", "hific", "checkerboard", "cae"}
    for model in set(architectures.MODELS) - ours:
        for metric in ("mse", "msssim"):
            for quality in range(1, 7 if "cheng" in model else 9):
                assert len(zoo.weights(model, metric, quality).sha256) == 8


PUBLISHED = [("bmshj2018-factorized", 1), ("bmshj2018-factorized", 6), ("bmshj2018-hyperprior", 5), ("mbt2018-mean", 8)]


def published_file(model, quality):
    """A file of a published one's structure: the older names, the tables of an earlier update, random weights."""
    n, m = zoo.widths(model, quality)
    torch.manual_seed(1)
    net = architectures.build(model, n, m)
    net.update(force=True)
    old = {}
    for name, value in net.state_dict().items():
        for new, plural in (("matrices.", "_matrices."), ("biases.", "_biases."), ("factors.", "_factors.")):
            name = name.replace(f"entropy_bottleneck.{new}", f"module.entropy_bottleneck.{plural}")
        old[name.replace("module.", "")] = value
    content = io.BytesIO()
    torch.save(old, content)
    return content.getvalue()


@pytest.fixture
def site(monkeypatch, tmp_path):
    """A server whose files stand in the library's table, with their hashes in their names."""
    for name in ("STUDY_MIRROR", "STUDY_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        tables = dict(zoo._tables())

        def publish(model, quality, data, digest=None):
            path = f"/{model}-{quality}-{digest or hashlib.sha256(data).hexdigest()[:8]}.pth.tar"
            server.files[path] = data
            tables["model_urls"] = {model: {"mse": {quality: server.url(path)}}}
            monkeypatch.setattr(zoo, "_tables", lambda: tables)
            settings = {"model": model}
            source = Backend.weights_source(settings, quality)
            target = tmp_path / source.file
            patience = cache.Patience(tries=2, wait=0.001, longest_wait=0.01, connect=2.0, stall=0.5)
            said = []
            cache.fetch(
                source.url, target, source.sha256, cache=tmp_path / "cache", patience=patience, tell=said.append
            )
            return Backend("published", quality, settings, target)

        publish.server = server
        yield publish


@pytest.mark.parametrize(("model", "quality"), one_of_a_kind(PUBLISHED, lambda case: "file"))
def test_published_file(site, model, quality):
    one = site(model, quality, published_file(model, quality))
    assert one.skip() is None
    bitstream = one.encode(photo(64, 64))
    assert one.decode(bitstream).shape == (64, 64, 3)
    assert zoo.widths(model, quality) == (one._net.N, one._net.M)


def test_published_file_of_another_hash(site, tmp_path):
    with pytest.raises(StudyError, match="sha256"):
        site("mbt2018", 1, b"another file", digest="0123abcd")
    assert not list(tmp_path.glob("*.pth.tar"))


def test_published_file_that_isnt_there(site, tmp_path):
    with pytest.raises(StudyError, match="404"):
        data = b"weights"
        site.server.files = type("Nothing", (dict,), {"get": lambda *_: None})()
        site("mbt2018", 1, data)
    assert not list(tmp_path.glob("*.pth.tar"))


def test_truncated_file_of_the_right_name(tmp_path):
    data = published_file("bmshj2018-factorized", 1)
    path = tmp_path / "cut.pth.tar"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(StudyError, match="damaged: sha256"):
        Backend("published", 1, {"model": "bmshj2018-factorized"}, path).encode(photo(8, 8))
    own = {"model": "bmshj2018-factorized", "n": 128, "m": 192, "weights": "x/{quality}"}
    with pytest.raises(StudyError, match="no file of tensors"):
        Backend("own", 1, own, path).encode(photo(8, 8))


class Evil:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("form", ["pickle", "torch"])
def test_a_pickle_that_runs_code_is_refused(site, tmp_path, form):
    content = io.BytesIO()
    (pickle.dump if form == "pickle" else torch.save)({"weight": Evil(tmp_path / "ran")}, content)
    one = site("mbt2018", 1, content.getvalue())
    with pytest.raises(StudyError, match="no file of tensors"):
        one.encode(photo(8, 8))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("tensor", ["g_a.0.weight", "h_s.0.bias", "entropy_bottleneck.quantiles"])
def test_weights_that_are_not_finite_are_refused(weights, tmp_path, tensor, value):
    from safetensors.torch import load_file, save_file

    content = load_file(codec(weights, "mbt2018-mean")._path())
    content[tensor].view(-1)[0] = value
    path = tmp_path / "3.safetensors"
    save_file(content, path)
    own = codec(weights, "mbt2018-mean")
    own.weights = path
    with pytest.raises(StudyError, match=f"{tensor}' hold values that are not finite"):
        own.encode(photo(8, 8))


def test_other_content_is_refused(tmp_path):
    content = io.BytesIO()
    torch.save({"state_dict": {"epoch": 3}}, content)
    path = tmp_path / "x.pth.tar"
    path.write_bytes(content.getvalue())
    own = {"model": "mbt2018", "n": 4, "m": 4, "weights": "x/{quality}"}
    with pytest.raises(StudyError, match="other things than tensors"):
        Backend("own", 1, own, path).encode(photo(8, 8))
