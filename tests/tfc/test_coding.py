"""Encoding and decoding through metagraphs, against the models run eagerly and against TFC's own reading of files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from metagraph_cases import ALL, photo
from study.codecs.tfci import tfci_file
from study.core import atomic_io, readers
from study.core.errors import CodecError, StudyError
from study.images import png

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", [(80, 96), (45, 67)])
def test_round_trip_equals_the_eager_model(name, size, codec, reference):
    rgb = photo(*size)
    bitstream = codec(name).encode(rgb)
    channels, expected = reference(name, rgb)
    decoded = codec(name).decode(bitstream)
    assert decoded.dtype == np.uint8
    assert decoded.shape == rgb.shape
    assert np.abs(decoded.astype(int) - expected).max() <= 1
    assert sum(len(c[0]) for c in channels if c.dtype == object) == codec(name).payload_bytes(bitstream)


@pytest.mark.parametrize("name", ["bmshj2018-hyperprior-mse-1", "mbt2018-mean-mse-1", "b2018-gdn-128-1", "split-1"])
def test_decoded_symbols_are_those_of_the_eager_model(name, codec, model):
    import tensorflow as tf

    rgb = photo(64, 80)
    expected = model(name).symbols(tf.constant(rgb[None])).numpy()[0].transpose(2, 0, 1)
    read = codec(name).read(codec(name).encode(rgb))
    assert np.ptp(expected) > 2
    np.testing.assert_allclose(read.y, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_file_is_the_example_that_tfc_reads_and_writes(name, codec):
    import tensorflow as tf
    import tensorflow_compression as tfc

    bitstream = codec(name).encode(photo(40, 56))
    example = tf.train.Example.FromString(bitstream)
    channels = tfci_file.unpack(bitstream).channels
    assert set(example.features.feature) == {"MD", *(chr(i + 1) for i in range(len(channels)))}
    assert example.features.feature["MD"].bytes_list.value == [name.encode()]
    for number, channel in enumerate(channels, start=1):
        feature = example.features.feature[chr(number)]
        kind = {bytes: "bytes_list", int: "int64_list", float: "float_list"}[type(channel[0])]
        assert feature.WhichOneof("kind") == kind
        assert list(getattr(feature, kind).value) == channel
    packed = tfc.PackedTensors(bitstream)
    types = [{bytes: tf.string, int: tf.int32, float: tf.float32}[type(channel[0])] for channel in channels]
    again = tfc.PackedTensors()
    again.model = packed.model
    again.pack(packed.unpack(types))
    assert len(again.string) == len(bitstream)
    assert tfci_file.unpack(again.string) == tfci_file.unpack(bitstream)


@pytest.mark.parametrize("name", ALL)
def test_files_are_interchangeable_with_the_published_script(name, codec, metagraph):
    """The script's way: the graph wrapped as a function, pruned to a signature, inputs and outputs by sorted keys."""
    import tensorflow as tf

    rgb = photo(52, 70, seed=1)
    content = tf.compat.v1.MetaGraphDef.FromString(metagraph(name).read_bytes())
    sender, receiver = (_pruned(content, signature) for signature in ("sender", "receiver"))
    rates = [tf.constant(value, tf.float32) for value in [codec(name).rate] if value is not None]
    theirs = tfci_file.pack(name, [np.atleast_1d(tensor.numpy()) for tensor in sender(tf.constant(rgb[None]), *rates)])
    ours = codec(name).encode(rgb)
    assert tfci_file.unpack(ours) == tfci_file.unpack(theirs)
    tensors = [
        tf.reshape(tf.constant(values, port.dtype), [] if port.dtype.is_floating else [len(values)])
        for values, port in zip(tfci_file.unpack(ours).channels, receiver.inputs)
    ]
    decoded = tf.saturate_cast(tf.round(tf.cast(receiver(*tensors)[0], tf.float32)), tf.uint8).numpy()[0]
    np.testing.assert_array_equal(decoded, codec(name).decode(theirs))


def test_more_than_ten_channels_are_in_the_order_of_their_keys(codec, reference):
    rgb = photo(64, 64)
    channels, _ = reference("split-1", rgb)
    keys = sorted(f"channel:{i}" for i in range(14))
    assert keys[2] == "channel:10"
    written = tfci_file.unpack(codec("split-1").encode(rgb)).channels
    assert written == [channels[int(key.split(":")[1])].tolist() for key in keys]


