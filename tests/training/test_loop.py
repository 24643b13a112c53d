"""Training: resumed equals uninterrupted, a warm start is what it says, the files are what the codec loads."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from study.codecs.compressai import architectures
from study.codecs.compressai.codec import Backend
from study.core.errors import StudyError
from study.training import crops as training_crops
from study.training import loop
from tiny_nets import NETS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TINY = loop.Recipe("bmshj2018-hyperprior", "mse", [4, 6, 8], 12, [4, 6, 8], 0.01, 150, batch=2, crop=64, warmup=5)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    (folder / "in" / "deep").mkdir(parents=True)
    Image.fromarray(skimage.data.astronaut()).save(folder / "in" / "a.png")
    Image.fromarray(skimage.data.coffee()).save(folder / "in" / "deep" / "b.png")
    assert training_crops.pack(folder / "in", folder / "photos.npz", longest=300) == 2
    return folder / "photos.npz"


@pytest.fixture(scope="module")
def crops(packed):
    return training_crops.Crops(training_crops.unpack(packed), 64, 1)


@pytest.fixture(scope="module")
def trained(crops, tmp_path_factory):
    """A trained network's file, its log, and the folder."""
    folder = tmp_path_factory.mktemp("trained")
    net, log = loop.train(TINY, crops, folder / "checkpoint")
    loop.save(net, TINY, folder / "1.safetensors", {"start": "none"})
    return folder / "1.safetensors", log, net


def recipe(**changes):
    return dataclasses.replace(TINY, **changes)


def test_packing(packed):
    images = training_crops.unpack(packed)
    assert [image.shape for image in images] == [(300, 300, 3), (200, 300, 3)]


def test_packing_nothing(tmp_path):
    with pytest.raises(StudyError, match="holds no images"):
        training_crops.pack(tmp_path, tmp_path / "out.npz")
    (tmp_path / "x.npz").write_bytes(b"no")
    with pytest.raises(StudyError, match="no file of packed photos"):
        training_crops.unpack(tmp_path / "x.npz")


def test_crops_depend_on_seed_and_step_alone(packed, crops):
    other = training_crops.Crops(training_crops.unpack(packed), 64, 1)
    first, second = other.batch(0, 3), other.batch(1, 3)
    assert np.array_equal(crops.batch(1, 3), second) and not np.array_equal(first, second)
    assert first.shape == (3, 64, 64, 3) and first.dtype == np.uint8
    assert not np.array_equal(training_crops.Crops(other.images, 64, 2).batch(0, 3), first)
    with pytest.raises(StudyError, match="at least 400 pixels"):
        training_crops.Crops(other.images, 400, 1)


def test_training_lowers_the_loss(trained):
    _, log, _ = trained
    assert [row["step"] for row in log] == [50, 100, 150]
    assert log[-1]["loss"] < 0.75 * log[0]["loss"]
    assert all(row["loss"] == pytest.approx(row["bpp"] + TINY.lam * row["distortion"], rel=1e-3) for row in log)


@pytest.mark.parametrize("model", ["bmshj2018-hyperprior", "bmshj2018-factorized", "mbt2018"])
def test_resumed_equals_uninterrupted(tmp_path, crops, model):
    hyper = {"bmshj2018-factorized": None, "mbt2018": [*TINY.h, 5, 24]}.get(model, TINY.h)
    short = recipe(model=model, h=hyper, steps=120)
    whole, log = loop.train(short, crops, tmp_path / "one")
    loop.train(short, crops, tmp_path / "two", every=50, stop=70)
    resumed, resumed_log = loop.train(short, crops, tmp_path / "two", every=50)
    assert log == resumed_log
    for (name, one), two in zip(whole.named_parameters(), resumed.parameters()):
        assert torch.equal(one, two), name


def test_averaged_weights_are_those_of_the_formula_also_when_resumed(tmp_path, crops, monkeypatch):
    short, weights, step = recipe(steps=120, average=0.9), [], loop._step

    def noted(net, *arguments):
        values = step(net, *arguments)
        weights.append(net.g_a[0].weight.detach().double().clone())
        return values

    monkeypatch.setattr(loop, "_step", noted)
    start = loop.train(recipe(steps=1, lr=1e-12), crops, tmp_path / "none")[0].g_a[0].weight.detach().double()
    weights.clear()
    whole, _ = loop.train(short, crops, tmp_path / "one")
    expected = start
    for number, value in enumerate(weights):
        kept = min(0.9, (1 + number) / (10 + number))
        expected = kept * expected + (1 - kept) * value
    assert torch.allclose(whole.g_a[0].weight.double(), expected, atol=1e-6)
    assert not torch.allclose(whole.g_a[0].weight.double(), weights[-1], atol=1e-4)
    monkeypatch.undo()
    loop.train(short, crops, tmp_path / "two", every=50, stop=70)
    resumed, _ = loop.train(short, crops, tmp_path / "two", every=50)
    for (name, one), two in zip(whole.named_parameters(), resumed.parameters()):
        assert torch.equal(one, two), name


