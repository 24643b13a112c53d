"""Damaged and made-up bitstreams: an error or the content that is in them, never a crash, a hang or a wrong image.

The environment variable FUZZ_INPUTS sets how many are tried (`make fuzz` takes 100,000), a quarter by each of four
tests that read them, and as many by each of two learned codecs that decode them.
"""

from __future__ import annotations

import os
import random
import time
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from study.codecs.compressai import bitstream as compressai_bitstream
from study.codecs.compressai import codec as compressai_codec
from study.codecs.tfci import protobuf, tfci_file
from study.core.errors import BitstreamError

INPUTS = int(os.environ.get("FUZZ_INPUTS", "4000")) // 4
SLOWEST_S = 120  # of the processor: a guard against an endless decoding, whatever else the machine does
fuzzed = settings(
    max_examples=INPUTS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)

SHA = "ab" * 32
SYMBOLS = [np.arange(-300, 300, 7), np.zeros((1, 2, 2))]
CONTAINERS = [
    compressai_bitstream.pack("id", SHA, (1, 1), [b""], SYMBOLS),
    compressai_bitstream.pack("id", SHA, (512, 768), [bytes(range(200)), b"side"], SYMBOLS),
    compressai_bitstream.pack("id", SHA, (2**21 - 1, 3), [b"x" * 300, b"y" * 129], SYMBOLS),
]
FILES = [
    tfci_file.pack("m", []),
    tfci_file.pack("bmshj2018-hyperprior-mse-3", [[b"string" * 40], [b"side"], [512, 768], [32, 48], [8, 12]]),
    tfci_file.pack("hific-lo", [[b"\xff" * 20, b""], [-1, 2**62], [0.5, -1e30]]),
]

# An edit of a bitstream: what, where (as a fraction), and a value.
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "set", "cut", "drop", "insert", "repeat", "swap"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=12),
    ),
    min_size=1,
    max_size=6,
)


def edited(data: bytes, edits: list) -> bytes:
    """A bitstream after the edits."""
    data = bytearray(data)
    for what, share, value in edits:
        at = int(share * (len(data) + 1))
        if what == "flip" and at < len(data):
            data[at] ^= 1 << value[0] % 8
        elif what == "set":
            data[at : at + len(value)] = value
        elif what == "cut":
            del data[at:]
        elif what == "drop":
            del data[at : at + len(value)]
        elif what == "insert":
            data[at:at] = value
        elif what == "repeat":
            data[at:at] = data[at : at + 16 * len(value)]
        elif what == "swap":
            data = data[at:] + data[:at]
    return bytes(data)


def with_crc(data: bytes) -> bytes:
    """A learned codec's bitstream with the CRC that it should have: as one who means harm would write it."""
    return data[:4] + zlib.crc32(data[8:]).to_bytes(4, "little") + data[8:]


@pytest.mark.slow
@fuzzed
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda tail: b"LIC\x01" + tail)), st.booleans())
def test_container_of_any_bytes(data, mended):
    check_container(with_crc(data) if mended else data)


@pytest.mark.slow
@fuzzed
@given(st.sampled_from(CONTAINERS), EDITS, st.booleans())
def test_container_after_edits(data, edits, mended):
    header = check_container(with_crc(edited(data, edits)) if mended else edited(data, edits))
    if header is not None and edited(data, edits) != data and not mended:
        raise AssertionError("damage passed the CRC")


def check_container(data: bytes) -> compressai_bitstream.Contents | None:
    """The contents, which must be all that the bytes hold; None where they are refused."""
    try:
        contents = compressai_bitstream.parse(data)
    except BitstreamError as error:
        assert "\n" not in str(error)
        return None
    assert all(side > 0 for side in contents.size)
    held = 24 + sum(map(len, contents.strings))
    assert held < len(data) <= held + 10 + 1 + 5 * len(contents.strings)
    assert data.endswith(b"".join(contents.strings))
    return contents


@pytest.mark.slow
@fuzzed
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=120).map(lambda part: protobuf.field(1, part))))
def test_tfci_of_any_bytes(data):
    check_file(data)


@pytest.mark.slow
@fuzzed
@given(st.sampled_from(FILES), EDITS)
def test_tfci_after_edits(data, edits):
    check_file(edited(data, edits))


def check_file(data: bytes) -> None:
    """A file is refused, or holds what it would hold if it was written again."""
    try:
        packed = tfci_file.unpack(data)
    except BitstreamError as error:
        assert "\n" not in str(error)
        return
    assert sum(len(value) for channel in packed.channels for value in channel if isinstance(value, bytes)) <= len(data)
    if all(packed.channels):
        again = tfci_file.unpack(tfci_file.pack(*packed))
        assert repr(again) == repr(packed)


@pytest.fixture(scope="module", params=["tiny-bmshj2018-factorized-mse", "tiny-bmshj2018-hyperprior-mse"])
def learned(request):
    """A bundled codec, a bitstream of it and the image in that."""
    from study.codecs import registry as codec_registry
    from study.planning import catalogue, entries

    entry = catalogue.entry("codec", request.param, entries.codecs())
    codec = codec_registry.load(request.param, entry.qualities[0], entry)
    rgb = np.random.default_rng(5).integers(0, 256, (24, 40, 3), np.uint8)
    bitstream = codec.encode(rgb)
    return codec, bitstream, codec.decode(bitstream)


def test_a_forged_bitstream_is_refused_or_gives_the_image(learned):
    """The CRC is mended after the edits, so all that is behind it is reached: coder, check value, sizes."""
    codec, bitstream, image = learned
    draw = random.Random(11)
    kinds = ["flip", "set", "cut", "drop", "insert", "repeat"]
    refused = same = 0
    for _ in range(INPUTS):
        edits = [
            (draw.choice(kinds), draw.random(), draw.randbytes(draw.randint(1, 12))) for _ in range(draw.randint(1, 3))
        ]
        forged = with_crc(edited(bitstream, edits))
        try:
            size = compressai_bitstream.parse(forged).size
        except BitstreamError:
            refused += 1
            continue
        if 2**16 < size[0] * size[1] <= compressai_codec.LARGEST_PIXELS:
            continue  # its latents would be decoded before they are found wrong: slow, and no other code
        began = time.process_time()
        try:
            assert np.array_equal(codec.decode(forged), image)
            same += 1
        except BitstreamError:
            refused += 1
        assert time.process_time() - began < SLOWEST_S
    assert refused > same


def test_a_string_of_endless_escapes_stays_in_its_bounds(learned):
    """Each 4 bits set announce 15 more digits of an integer: the coder reads on far behind the string's end."""
    codec, bitstream, _ = learned
    contents = compressai_bitstream.parse(bitstream)
    for filling in (b"\xff", b"\x00", b"\x0f", b"\xf0"):
        strings = [filling * 200_000 for _ in contents.strings]
        forged = compressai_bitstream.pack(codec.name, codec._fingerprint, contents.size, strings, [np.zeros(1)])
        with pytest.raises(BitstreamError):
            codec.decode(forged)


def test_a_forged_size_of_gigapixels_is_refused_at_once(learned):
    codec, bitstream, _ = learned
    contents = compressai_bitstream.parse(bitstream)
    forged = compressai_bitstream.pack(codec.name, codec._fingerprint, (2**16, 2**16), contents.strings, [np.zeros(1)])
    began = time.process_time()
    with pytest.raises(BitstreamError, match="size"):
        codec.decode(forged)
    assert time.process_time() - began < SLOWEST_S
