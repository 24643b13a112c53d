"""The learned codecs' bitstream: what goes in comes out, and damage never passes."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.codecs.compressai import bitstream
from study.core.errors import BitstreamError

SHA = "ab" * 32


def packed(size=(512, 768), strings=(b"latent y", b"z"), symbols=None, codec="some-codec", weights=SHA):
    return bitstream.pack(
        codec, weights, size, strings, symbols or [np.arange(6).reshape(1, 2, 3), np.zeros((1, 1, 1))]
    )


@given(
    size=st.tuples(st.integers(1, 2**21 - 1), st.integers(1, 2**21 - 1)),
    strings=st.lists(st.binary(max_size=300), min_size=1, max_size=2),
    values=st.lists(st.integers(-(2**20), 2**20), max_size=20),
)
def test_round_trip_and_overhead(size, strings, values):
    symbols = [np.array(values, dtype=np.int32)]
    data = bitstream.pack("id", SHA, size, strings, symbols)
    contents = bitstream.unpack(data, "id", SHA)
    assert (contents.size, contents.strings) == (size, tuple(strings))
    bitstream.verify(contents, symbols)
    assert len(data) - sum(map(len, strings)) <= 40


def test_overhead_of_the_longest_strings():
    data = bitstream.pack("id", SHA, (2**21 - 1, 2**21 - 1), [bytes(2**21), bytes(2**21)], [np.zeros(1)])
    assert len(data) - 2**22 <= 40


@settings(max_examples=300)
@given(position=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_every_flipped_bit_is_found(position, bit):
    data = bytearray(packed())
    data[position % len(data)] ^= 1 << bit
    with pytest.raises(BitstreamError):
        bitstream.unpack(bytes(data), "some-codec", SHA)


def test_every_truncation_and_addition_is_found():
    data = packed()
    for end in range(len(data)):
        with pytest.raises(BitstreamError):
            bitstream.unpack(data[:end], "some-codec", SHA)
    with pytest.raises(BitstreamError):
        bitstream.unpack(data + b"\0", "some-codec", SHA)


def test_another_codec_and_other_weights_are_named():
    with pytest.raises(BitstreamError, match="another codec than other"):
        bitstream.unpack(packed(), "other", SHA)
    with pytest.raises(BitstreamError, match="other weights"):
        bitstream.unpack(packed(), "some-codec", "cd" * 32)


@pytest.mark.parametrize("change", ["symbol", "shape", "order"])
def test_other_symbols_are_found(change):
    y, z = np.arange(6).reshape(1, 2, 3), np.ones((1, 1, 1))
    contents = bitstream.unpack(packed(symbols=[y, z]), "some-codec", SHA)
    bitstream.verify(contents, [y, z])
    other = {"symbol": [y + (y == 3), z], "shape": [y.reshape(1, 3, 2), z], "order": [z, y]}[change]
    with pytest.raises(BitstreamError, match="other probabilities"):
        bitstream.verify(contents, other)


def test_the_check_value_covers_the_size():
    symbols = [np.zeros((2, 4, 4))]
    data = bitstream.pack("id", SHA, (60, 64), [b"0000"], symbols)
    forged = bytearray(data)
    assert forged[24] == 60
    forged[24] = 61
    forged[4:8] = zlib.crc32(bytes(forged[8:])).to_bytes(4, "little")
    contents = bitstream.unpack(bytes(forged), "id", SHA)
    assert contents.size == (61, 64)
    with pytest.raises(BitstreamError, match="aren't those"):
        bitstream.verify(contents, symbols)