@pytest.mark.parametrize("changes", [{"average": 1.0}, {"average": -0.1}, {"average": float("nan")}])
def test_an_average_that_keeps_all_or_less_than_nothing_is_refused(changes):
    with pytest.raises(StudyError, match="average must be at least 0 and less than 1"):
        recipe(**changes)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path, crops):
    loop.train(recipe(steps=60), crops, tmp_path / "it", every=50)
    with pytest.raises(StudyError, match="of another recipe"):
        loop.train(recipe(steps=60, lam=0.5), crops, tmp_path / "it")
    (tmp_path / "it").write_bytes(b"half a file")
    with pytest.raises(StudyError, match="can't be read"):
        loop.train(recipe(steps=60), crops, tmp_path / "it")


@pytest.mark.parametrize(
    "model", ["bmshj2018-hyperprior", "mbt2018-mean", "mbt2018", "bmshj2018-factorized", "b2018-leaky_relu", "cae"]
)
def test_warm_start_scales_the_latent(tmp_path, crops, model):
    """With four times the lambda the latent is twice as large, and everything else is the same."""
    n, m, h = NETS[model]
    one = recipe(model=model, n=n, m=m, h=[*TINY.h, 5, 24] if model == "mbt2018" else h, steps=1)
    net, _ = loop.train(one, crops, tmp_path / "checkpoint")
    loop.save(net, one, tmp_path / "start.safetensors")
    start = architectures.build(one.model, one.n, one.m, one.h)
    architectures.fill(start, load_file(tmp_path / "start.safetensors"), "start")
    scaled = architectures.build(one.model, one.n, one.m, one.h)
    loop.warm_start(scaled, tmp_path / "start.safetensors", dataclasses.replace(one, lam=4 * one.lam))
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        y, double = start.g_a(x), scaled.g_a(x)
        assert torch.allclose(double, 2 * y, rtol=1e-4, atol=1e-5)
        assert torch.allclose(scaled.g_s(2 * y), start.g_s(y), rtol=1e-3, atol=1e-4)
        if one.h:
            assert torch.allclose(scaled.h_a(2 * y), start.h_a(y), rtol=1e-3, atol=1e-4)
            z = start.h_a(y)
            parameters = [_distributions(*pair, z) for pair in ((start, y), (scaled, 2 * y))]
            assert torch.allclose(parameters[1], 2 * parameters[0], rtol=1e-3, atol=1e-4)
        else:
            flat = y.permute(1, 0, 2, 3).reshape(y.shape[1], 1, -1)
            logits = [
                net.entropy_bottleneck._logits_cumulative(values, stop_gradient=True)
                for net, values in ((start, flat), (scaled, 2 * flat))
            ]
            assert torch.allclose(*logits, rtol=1e-3, atol=1e-3)


def _distributions(net, y, z):
    """What the distributions of a latent y are made of."""
    if not hasattr(net, "context_prediction"):
        return net.h_s(z)
    return net.entropy_parameters(torch.cat((net.h_s(z), net.context_prediction(y)), 1))


def test_warm_start_from_another_model_takes_the_transforms(trained, tmp_path):
    path, _, _ = trained
    one = recipe(model="bmshj2018-factorized", h=None)
    net = architectures.build(one.model, one.n, one.m, one.h)
    loop.warm_start(net, path, one)
    assert torch.equal(net.g_a[0].weight, load_file(path)["g_a.0.weight"].float())
    other = architectures.build("bmshj2018-factorized", [5, 5, 5], 7)
    with pytest.raises(StudyError, match="none of its transforms"):
        loop.warm_start(other, path, recipe(model="bmshj2018-factorized", h=None, n=[5, 5, 5], m=7))
    (tmp_path / "no.safetensors").write_bytes(b"nothing")
    with pytest.raises(StudyError, match="can't start from"):
        loop.warm_start(net, tmp_path / "no.safetensors", one)


