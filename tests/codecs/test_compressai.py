"""CompressAI's codecs: all models on tiny nets with random weights, the bundled models, published files."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from server import Server
from study.codecs import registry as codec_registry
from study.codecs.base import Latents
from study.codecs.compressai import architectures, rans, startup, zoo
from study.codecs.compressai.codec import Backend
from study.core.errors import BitstreamError, CodecError, StudyError
from study.images import cache
from study.planning import catalogue

ROOT = Path(__file__).resolve().parents[2]
NETS = {
    "bmshj2018-factorized": ([4, 6, 8], 12, None),
    "bmshj2018-factorized-relu": (6, 8, None),
    "b2018-gdn": (6, 8, None),
    "b2018-leaky_relu": ([4, 6, 8], 12, None),
    "bmshj2018-hyperprior": ([4, 6, 8], 12, [4, 6, 8]),
    "mbt2018-mean": ([4, 6, 8], 12, [4, 6, 8]),
    "mbt2018": (6, 8, None),
    "cheng2020-anchor": (8, 8, None),
    "cheng2020-attn": (8, 8, None),
}
SERIAL = ("mbt2018", "cheng2020-anchor", "cheng2020-attn")
BUNDLED = [
    (name, quality, entry)
    for name, entry in catalogue.codecs().items()
    if entry["backend"] == "compressai" and str(entry["settings"].get("weights", "")).startswith("models/")
    for quality in entry["qualities"]
]


def photo(height, width):
    return np.ascontiguousarray(skimage.data.astronaut()[40 : 40 + height, 130 : 130 + width])


def random_net(model, n, m, h):
    """A network whose latents spread over many symbols, which those of fresh random weights don't."""
    torch.manual_seed(3)
    net = architectures.build(model, n, m, h).eval()
    with torch.no_grad():
        for name, part in net.named_children():
            if name in ("g_a", "h_a"):
                last = [module for module in part.modules() if isinstance(module, torch.nn.Conv2d)][-1]
                last.weight.mul_(60.0 if name == "g_a" else 8.0)
    net.entropy_bottleneck.update(force=True, update_quantiles=True)
    return net


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Files of weights by model."""
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("weights")
    for model, (n, m, h) in NETS.items():
        save_file(architectures.state(random_net(model, n, m, h)), folder / f"{model}.safetensors")
    return folder


def codec(weights, model, name="codec"):
    n, m, h = NETS[model]
    path = weights / f"{model}.safetensors"
    settings = {"model": model, "n": n, "m": m, "h": h, "weights": str(weights / "{quality}.safetensors")}
    return Backend(name, 1, settings, path)


@pytest.mark.parametrize("model", NETS)
@pytest.mark.parametrize("size", [(1, 1), (17, 31), (64, 128), (90, 7)])
def test_round_trip(weights, model, size):
    one, other = codec(weights, model), codec(weights, model)
    rgb = photo(*size)
    bitstream = one.encode(rgb)
    decoded = other.decode(bitstream)
    assert decoded.shape == rgb.shape and decoded.dtype == np.uint8
    assert np.array_equal(decoded, one.decode(bitstream))
    latents = other.read(bitstream)
    assert other.write(latents) == bitstream
    assert other.write(Latents(one.analyse(rgb).y, None, latents.size)) == bitstream
    parts = one.string_bytes(bitstream)
    assert list(parts) == (["y"] if "factorized" in model or "b2018" in model else ["y", "z"])
    assert one.payload_bytes(bitstream) == sum(parts.values()) >= len(bitstream) - 40
    assert np.unique(latents.y).size > 3


@pytest.mark.parametrize("model", NETS)
def test_strings_are_the_librarys(weights, model):
    """The library's compress gives the same strings (up to what float64 changes), its decompress the same image."""
    one = codec(weights, model)
    rgb = photo(64, 64)
    mine = one.encode(rgb)
    net = architectures.build(model, *NETS[model])
    from safetensors.torch import load_file

    architectures.fill(net, load_file(one._path()), "test")
    rans.complete(net)
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        theirs = net.eval().compress(x)
        picture = net.decompress(theirs["strings"], theirs["shape"])["x_hat"]
    lengths = [len(strings[0]) for strings in theirs["strings"]]
    assert list(one.string_bytes(mine).values()) == pytest.approx(lengths, abs=4)
    difference = np.abs(one.decode(mine) - (picture[0] * 255).clamp(0, 255).round().numpy().transpose(1, 2, 0))
    assert np.mean(difference > 1) < 0.01


def test_tables_are_the_librarys():
    google, _, _ = startup.load()
    plain, mine = google.ScaleHyperprior(4, 6), google.ScaleHyperprior(4, 6)
    plain.update()
    rans.complete(mine)
    for name in ("quantized_cdf", "cdf_length", "offset", "scale_table"):
        assert torch.equal(getattr(plain.gaussian_conditional, name), getattr(mine.gaussian_conditional, name))


