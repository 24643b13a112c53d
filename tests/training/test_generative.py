"""Training against a discriminator: what it starts from and keeps, its losses, interruptions, and what stops it."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import math

import numpy as np
import pytest
import skimage.data
import torch
from safetensors.torch import load_file

from study.codecs.compressai import architectures, startup
from study.codecs.compressai.codec import Backend
from study.core import atomic_io
from study.core.errors import StudyError
from study.metrics import lpips, network_weights
from study.training import crops as training_crops
from study.training import discriminator, generative, loop, perceptual

startup.load()  # before the generator's module, which imports parts of the library
from study.codecs.compressai import generator  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        network_weights.missing("alexnet") is not None, reason="`make perceptual` installs the weights of LPIPS"
    ),
]

WIDTHS = {"n": [4, 6, 8], "m": 12, "h": [4, 6, 8]}
PARENT = loop.Recipe("mbt2018-mean", "mse", *WIDTHS.values(), 0.01, 100, batch=2, crop=64, warmup=5, precision="f32")
TINY = loop.Recipe(
    "hific", "perceptual", *WIDTHS.values(), 0.001, 200, batch=2, crop=64, lr=1e-3, warmup=5, precision="f32",
    pretraining=0.5, pattern=0.01,
)  # fmt: skip


@pytest.fixture(scope="module")
def crops():
    images = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.rocket(), skimage.data.chelsea()]
    return training_crops.Crops(images, 64, 1)


@pytest.fixture(scope="module")
def parent(crops, tmp_path_factory):
    """The file of a mean-scale hyperprior."""
    folder = tmp_path_factory.mktemp("parent")
    net, _ = loop.train(PARENT, crops, folder / "checkpoint")
    loop.save(net, PARENT, folder / "1.safetensors")
    return folder / "1.safetensors"


@pytest.fixture(scope="module")
def trained(crops, parent, tmp_path_factory):
    """A whole training: the network and the log."""
    return generative.train(TINY, crops, tmp_path_factory.mktemp("trained") / "checkpoint", parent)


def recipe(**changes):
    return dataclasses.replace(TINY, **changes)


def images(crops, step=0):
    return torch.from_numpy(crops.batch(step, 2)).permute(0, 3, 1, 2).float() / 255


def test_the_loss_is_the_metric():
    image = skimage.data.coffee()[:96, :128]
    other = np.clip(image.astype(int) + np.random.default_rng(1).integers(-40, 40, image.shape), 0, 255).astype(
        np.uint8
    )
    one, two = (torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255 for rgb in (other, image))
    loss = perceptual.Lpips()
    assert loss(one, two).item() == pytest.approx(lpips.distance(image, other, "alexnet"), rel=1e-4)
    assert loss(two, two).item() == 0
    flat = torch.zeros(1, 3, 64, 64, requires_grad=True)
    assert torch.isfinite(torch.autograd.grad(loss(flat, flat.detach() + 0.5).sum(), flat)[0]).all()


@pytest.mark.parametrize("period", [2, 4, 8])
def test_a_regular_pattern_is_told_from_noise_and_hidden_by_texture(period):
    chance = torch.Generator().manual_seed(3)
    flat = torch.full((1, 3, 100, 70), 0.5)
    noise = torch.randn(flat.shape, generator=chance) * 2 / 255
    repeated = noise[..., :period, :period].repeat(1, 1, 100 // period + 1, 70 // period + 1)[..., :100, :70]
    variance = repeated[..., :period, :period].mul(255).var((2, 3), correction=0).mean().item()
    assert perceptual.pattern(flat + repeated, flat).item() == pytest.approx(variance, rel=1e-3)
    assert perceptual.pattern(flat + noise, flat).item() < 0.1 * 2**2
    assert perceptual.pattern(flat + 0.1, flat).item() == pytest.approx(0, abs=1e-6)
    texture = flat + torch.randn(flat.shape, generator=chance) * 20 / 255
    assert perceptual.pattern(texture + repeated, texture).item() < 0.2 * variance


def test_terms_see_what_a_decoder_shows(crops, parent, tmp_path):
    """Values beyond 0 and 1 count as squared error alone: a decoder cuts them off."""
    run = generative._Run(TINY, tmp_path / "it")
    generative.begin(run.net, parent)
    white = torch.ones(1, 3, 64, 64)
    run.net.g_s = torch.nn.Flatten(0, 0)  # an image in place of a latent
    _, mse, perceived, pattern = run._distorted(white + 0.2 * torch.rand(white.shape), white)
    assert mse > 0 and perceived == 0 and pattern == 0


def test_it_starts_as_the_mean_scale_hyperprior(crops, parent):
    net = architectures.build("hific", **WIDTHS)
    torch.manual_seed(1)
    generative.begin(net, parent)
    start = architectures.build("mbt2018-mean", **WIDTHS)
    architectures.fill(start, load_file(parent), "start")
    x = images(crops)
    with torch.no_grad():
        y = start.g_a(x)
        assert torch.equal(net.g_a(x), y) and torch.equal(net.h_s(net.h_a(y)), start.h_s(start.h_a(y)))
        wanted = start.g_s(y.round())
        assert (net.g_s(y.round()) - wanted).std() < 0.1 * wanted.std()
    assert len(generator.shared_layers(net.g_s)) == len(start.g_s)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (None, "needs --start"),
        ({**WIDTHS, "m": 10}, "no g_a.6.weight of shape"),
        ({**WIDTHS, "h": [4, 6, 9]}, "no h_s"),
    ],
)
def test_a_start_of_other_widths_is_refused(tmp_path, start, message):
    path = None
    if start is not None:
        path = tmp_path / "other.safetensors"
        other = dataclasses.replace(PARENT, **start)
        loop.save(architectures.build("mbt2018-mean", **start), other, path)
    with pytest.raises(StudyError, match=message):
        generative.begin(architectures.build("hific", **WIDTHS), path)


def test_rates_stay_and_the_synthesis_changes(trained, parent, tmp_path):
    """Encoder and entropy models are the start's, so the strings in the files are the same bytes."""
    net, _ = trained
    loop.save(net, TINY, tmp_path / "1.safetensors", {"start": "none"})
    own, start = load_file(tmp_path / "1.safetensors"), load_file(parent)
    for name, values in start.items():
        if not name.startswith("g_s."):
            assert torch.equal(own[name], values), name
    assert not torch.equal(own["g_s.1.weight"], start["g_s.0.weight"])
    settings = {**WIDTHS, "weights": str(tmp_path / "{quality}.safetensors")}
    codec = Backend("own", 1, {**settings, "model": "hific", "metric": "perceptual"})
    before = Backend("start", 1, {**settings, "model": "mbt2018-mean"}, parent)
    rgb = np.ascontiguousarray(skimage.data.astronaut()[:100, 128:256])
    one, two = codec.encode(rgb), before.encode(rgb)
    assert codec.string_bytes(one) == before.string_bytes(two) and len(one) == len(two)
    assert one[-codec.payload_bytes(one) :] == two[-codec.payload_bytes(one) :]
    assert codec.decode(one).shape == rgb.shape and not np.array_equal(codec.decode(one), before.decode(two))


