"""Damaged files: a named error, quickly, and almost never another image."""

from __future__ import annotations

import time

import numpy as np
import pytest

from damage import damaged
from disk_damage import DAMAGE, decoded_after_damage
from metagraph_cases import ALL, photo
from study.codecs.tfci import tfci_file
from study.codecs.tfci.metagraph import Metagraph
from study.core import isolation
from study.core.errors import BitstreamError, StudyError


def outcomes(codec, streams: list[bytes], whole: np.ndarray) -> dict[str, int]:
    """How many streams were refused, gave the whole image, gave another; anything but BitstreamError is raised."""
    counts = {"refused": 0, "whole": 0, "wrong": 0}
    for stream in streams:
        start = time.process_time()
        try:
            result = "whole" if np.array_equal(codec.decode(stream), whole) else "wrong"
        except BitstreamError as error:
            assert "\n" not in str(error)
            result = "refused"
        assert time.process_time() - start < 120
        counts[result] += 1
    return counts


@pytest.mark.parametrize("name", ALL)
def test_damage_is_named(name, codec):
    bitstream = codec(name).encode(photo(80, 96))
    streams = damaged(bitstream, 300, seed=1)
    counts = outcomes(codec(name), streams, codec(name).decode(bitstream))
    assert counts["wrong"] <= {"b2018-gdn-128-1": 60, "split-1": 30}.get(name, 6), counts


def test_a_string_that_tfc_1_would_decode_to_anything_is_told_by_writing_it_again(codec):
    backend = codec("b2018-gdn-128-1")
    packed = tfci_file.unpack(backend.encode(photo(512, 384)))
    whole = backend.decode(tfci_file.pack(*packed))
    draw = np.random.default_rng(0)
    streams = []
    for position in draw.integers(0, len(packed.channels[0][0]), 100):
        string = bytearray(packed.channels[0][0])
        string[position] ^= 1 << draw.integers(8)
        streams.append(tfci_file.pack(packed.model, [[bytes(string)], *packed.channels[1:]]))
    counts = outcomes(backend, streams, whole)
    assert counts["refused"] >= 85, counts


def test_a_model_that_can_not_be_told_by_writing_again_warns(codec):
    plain = codec("b2018-gdn-128-1")
    bitstream = plain.encode(photo(64, 64))
    misled = codec("b2018-gdn-128-1", tensors={"y_hat": plain._codec.decoded.tensor})
    with pytest.warns(UserWarning, match="damage of a bitstream of this model can't be told"):
        decoded = misled.decode(bitstream)
    np.testing.assert_array_equal(decoded, plain.decode(bitstream))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: p._replace(model="mbt2018-mean-mse-2"), "of the model 'mbt2018-mean-mse-2'"),
        (lambda p: p._replace(channels=p.channels[:-1]), "4 channels; the model has 5"),
        (lambda p: p._replace(channels=[*p.channels[:2], [b"ab"], *p.channels[3:]]), "channel:2 isn't of int32"),
        (lambda p: p._replace(channels=[*p.channels[:2], [64, 2**40], *p.channels[3:]]), "channel:2 isn't of int32"),
        (lambda p: p._replace(channels=[*p.channels[:2], [64, 0], *p.channels[3:]]), "holds the size"),
        (lambda p: p._replace(channels=[*p.channels[:2], [64, -3], *p.channels[3:]]), "holds the size"),
        (lambda p: p._replace(channels=[*p.channels[:2], [60000, 60000], *p.channels[3:]]), "holds the size"),
        (lambda p: p._replace(channels=[*p.channels[:3], [4000, 5000], *p.channels[4:]]), "holds the size"),
        (lambda p: p._replace(channels=[*p.channels[:3], [4, 4], *p.channels[4:]]), "damaged"),
        (lambda p: p._replace(channels=[*p.channels[:2], [64, 100], *p.channels[3:]]), "damaged"),
        (lambda p: p._replace(channels=[[b""], *p.channels[1:]]), "damaged"),
    ],
)
def test_untrue_files_are_refused_with_the_reason(change, reason, codec):
    backend = codec("mbt2018-mean-mse-1")
    packed = tfci_file.unpack(backend.encode(photo(64, 80)))
    with pytest.raises(BitstreamError, match=reason):
        backend.decode(tfci_file.pack(*change(packed)))


def test_damaged_metagraphs_are_named(metagraph, tmp_path):
    content = metagraph("b2018-gdn-128-1").read_bytes()
    path = tmp_path / "damaged.metagraph"
    for damage in (b"", b"<html>not found</html>", content[:1000], content[:-700], content[: len(content) // 2]):
        path.write_bytes(damage)
        with pytest.raises(StudyError, match="metagraph"):
            Metagraph(path)
    with pytest.raises(StudyError, match="can't read"):
        Metagraph(tmp_path / "nowhere.metagraph")


def test_another_kind_of_graph_is_named(tmp_path):
    import tensorflow as tf

    path = tmp_path / "other.metagraph"
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [1], "x")
        metagraph = tf.compat.v1.train.export_meta_graph(graph=graph)
        path.write_bytes(metagraph.SerializeToString())
        with pytest.raises(StudyError, match="no signature 'sender'"):
            Metagraph(path)
        info = tf.compat.v1.saved_model.build_tensor_info(x)
        for name in ("sender", "receiver"):
            metagraph.signature_def[name].CopyFrom(
                tf.compat.v1.saved_model.build_signature_def({"x": info}, {"y": info})
            )
    path.write_bytes(metagraph.SerializeToString())
    with pytest.raises(StudyError, match="image codec"):
        Metagraph(path)
    metagraph.graph_def.node[0].op = "NoSuchOperation"
    path.write_bytes(metagraph.SerializeToString())
    with pytest.raises(StudyError, match="can't be loaded"):
        Metagraph(path)


@pytest.mark.parametrize("name", ["b2018-gdn-128-1", "mbt2018-mean-mse-1"])
def test_damage_on_the_disk_is_told_by_the_studys_own_record(name, codec, tmp_path, monkeypatch):
    in_this_process = lambda things, start, limit: list(map(start(), things))  # noqa: E731 (TensorFlow can't be forked)
    monkeypatch.setattr(isolation, "run", in_this_process)
    monkeypatch.setattr(codec(name), "largest_pixels", None)  # put back: other tests have the codec, and larger images
    rows = decoded_after_damage(codec(name), photo(64, 80), tmp_path)
    assert rows["whole"]["status"] == "ok", rows["whole"]["reason"]
    assert {rows[kind]["status"] for kind in DAMAGE} == {"failed"}
    assert all("isn't the bitstream that was encoded" in rows[kind]["reason"] for kind in DAMAGE if kind != "gone")