def test_scale_indexes_are_the_librarys():
    google, _, _ = startup.load()
    net = google.ScaleHyperprior(4, 6)
    rans.complete(net)
    table = net.gaussian_conditional.scale_table
    scales = torch.cat(
        [table, table.nextafter(torch.tensor(0.0)), table.nextafter(torch.tensor(1e9)), torch.rand(500) * 300]
    )
    scales = torch.cat([scales, -torch.rand(9), torch.zeros(1)])
    mine = rans.scale_indexes(scales.double().numpy(), table.double().numpy())
    assert np.array_equal(mine, net.gaussian_conditional.build_indexes(scales).numpy())


def test_large_symbols_survive(weights):
    one = codec(weights, "bmshj2018-hyperprior")
    latents = one.analyse(photo(64, 64))
    latents.y[0, 0] = [-(2.0**20) + 1, 2.0**20 - 1, 5000, -70000]
    assert np.array_equal(one.read(one.write(latents)).y, np.rint(latents.y))


@pytest.mark.parametrize("wrong", ["nan", "huge", "shape", "type", "z"])
def test_latents_that_cant_be_written(weights, wrong):
    one = codec(weights, "bmshj2018-factorized")
    latents = one.analyse(photo(40, 40))
    y, z = latents.y.copy(), None
    if wrong in ("nan", "huge"):
        y[0, 0, 0] = np.nan if wrong == "nan" else 1e9
    elif wrong == "z":
        z = np.zeros((4, 1, 1), np.float32)
    else:
        y = y[1:] if wrong == "shape" else y.astype(np.float64)
    with pytest.raises(CodecError):
        one.write(Latents(y, z, latents.size))


@pytest.mark.parametrize("model", ["bmshj2018-factorized", "mbt2018-mean", "mbt2018"])
def test_damage_is_found(weights, model):
    one = codec(weights, model)
    bitstream = one.encode(photo(64, 64))
    rng = np.random.default_rng(1)
    for _ in range(150):
        broken = bytearray(bitstream)
        if rng.random() < 0.3:
            broken = broken[: rng.integers(len(broken))]
        else:
            broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        with pytest.raises(BitstreamError):
            one.decode(bytes(broken))


@pytest.mark.parametrize("model", ["bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018-mean", "mbt2018"])
def test_damage_that_the_crc_forgives_is_found_by_the_check_value(weights, model):
    """As another machine's floating point would do: all is in order but the probabilities."""
    import zlib

    one = codec(weights, model)
    bitstream = one.encode(photo(64, 64))
    picture = one.decode(bitstream)
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(60):
        broken = bytearray(bitstream)
        broken[rng.integers(32, len(broken))] ^= 1 << rng.integers(8)
        broken[4:8] = zlib.crc32(bytes(broken[8:])).to_bytes(4, "little")
        try:
            assert np.array_equal(one.decode(bytes(broken)), picture)
        except BitstreamError:
            wrong += 1
    assert wrong > 40


def test_other_codec_and_other_weights(weights):
    bitstream = codec(weights, "b2018-gdn", "one").encode(photo(20, 20))
    with pytest.raises(BitstreamError, match="another codec than two"):
        codec(weights, "b2018-gdn", "two").decode(bitstream)
    with pytest.raises(BitstreamError, match="other weights"):
        codec(weights, "bmshj2018-factorized", "one").decode(bitstream)


DECODE = """
import sys, hashlib, json, torch
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from study.codecs import registry as codecs
torch.set_num_threads(int(sys.argv[2]))
for name, quality, settings, weights, bitstream in json.load(sys.stdin):
    spec = {"backend": "compressai", "settings": settings}
    codec = codecs.load(name, quality, spec, Path(weights) if weights else None)
    print(hashlib.sha256(codec.decode(bytes.fromhex(bitstream)).tobytes()).hexdigest())
"""


