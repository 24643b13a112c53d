"""Latents of metagraphs: found in the graph, taken, edited, written for real and put back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from metagraph_cases import HYPERPRIORS, WITH_LATENTS, photo
from study.codecs.base import Latents
from study.codecs.tfci.latent_tensors import Flow
from study.codecs.tfci.metagraph import Metagraph
from study.core.errors import CodecError, StudyError


def test_latents_have_the_published_names(metagraph):
    names = Flow(Metagraph(metagraph("b2018-gdn-128-1"))).find()
    assert names == ("analysis/layer_2/convolution:0", None, "entropy_bottleneck_1/add:0", None)
    for name in HYPERPRIORS:
        names = Flow(Metagraph(metagraph(name))).find()
        assert names.y == "analysis/layer_3/BiasAdd:0"
        assert names.z == "hyper_analysis/layer_2/BiasAdd:0"


@pytest.mark.parametrize("name", WITH_LATENTS)
def test_sizes_follow_the_strides_of_the_graph(name, codec):
    flow = Flow(codec(name)._codec)
    assert flow.stride(flow.find().y.split(":")[0]) == 16
    strides = [stride for stride in flow.shape_strides() if stride]
    assert strides == ([1, 16, 64] if name in HYPERPRIORS else [1, 16])


@pytest.mark.parametrize("name", WITH_LATENTS)
@pytest.mark.parametrize("size", [(80, 96), (45, 67)])
def test_unedited_latents_are_the_plain_codec(name, size, codec):
    rgb = photo(*size)
    bitstream = codec(name).encode(rgb)
    latents = codec(name).analyse(rgb)
    assert latents.y.dtype == np.float32
    assert latents.y.shape == (12, -(-size[0] // 16), -(-size[1] // 16))
    assert (latents.z is not None) == (name in HYPERPRIORS)
    assert codec(name).write(latents) == bitstream
    assert codec(name).write(dataclasses.replace(latents, z=None)) == bitstream
    read = codec(name).read(bitstream)
    assert codec(name).write(read) == bitstream
    np.testing.assert_array_equal(codec(name).synthesise(read), codec(name).decode(bitstream))


@pytest.mark.parametrize("name", WITH_LATENTS)
def test_an_edited_latent_is_written_for_real(name, codec):
    latents = codec(name).analyse(photo(64, 80))
    large = dataclasses.replace(latents, y=latents.y * 100)
    step = 1 / 0.75 if name == "variable-rate" else 1.0
    assert np.abs(codec(name).read(codec(name).write(large)).y - large.y).max() <= step / 2 + 1e-3
    y = latents.y.copy()
    y[6:] = 0
    zeroed = codec(name).write(dataclasses.replace(latents, y=y))
    assert codec(name).payload_bytes(zeroed) < codec(name).payload_bytes(codec(name).write(latents))
    assert np.abs(codec(name).read(zeroed).y[6:]).max() <= step / 2
    assert codec(name).decode(zeroed).shape == (64, 80, 3)


@pytest.mark.parametrize("name", HYPERPRIORS)
def test_side_information_is_kept_or_recomputed(name, codec):
    latents = codec(name).analyse(photo(64, 80))
    edited = dataclasses.replace(latents, y=latents.y * 8)
    kept = codec(name).read(codec(name).write(edited))
    original = codec(name).read(codec(name).write(latents))
    recomputed = codec(name).read(codec(name).write(dataclasses.replace(edited, z=None)))
    np.testing.assert_array_equal(kept.z, original.z)
    assert not np.array_equal(recomputed.z, original.z)


@pytest.mark.parametrize("name", WITH_LATENTS)
def test_bytes_are_split_by_latent(name, codec):
    bitstream = codec(name).encode(photo(64, 80))
    lengths = codec(name).string_bytes(bitstream)
    assert set(lengths) == ({"y", "z"} if name in HYPERPRIORS else {"y"})
    assert sum(lengths.values()) == codec(name).payload_bytes(bitstream)
    assert min(lengths.values()) > 0


def test_synthesis_of_an_edited_latent_differs_where_it_was_edited(codec):
    read = codec("b2018-gdn-128-1").read(codec("b2018-gdn-128-1").encode(photo(160, 160)))
    y = read.y.copy()
    y[:, -1:, -1:] += 5
    plain = codec("b2018-gdn-128-1").synthesise(read)
    edited = codec("b2018-gdn-128-1").synthesise(dataclasses.replace(read, y=y))
    assert not np.array_equal(plain[-16:, -16:], edited[-16:, -16:])
    np.testing.assert_array_equal(plain[:64, :64], edited[:64, :64])


def test_a_graph_without_a_single_latent_refuses(codec):
    rgb = photo(48, 48)
    for call in (
        codec("two-branches").analyse,
        lambda rgb: codec("two-branches").read(codec("two-branches").encode(rgb)),
    ):
        with pytest.raises(CodecError, match="no tensor of the graph could be told"):
            call(rgb)
    named = codec("two-branches", tensors={"y": "Conv2D:0"})
    assert named.analyse(rgb).y.shape == (4, 3, 3)
    with pytest.raises(CodecError, match="channel:1, channel:4 depends on the image by other ways"):
        named.write(named.analyse(rgb))


def test_latents_may_be_named(codec):
    names = codec("mbt2018-mean-mse-1")._bottleneck._asdict()
    named = codec("mbt2018-mean-mse-1", tensors=names)
    rgb = photo(48, 48)
    np.testing.assert_array_equal(named.analyse(rgb).y, codec("mbt2018-mean-mse-1").analyse(rgb).y)
    with pytest.raises(StudyError, match="has no 'nowhere:0'"):
        codec("mbt2018-mean-mse-1", tensors={"y": "nowhere:0"}).analyse(rgb)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"y": np.zeros((12, 3, 40), np.float32)}, "doesn't fit an image"),
        ({"y": np.full((12, 4, 5), np.nan, np.float32)}, "can't be written"),
        ({"y": np.full((12, 4, 5), 1e9, np.float32)}, "can't be written"),
        ({"y": np.zeros((7, 4, 5), np.float32)}, "feed value of shape"),
        ({"z": np.zeros((8, 9, 9), np.float32)}, "doesn't fit an image"),
    ],
)
def test_nonsense_is_refused(change, reason, codec):
    latents = codec("mbt2018-mean-mse-1").analyse(photo(64, 80))
    with pytest.raises(CodecError, match=reason):
        codec("mbt2018-mean-mse-1").write(dataclasses.replace(latents, **change))


def test_z_is_refused_where_the_model_has_none(codec):
    latents = Latents(np.zeros((12, 4, 5), np.float32), np.zeros((8, 1, 2), np.float32), (64, 80))
    with pytest.raises(CodecError, match="latent z"):
        codec("b2018-gdn-128-1").write(latents)


def test_the_listing_shows_latents_first(metagraph):
    import tensors

    lines = tensors.listing(metagraph("bmshj2018-hyperprior-mse-1"))
    roles = [line.split()[0] for line in lines]
    with_role = roles[: roles.index("-")]
    assert {"y", "z", "y_hat", "z_hat", "input_image", "output_image", "channel:0"} <= set(with_role)
    (y,) = [line for line in lines if line.split()[0] == "y"]
    assert y.endswith("analysis/layer_3/BiasAdd:0")
    assert "(1, None, None, 12)" in y
    assert all("layer_2" in line for line in tensors.listing(metagraph("bmshj2018-hyperprior-mse-1"), "layer_2"))


@pytest.mark.parametrize("name", WITH_LATENTS)
def test_bits_by_element_are_those_of_the_strings(name, codec):
    latents = codec(name).analyse(photo(96, 128))
    for scale in (1, 30):
        edited = dataclasses.replace(latents, y=latents.y * scale)
        statistics = codec(name).statistics(edited)
        strings = codec(name).string_bytes(codec(name).write(edited))
        for site, bits in (("y", statistics.bits_y), ("z", statistics.bits_z)):
            if bits is not None:
                assert bits.shape == getattr(latents, site).shape and (bits > 0).all()
                assert abs(8 * strings[site] - bits.sum()) <= 24 + 0.002 * bits.sum()
        assert (statistics.bits_y is None) == name.startswith("split")
        assert statistics.bits_y is None or (statistics.bits_z is not None) == (latents.z is not None)