@pytest.mark.parametrize("name", ["bmshj2018-hyperprior-mse-1", "b2018-gdn-128-1"])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (17, 31), (8, 300), (300, 8)])
def test_any_size_comes_back(name, size, codec):
    rgb = photo(*size)
    assert codec(name).decode(codec(name).encode(rgb)).shape == rgb.shape


@pytest.mark.parametrize("name", ["mbt2018-mean-mse-1", "b2018-gdn-128-1"])
@pytest.mark.parametrize("content", ["black", "white", "noise"])
def test_any_content_comes_back(name, content, codec):
    noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    rgb = {"black": np.zeros_like(noise), "white": np.full_like(noise, 255), "noise": noise}[content]
    assert codec(name).decode(codec(name).encode(rgb)).shape == rgb.shape


@pytest.mark.parametrize("wrong", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3))])
def test_another_array_is_refused(wrong, codec):
    with pytest.raises(CodecError, match="uint8"):
        codec("b2018-gdn-128-1").encode(wrong)


def test_rate_parameter_is_asked_for_and_acts(codec):
    rgb = photo(64, 64)
    sizes = [len(codec("variable-rate", rd_parameter=rate).encode(rgb)) for rate in (0.25, 1.0, 4.0)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]
    with pytest.raises(StudyError, match="second input"):
        codec("variable-rate", rd_parameter=None).encode(rgb)
    with pytest.raises(StudyError, match="no second input"):
        codec("b2018-gdn-128-1", rd_parameter=1).encode(rgb)


def test_rate_parameter_may_be_the_quality(metagraph):
    from study.codecs.tfci.codec import Backend

    settings = {"model": "variable-rate", "rd_parameter": "{quality}"}
    streams = [
        Backend("own", quality, settings, metagraph("variable-rate")).encode(photo(64, 64)) for quality in (1, 4)
    ]
    assert len(streams[0]) < len(streams[1])
    assert tfci_file.unpack(streams[1]).channels[-1] == [4.0]


def test_jobs_with_other_thread_counts_give_the_same(codec, metagraph, tmp_path):
    name = "bmshj2018-hyperprior-mse-1"
    rgb = photo(96, 128)
    png.write(tmp_path / "a.png", rgb)
    columns = ("image", "file", "width", "height", "sha256")
    atomic_io.write_rows(
        tmp_path / "images.csv",
        columns,
        [dict(zip(columns, ("a", "a.png", 128, 96, readers.sha256(tmp_path / "a.png"))))],
    )
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"backend": "tfci", "settings": {"model": name}}))
    shared = ["--codec", "own", "--quality", "1", "--spec", spec, "--weights", metagraph(name)]
    encoded, decoded = tmp_path / "1" / "encoded.csv", tmp_path / "2" / "decoded.csv"
    _script(1, "encode.py", *shared, "--images", tmp_path / "images.csv", "--out", encoded)
    _script(2, "decode.py", *shared, "--encoded", encoded, "--out", decoded)
    (row,) = readers.read_rows(encoded)
    assert row["reason"] == readers.read_rows(decoded)[0]["reason"] == ""
    bitstream = codec(name).encode(rgb)
    assert row["sha256"] == hashlib.sha256(bitstream).hexdigest()
    assert "tensorflow-compression 2.14.1" in row["versions"]
    np.testing.assert_array_equal(png.read(decoded.parent / "a.png"), codec(name).decode(bitstream))


def test_the_benchmark_runs_and_its_peer_gives_the_same_files(metagraph, tmp_path):
    png.write(tmp_path / "a.png", photo(40, 56))
    words = [ROOT / "tools" / "bench" / "tfci.py", "--metagraph", metagraph("bmshj2018-hyperprior-mse-1")]
    words += ["--image", tmp_path / "a.png", "--repeat", "1"]
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "image 0: bitstreams equal, decoded images equal" in done.stdout
    assert re.search(r"job over all images: +1/[0-9.]+ of the calls' CPU time", done.stdout)


def _script(threads: int, name: str, *arguments: object) -> None:
    command = [sys.executable, str(ROOT / "scripts" / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": str(threads)})
    assert done.returncode == 0, done.stderr


def _pruned(content, name):
    import tensorflow as tf

    def draw():
        tf.graph_util.import_graph_def(content.graph_def, name="")

    wrapped = tf.compat.v1.wrap_function(draw, [])
    signature = content.signature_def[name]
    ends = ([end[key].name for key in sorted(end)] for end in (signature.inputs, signature.outputs))
    return wrapped.prune(*([wrapped.graph.as_graph_element(tensor) for tensor in end] for end in ends))