def decoded_elsewhere(jobs, threads):
    """The sha256 of each image of jobs (codec, bitstream), decoded in another process."""
    told = [[one.name, one.quality, dict(one.settings), str(one.weights or ""), data.hex()] for one, data in jobs]
    command = [sys.executable, "-c", DECODE, str(ROOT / "scripts"), str(threads)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def decoded_here(jobs):
    return [hashlib.sha256(one.decode(data).tobytes()).hexdigest() for one, data in jobs]


@pytest.mark.parametrize("threads", [2, 3])
def test_another_process_with_other_threads_decodes_the_same(weights, threads):
    """Also in another order, so with other images decoded before."""
    codings = [codec(weights, model) for model in NETS]
    jobs = [(one, one.encode(photo(*size))) for size in ((100, 130), (64, 64)) for one in codings]
    assert decoded_elsewhere(jobs[::-1], threads)[::-1] == decoded_here(jobs)


@pytest.mark.skipif(not BUNDLED, reason="no weights are bundled")
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_bundled_models_decode_the_same_elsewhere(threads):
    codings = [codec_registry.load(*one) for one in BUNDLED]
    jobs = [(one, one.encode(photo(200, 256))) for one in codings]
    assert decoded_elsewhere(jobs[::-1], threads)[::-1] == decoded_here(jobs)


@pytest.mark.parametrize(
    ("name", "quality", "entry"), BUNDLED, ids=[f"{name}-{quality}" for name, quality, _ in BUNDLED]
)
def test_bundled(name, quality, entry):
    """Every bundled model: its file is there, it makes an image, and damage is found (2,000 cases over all models)."""
    one = codec_registry.load(name, quality, entry)
    assert one.skip() is None
    rgb = photo(200, 256)
    bitstream = one.encode(rgb)
    error = np.mean((one.decode(bitstream).astype(float) - rgb) ** 2)
    assert error < (400 if "msssim" in name else 250)
    rng = np.random.default_rng(4)
    for _ in range(-(-2000 // len(BUNDLED))):
        broken = bytearray(bitstream)
        if rng.random() < 0.2:
            broken = broken[: rng.integers(len(broken))]
        else:
            broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        with pytest.raises(BitstreamError):
            one.decode(bytes(broken))


def test_bundled_files_and_their_size():
    files = list((ROOT / "models").rglob("*.safetensors"))
    assert sum(path.stat().st_size for path in files) <= 60e6
    listed = {
        ROOT / codec_registry.backend("compressai").weights_source(entry["settings"], quality).path
        for _, quality, entry in BUNDLED
    }
    assert listed == set(files)


def test_bad_settings():
    for settings, message in (
        ({"model": "bmshj2018-hyperprio"}, "did you mean 'bmshj2018-hyperprior'"),
        ({"model": "mbt2018", "metric": "psnr"}, "allowed: mse, msssim"),
        ({"model": "mbt2018", "weights": "bundled"}, "quality"),
        ({"model": "mbt2018", "weights": "x/{quality}", "n": [1, 2, 3], "m": 4}, "n is"),
        ({"model": "b2018-gdn", "weights": "x/{quality}", "n": 3, "m": 0}, "m is 0"),
        ({"model": "b2018-gdn", "weights": "x/{quality}", "n": 3, "m": 4, "h": [1, 2, 3]}, "h is"),
        ({"model": "bmshj2018-factorized-relu"}, "published no weights"),
        ({"model": "mbt2018", "device": "tpu"}, "device"),
    ):
        with pytest.raises(StudyError, match=message):
            Backend("codec", 1, settings)
    with pytest.raises(StudyError, match="quality 9"):
        Backend("codec", 9, {"model": "mbt2018"})


def test_missing_weights_are_a_reason_to_skip(tmp_path):
    settings = {"model": "mbt2018", "weights": "nowhere/{quality}.safetensors", "n": 4, "m": 4}
    assert "nowhere/1.safetensors are missing" in Backend("codec", 1, settings).skip()
    assert "download it from https://" in Backend("codec", 2, {"model": "mbt2018"}, tmp_path / "none").skip()


def test_weights_of_another_network(weights):
    settings = {"model": "b2018-gdn", "n": 5, "m": 8, "weights": "x/{quality}"}
    with pytest.raises(StudyError, match="don't fit the network"):
        Backend("codec", 1, settings, weights / "b2018-gdn.safetensors").encode(photo(9, 9))


def test_the_short_import_is_the_library():
    """In a fresh process each: the short way loads none of the heavy packages, and the same source."""
    code = """
import sys, inspect, hashlib; sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "plain":
    import compressai
from study.codecs.compressai import startup as library
google, waseda, layers = library.load()
text = "".join(inspect.getsource(module) for module in (google, waseda, layers))
heavy = [name for name in ("torch_geometric", "torchvision") if name in sys.modules]
print(hashlib.sha256(text.encode()).hexdigest(), *heavy)
"""
    found = [
        subprocess.run(
            [sys.executable, "-c", code, str(ROOT / "scripts"), way], capture_output=True, text=True, check=True
        )
        for way in ("short", "plain")
    ]
    short, plain = (done.stdout.split() for done in found)
    assert short == plain[:1] and plain[1:]


def test_the_long_import_takes_over_with_a_warning():
    code = """
import sys, warnings; sys.path.insert(0, sys.argv[1])
from study.codecs.compressai import startup as library
library.PACKAGES = ("compressai", "compressai.no_such_package.at_all")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    google, _, _ = library.load()
print(google.ScaleHyperprior(4, 4).N, any("in full" in str(warning.message) for warning in caught))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "scripts")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["4", "True"]


# Published files


def test_the_librarys_table():
    found = zoo.weights("bmshj2018-hyperprior", "mse", 3)
    assert found.file == "bmshj2018-hyperprior-3-6d87be32.pth.tar" and found.sha256 == "6d87be32"
    assert found.url.startswith("https://") and found.url.endswith(found.file)
    for model in set(architectures.MODELS) - {"bmshj2018-factorized-relu", "b2018-gdn", "b2018-leaky_relu"}:
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


@pytest.mark.parametrize(("model", "quality"), PUBLISHED)
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
