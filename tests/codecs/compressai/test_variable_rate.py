"""Published networks of variable rate: files of the published structure with random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from study.codecs import registry
from study.codecs.base import Latents, Weights
from study.codecs.compressai import loading, variable_rate, zoo
from study.core.errors import BitstreamError, StudyError
from study.planning import entries
from thinned import one_of_a_kind
from tiny_nets import photo

CATALOGUE = entries.codecs()
WIDTHS = 16, 24  # the published ones are 192 and 320


@pytest.fixture(autouse=True, scope="module")
def narrow():
    """The networks at small widths, with all their tensors."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zoo, "variable_rate_widths", lambda _model: WIDTHS)
        yield


def published_file(model, path):
    """A file as the library's: its names of the entropy bottleneck, tables of an earlier update, random weights."""
    loading.load_library()
    from compressai.models import vbr

    torch.manual_seed(2)
    more = {} if model == "mbt2018-vbr" else {"vr_entbttlnck": True}
    net = getattr(vbr, variable_rate.MODELS[model])(*WIDTHS, **more)
    with torch.no_grad():
        net.g_a[6].weight.mul_(40.0)
    net.update(force=True, **({"scale": net.Gain[7].detach()} if more else {}))
    torch.save({"state_dict": {f"module.{name}": value for name, value in net.state_dict().items()}}, path)


@pytest.fixture(scope="module", params=one_of_a_kind(variable_rate.MODELS, lambda model: "variable rate"))
def published(request, tmp_path_factory):
    """Makes the codec of a model's file at a quality, without the file's published hash."""
    path = tmp_path_factory.mktemp("vbr") / "file.pth.tar"
    published_file(request.param, path)

    def load(quality):
        one = registry.load(request.param, quality, CATALOGUE[request.param], path)
        one._source = Weights(path.name)
        return one

    load.model = request.param
    return load


@pytest.mark.slow
def test_one_file_for_all_rates(published):
    rgb = photo(60, 64)
    sizes = []
    for quality in (1, 4, 4.5, 5, 8):
        one = published(quality)
        assert one.skip() is None
        data = one.encode(rgb)
        assert published(quality).decode(data).shape == rgb.shape
        sizes.append(one.payload_bytes(data))
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1] and sizes[1] < sizes[3]


def test_the_library_codes_the_same(published):
    """The strings are those of the library's compress(s=…) at a quality that it was trained with."""
    rgb = photo(64, 64)
    one = published(3)
    net = one._loaded.net
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        theirs = [string for part in net.compress(x, s=2)["strings"] for string in part]
    from study.codecs.compressai import bitstream

    assert list(bitstream.parse(one.encode(rgb)).strings[1:]) == theirs
    assert list(map(len, theirs)) == list(one.string_bytes(one.encode(rgb)).values())


def test_latents(published):
    one = published(6)
    data = one.encode(photo(64, 64))
    latents = one.analyse(photo(64, 64))
    channels = type(one).latent_channels(one.settings, 6)
    assert {"y": len(latents.y), "z": len(latents.z)} == channels
    assert one.write(latents) == data == one.write(Latents(latents.y, None, latents.size))
    assert np.array_equal(one.synthesise(one.read(data)), one.decode(data))


def test_another_quality_s_bitstream_isnt_decoded(published):
    with pytest.raises(BitstreamError, match="other weights"):
        published(2).decode(published(7).encode(photo(64, 64)))


def test_the_librarys_table():
    for model in variable_rate.MODELS:
        assert zoo._tables(zoo.VARIABLE)["cfgs"][model] == (192, 320)
        weights = zoo.variable_rate_weights(model, "mse")
        assert len(weights.sha256) == 8 and weights.url.endswith(f"{weights.sha256}.pth.tar")
        assert CATALOGUE[model].qualities == list(range(1, variable_rate.LEVELS + 1))
    with pytest.raises(StudyError, match="for the metric 'msssim'"):
        zoo.variable_rate_weights("mbt2018-vbr", "msssim")
    with pytest.raises(StudyError, match="no weights of model 'mbt2018'"):
        zoo.variable_rate_weights("mbt2018", "mse")


@pytest.mark.parametrize(
    ("quality", "change", "message"),
    [
        (0, {}, "quality 0; allowed: a number from 1 to 8"),
        (9.5, {}, "allowed: a number from 1 to 8"),
        ("hi", {}, "allowed: a number from 1 to 8"),
        (1, {"weights": "models/x.pth"}, "allowed for mbt2018-vbr: published"),
        (1, {"model": "mbt2019-vbr"}, "did you mean 'mbt2018-vbr'"),
        (1, {"n": 3}, "setting 'n' is unknown"),
    ],
)
def test_settings_that_mean_nothing(quality, change, message):
    settings = {"model": "mbt2018-vbr", **change}
    with pytest.raises(StudyError, match=message):
        registry.load("mine", quality, registry.CodecSpec(backend="compressai", settings=settings))


def test_without_its_weights_it_is_skipped(tmp_path):
    one = registry.load("mbt2018-vbr", 1, CATALOGUE["mbt2018-vbr"], tmp_path / "none.pth.tar")
    assert one.skip().startswith(f"the weights {tmp_path / 'none.pth.tar'} are missing; download them from https://")