def test_lpips_is_taken_at_every_phase_of_alexnets_stride(crops, parent, tmp_path, monkeypatch):
    """At one phase alone a generator learns a grid that LPIPS doesn't see."""
    real, seen = generative._Run._distorted, set()

    def noted(run, latent, x, top=0, left=0):
        seen.add((top, left))
        return real(run, latent, x, top, left)

    monkeypatch.setattr(generative._Run, "_distorted", noted)
    generative.train(TINY, crops, tmp_path / "it", parent, stop=80)
    assert seen == set(itertools.product(range(4), range(4)))


def test_terms_and_stages(trained):
    _, log = trained
    assert [row["step"] for row in log] == [50, 100, 150, 200] and set(log[0]) == set(generative.LOG)
    assert [row["validation"] is None for row in log] == [True, False, True, False]
    assert all(math.isfinite(value) for row in log for value in row.values() if value is not None)
    for row in log:
        distortion = TINY.lam * row["mse"] + TINY.lpips * row["lpips"] + TINY.pattern * row["pattern"]
        assert row["distortion"] == pytest.approx(distortion, rel=1e-4)
        assert row["loss"] == pytest.approx(row["distortion"] + TINY.adversarial * row["adversarial"], rel=1e-4)
    assert log[0]["adversarial"] == log[1]["discriminator"] == 0
    assert log[2]["adversarial"] > 0 and 0 < log[3]["discriminator"] < 2 * math.log(2) + 0.5
    assert log[1]["lpips"] < log[0]["lpips"]
    assert log[0]["bpp"] == pytest.approx(log[-1]["bpp"], rel=0.2)


