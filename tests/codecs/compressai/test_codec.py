"""CompressAI's codecs: all models on tiny networks with random weights, and the bundled models."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from study.codecs import registry as codec_registry
from study.codecs.base import Latents
from study.codecs.compressai import architectures, rans, startup
from study.codecs.compressai.codec import Backend
from study.core import paths, readers
from study.core.errors import BitstreamError, CodecError, StudyError
from thinned import one_of_a_kind
from tiny_nets import BUNDLED, NETS, codec, photo

ROOT = paths.ROOT


@pytest.mark.parametrize("model", NETS)
@pytest.mark.parametrize("size", one_of_a_kind([[1, 1], [17, 31], [64, 128], [90, 7]], str, slow=([64, 128], [90, 7])))
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
    assert list(parts) == (["y"] if not architectures.has_hyperprior(model) else ["y", "z"])
    assert one.payload_bytes(bitstream) == sum(parts.values()) >= len(bitstream) - 40
    assert np.unique(latents.y).size > 3


@pytest.mark.parametrize("model", [model for model in NETS if model != "checkerboard"])
def test_strings_are_the_librarys(weights, model):
    """The library's compress gives the same strings (up to what float64 changes), its decompress the same image."""
    one = codec(weights, model)
    rgb = photo(64, 64)
    mine = one.encode(rgb)
    net = architectures.build(model, *NETS[model])
    from safetensors.torch import load_file

    architectures.fill(net, load_file(weights / f"{model}.safetensors"), "test")
    rans.complete(net)
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        theirs = net.eval().compress(x)
        image = net.decompress(theirs["strings"], theirs["shape"])["x_hat"]
    lengths = [len(strings[0]) for strings in theirs["strings"]]
    assert list(one.string_bytes(mine).values()) == pytest.approx(lengths, abs=4)
    difference = np.abs(one.decode(mine) - (image[0] * 255).clamp(0, 255).round().numpy().transpose(1, 2, 0))
    assert np.mean(difference > 1) < 0.01


def test_the_checkerboard_is_the_librarys(weights):
    """The latent is that of CompressAI's CheckerboardLatentCodec with the same layers."""
    from compressai.latent_codecs import CheckerboardLatentCodec, GaussianConditionalLatentCodec

    one = codec(weights, "checkerboard")
    latents = one.analyse(photo(128, 192))
    mine = one.read(one.write(latents))
    net = one._net
    hyper = net.h_s(torch.from_numpy(mine.z)[None].double())
    first = net.entropy_parameters[0]
    first.weight.data = first.weight.roll(-hyper.shape[1], 1)  # the library's takes the context first
    theirs = CheckerboardLatentCodec(
        {"y": GaussianConditionalLatentCodec(quantizer="ste")}, net.entropy_parameters, net.context_prediction
    ).eval()
    with torch.no_grad():
        out = theirs(torch.from_numpy(latents.y)[None].double(), hyper)
    assert np.abs(out["y_hat"][0].numpy() - mine.y).max() < 1e-4


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


@pytest.mark.parametrize("model", ["bmshj2018-factorized", "mbt2018-mean", "mbt2018", "checkerboard"])
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


@pytest.mark.parametrize(
    "model",
    ["bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018-mean", pytest.param("mbt2018", marks=pytest.mark.slow)],
)
def test_damage_that_the_crc_forgives_is_found_by_the_check_value(weights, model):
    """As another machine's floating point would do: all is in order but the probabilities."""
    import zlib

    one = codec(weights, model)
    bitstream = one.encode(photo(64, 64))
    image = one.decode(bitstream)
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(60):
        broken = bytearray(bitstream)
        broken[rng.integers(32, len(broken))] ^= 1 << rng.integers(8)
        broken[4:8] = zlib.crc32(bytes(broken[8:])).to_bytes(4, "little")
        try:
            assert np.array_equal(one.decode(bytes(broken)), image)
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
from study.codecs import registry
torch.set_num_threads(int(sys.argv[2]))
for name, quality, settings, weights, bitstream in json.load(sys.stdin):
    spec = registry.CodecSpec(backend="compressai", settings=settings)
    codec = registry.load(name, quality, spec, Path(weights) if weights else None)
    print(hashlib.sha256(codec.decode(bytes.fromhex(bitstream)).tobytes()).hexdigest())
"""


def decoded_elsewhere(jobs, threads):
    """The sha256 of each image of jobs (codec, bitstream), decoded in another process."""
    asked = [[one.name, one.quality, dict(one.settings), str(one.weights or ""), data.hex()] for one, data in jobs]
    command = [sys.executable, "-c", DECODE, str(ROOT / "scripts"), str(threads)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, text=True, env=environment, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def decoded_here(jobs):
    return [hashlib.sha256(one.decode(data).tobytes()).hexdigest() for one, data in jobs]


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3])
def test_another_process_with_other_threads_decodes_the_same(weights, threads):
    """Also in another order, so with other images decoded before."""
    codings = [codec(weights, model) for model in NETS]
    jobs = [(one, one.encode(photo(*size))) for size in ((100, 130), (64, 64)) for one in codings]
    assert decoded_elsewhere(jobs[::-1], threads)[::-1] == decoded_here(jobs)


@pytest.mark.slow
@pytest.mark.skipif(not BUNDLED, reason="no weights are bundled")
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_bundled_models_decode_the_same_elsewhere(threads):
    codings = [codec_registry.load(*one) for one in BUNDLED]
    jobs = [(one, one.encode(photo(200, 256))) for one in codings]
    assert decoded_elsewhere(jobs[::-1], threads)[::-1] == decoded_here(jobs)


@pytest.mark.parametrize(
    ("name", "quality", "entry"),
    one_of_a_kind(BUNDLED, lambda case: case[0]),
    ids=[f"{name}-{quality}" for name, quality, _ in BUNDLED],
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
    assert sum(path.stat().st_size for path in files) <= 120e6
    used = [(entry.settings, quality) for _, quality, entry in BUNDLED]
    for study in (ROOT / "studies").glob("*.yaml"):
        for own in readers.read_yaml(study).get("define", {}).get("codecs", {}).values():
            if str(own["settings"].get("weights", "")).startswith("models/"):
                used += [(own["settings"], quality) for quality in own["qualities"]]
    source = codec_registry.backend("compressai").weights_source
    assert {ROOT / source(settings, quality).path for settings, quality in used} == set(files)


def test_bad_settings():
    for settings, message in (
        ({"model": "bmshj2018-hyperprio"}, "did you mean 'bmshj2018-hyperprior'"),
        ({"model": "mbt2018", "metric": "psnr"}, "allowed: mse, msssim"),
        ({"model": "mbt2018", "weights": "bundled"}, "quality"),
        ({"model": "mbt2018", "weights": "x/{quality}", "n": [1, 2], "m": 4}, "a number or a list of three numbers"),
        ({"model": "cae", "weights": "x/{quality}", "n": 4, "m": 4}, "allowed: a list of two numbers"),
        ({"model": "checkerboard", "weights": "x/{quality}", "n": 4, "m": 4, "h": [1, 2, 3]}, "five numbers"),
        ({"model": "cheng2020-anchor", "weights": "x/{quality}", "n": [1, 2, 3], "m": 4}, "allowed: a number,"),
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