def test_the_start_from_principal_components(packed):
    """Before any step, the transforms rebuild photos as the components do; also with shifted leaky ReLUs."""
    from study.training import pca_init

    crops = training_crops.Crops(training_crops.unpack(packed), 64, 1)
    x = torch.from_numpy(crops.batch(5, 8)).permute(0, 3, 1, 2).float() / 255
    for model in ("bmshj2018-factorized", "b2018-leaky_relu"):
        net = architectures.build(model, [16, 24, 32], 64)
        pca_init.start(net, crops.batch(7, 32), 0.015)
        with torch.no_grad():
            y = net.g_a(x)
            assert 10 * torch.log10(1 / (net.g_s(y) - x).square().mean()) > 22
            pca_init.fit_prior(net.entropy_bottleneck, y)
            _, likelihood = net.entropy_bottleneck.train()(y)
        assert -likelihood.log2().sum() / x[:, 0].numel() < 1.5


def test_the_file_is_what_the_codec_loads(trained):
    path, _, net = trained
    with safe_open(path, "pt") as file:
        said = architectures.from_metadata(file.metadata())
    assert said["model"] == TINY.model and said["n"] == "[4, 6, 8]" and float(said["lam"]) == TINY.lam
    loop.save(net, TINY, path.with_name("again.safetensors"), {"start": "none"})
    assert path.read_bytes() == path.with_name("again.safetensors").read_bytes()
    stored = load_file(path)
    assert stored["g_a.0.weight"].dtype == torch.float16 and stored["g_a.1.gamma"].dtype == torch.float32
    settings = {
        "model": TINY.model,
        "n": TINY.n,
        "m": TINY.m,
        "h": TINY.h,
        "weights": str(path.with_name("{quality}.safetensors")),
    }
    codec = Backend("trained", 1, settings)
    rgb = np.ascontiguousarray(skimage.data.astronaut()[:128, 128:256])
    bitstream = codec.encode(rgb)
    assert np.mean((codec.decode(bitstream).astype(float) - rgb) ** 2) < 3000
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    torch.manual_seed(0)
    with torch.no_grad():
        bits = loop.rate_distortion(net, x, recipe(precision="f32"))[0].item() * x[0, 0].numel()
    assert codec.payload_bytes(bitstream) * 8 == pytest.approx(bits, rel=0.3, abs=200)


@pytest.mark.parametrize(
    ("model", "metric"),
    [
        *((model, metric) for model in ("mbt2018", "bmshj2018-factorized-relu") for metric in ("mse", "msssim")),
        ("checkerboard", "mse"),
        ("cheng2020-anchor", "mse"),
        ("cae", "mse"),
    ],
)
def test_other_models_and_distortions_train(tmp_path, packed, model, metric):
    one = loop.Recipe(model, metric, *NETS[model], 5.0, 3, batch=1, crop=192, precision="f32")
    torch.manual_seed(one.seed)
    first = dict(architectures.build(model, one.n, one.m, one.h).named_parameters())
    net, _ = loop.train(one, training_crops.Crops(training_crops.unpack(packed), 192, 1), tmp_path / "checkpoint")
    for name, parameter in net.named_parameters():
        assert torch.isfinite(parameter).all()
        assert name.endswith("quantiles") or not torch.equal(parameter, first[name]), name


def test_the_learning_rate():
    one = recipe(steps=100, lr=1.0, warmup=10, decay=0.5)
    rates = [one.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == rates[50] == pytest.approx(1.0)
    assert rates[75] == pytest.approx(0.5) and 0 < rates[99] < 0.01
    assert all(after <= before for before, after in itertools.pairwise(rates[10:]))


def test_bad_recipes():
    for changes, message in (
        ({"metric": "psnr"}, "metric 'psnr'"),
        ({"crop": 100}, "crop of 100"),
        ({"metric": "msssim", "crop": 128}, "crop of 128"),
        ({"precision": "f16"}, "precision"),
        ({"steps": 0}, "steps"),
        ({"n": 0}, "n is 0"),
    ):
        with pytest.raises(StudyError, match=message):
            recipe(**changes)


def test_the_script(tmp_path, packed):
    """Killed or not, the script ends with the weights and the log, and without its checkpoint."""
    options = {
        "photos": packed, "model": "b2018-gdn", "metric": "mse", "n": "[4,6,8]", "m": 12, "lam": 0.01, "steps": 50,
        "batch": 1, "crop": 64, "checkpoint": tmp_path / "c", "log": tmp_path / "log.csv",
        "out": tmp_path / "out.safetensors",
    }  # fmt: skip
    command = [sys.executable, ROOT / "scripts" / "train.py"]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log.csv").read_text().startswith("step,bpp,distortion,loss\n50,")
    assert (tmp_path / "out.safetensors").exists() and not (tmp_path / "c").exists()
    wrong = subprocess.run([*command, "--metric", "psnr"], capture_output=True, text=True, timeout=600)
    assert wrong.returncode == 1 and wrong.stderr.startswith("error: metric 'psnr'")