def test_a_discriminator_learns_to_tell(crops):
    """After some steps it tells photos from blurred ones, and the generator's loss is lower for the sharp ones."""
    torch.manual_seed(1)
    net = discriminator.Discriminator(12)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, betas=generative._BETAS)
    latent = torch.zeros(2, 12, 4, 4)
    losses = []
    for step in range(160):
        real = images(crops, step)
        fake = torch.nn.functional.avg_pool2d(real, 5, 1, 2)
        loss = discriminator.discriminator_loss(net(real, latent), net(fake, latent))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(2 * math.log(2), abs=0.05)
    assert np.mean(losses[-40:]) < 1.25
    assert discriminator.generator_loss(net(fake, latent)) > discriminator.generator_loss(net(real, latent))


@pytest.mark.parametrize("stopped", [70, 130, 170])
def test_resumed_equals_uninterrupted(tmp_path, crops, parent, trained, stopped):
    """Stopped without the discriminator, with it, and with a best generator kept."""
    generative.train(TINY, crops, tmp_path / "it", parent, every=50, stop=stopped)
    resumed, log = generative.train(TINY, crops, tmp_path / "it", None, every=50)
    whole, whole_log = trained
    assert log == whole_log
    for (name, one), two in zip(whole.named_parameters(), resumed.parameters()):
        assert torch.equal(one, two), name


def test_the_best_of_the_last_part_is_kept(crops, parent, tmp_path, monkeypatch):
    """The validation, here made up, decides which generator is returned."""
    short = recipe(steps=40)
    seen = {}
    values = itertools.count()

    def validate(run, _, step):
        run.validated = float(next(values))
        seen[step] = run.net.g_s[0].first.weight.detach().clone()
        if step > (1 - generative.LAST) * short.steps and (run.validated < run.lowest or not run.best):
            run.lowest, run.best = run.validated, {n: v.clone() for n, v in run.net.g_s.state_dict().items()}

    monkeypatch.setattr(generative, "VALIDATED", 5)
    monkeypatch.setattr(generative._Run, "validate", validate)
    net, _ = generative.train(short, crops, tmp_path / "it", parent)
    assert list(seen) == list(range(5, 41, 5))
    assert torch.equal(net.g_s[0].first.weight, seen[30])


def test_held_out_photos_are_never_trained_on(crops):
    training, validation = generative._split(crops)
    assert len(training.images) == 3 and len(validation.images) == 1
    assert not any(image is held for image in training.images for held in validation.images)
    with pytest.raises(StudyError, match="needs two or more"):
        generative._split(training_crops.Crops([skimage.data.coffee()], 64, 1))


def test_a_loss_that_is_not_finite_stops_with_the_step(crops, parent, tmp_path, monkeypatch):
    real = generative._Run._distorted

    def poisoned(run, *arguments):
        image, mse, perceived, pattern = real(run, *arguments)
        return image, mse, perceived * (float("nan") if run.steps == 75 else 1), pattern

    def counted(run, step_crops, step):
        run.steps = step + 1
        return counted.real(run, step_crops, step)

    counted.real = generative._Run.step
    monkeypatch.setattr(generative._Run, "steps", 0, raising=False)
    monkeypatch.setattr(generative._Run, "step", counted)
    monkeypatch.setattr(generative._Run, "_distorted", poisoned)
    with pytest.raises(StudyError, match=r"stopped at step 75: the loss isn't finite.*lower learning rate than 0\.001"):
        generative.train(TINY, crops, tmp_path / "it", parent, every=50)
    content = torch.load(tmp_path / "it", weights_only=True)
    assert content["step"] == 50
    assert all(torch.isfinite(value).all() for value in content["run"]["net"].values() if value.is_floating_point())


def test_a_full_disk_stops_with_the_step_and_keeps_the_checkpoint(crops, parent, tmp_path, monkeypatch):
    generative.train(TINY, crops, tmp_path / "it", parent, every=50, stop=60)
    kept = (tmp_path / "it").read_bytes()

    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic_io.Path, "replace", full)
    with pytest.raises(StudyError, match=r"stopped at step 100: can't write.*No space left.*is kept"):
        generative.train(TINY, crops, tmp_path / "it", parent, every=50)
    assert (tmp_path / "it").read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


def test_bad_recipes():
    for changes, message in (
        ({"model": "mbt2018-mean"}, "go together"),
        ({"metric": "mse"}, "go together"),
        ({"adversarial": -1.0}, "at least 0"),
        ({"pattern": -0.1}, "at least 0"),
        ({"pretraining": 1.5}, "between 0 and 1"),
    ):
        with pytest.raises(StudyError, match=message):
            recipe(**changes)
