"""`.tfci` files: round trip, known bytes, damage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.codecs.tfci import protobuf, tfci_file
from study.core.errors import BitstreamError

CHANNELS = st.one_of(
    st.lists(st.binary(max_size=300), min_size=1, max_size=3),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=3),
)


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=40), st.lists(CHANNELS, max_size=14))
def test_round_trip(model, channels):
    assert tfci_file.unpack(tfci_file.pack(model, channels)) == (model, channels)


def test_bytes_are_those_of_protocol_buffers():
    """Example {1: Features {1: {1: name, 2: Feature {kind: List {1: values}}}}}, written out by hand."""
    expected = bytes.fromhex(
        "0a 2a"
        "  0a 0a  0a 02 4d44  12 04  0a 02  0a 00"
        "  0a 0c  0a 01 01  12 07  0a 05  0a 03 ff00fe"
        "  0a 0e  0a 01 02  12 09  1a 07  0a 05 05 ac02 8001"
    )
    assert tfci_file.pack("", [[b"\xff\x00\xfe"], np.array([5, 300, 128])]) == expected


def test_negative_and_floating_point_numbers_are_as_in_protocol_buffers():
    data = tfci_file.pack("m", [[-1], [0.5]])
    assert b"\xff" * 9 + b"\x01" in data
    assert b"\x12\x06\x0a\x04\x00\x00\x00\x3f" in data


def test_entries_may_come_in_any_order():
    ((_, features),) = protobuf.fields(tfci_file.pack("m", [[b"one"], [7, 8]]))
    model, first, second = (protobuf.field(*entry) for entry in protobuf.fields(features))
    assert tfci_file.unpack(protobuf.field(1, second + model + first)) == ("m", [[b"one"], [7, 8]])


def test_numpy_vectors_of_any_width_are_taken():
    channels = [np.array([b"a\0"], object), np.array([1, 2], np.int32), np.array([200], np.uint8), np.float32([1.5])]
    assert tfci_file.unpack(tfci_file.pack("m", channels)).channels == [[b"a\0"], [1, 2], [200], [1.5]]


@pytest.mark.parametrize("channel", [np.zeros((2, 2), int), np.array([True]), np.array([1j]), [], ["text"], [b"a", 1]])
def test_what_a_file_can_not_hold_is_refused(channel):
    with pytest.raises(ValueError, match="a channel must"):
        tfci_file.pack("m", [channel])


def test_payload_is_the_strings():
    data = tfci_file.pack("model", [[b"abc"], [12, 13], [b"de"]])
    assert tfci_file.payload_bytes(data) == 5


def test_every_truncation_is_refused():
    data = tfci_file.pack("model", [[b"abc" * 60], [12, 13], [0.5]])
    for length in range(len(data)):
        with pytest.raises(BitstreamError):
            tfci_file.unpack(data[:length])


def test_flipped_bits_are_refused_or_read_as_a_file():
    data = tfci_file.pack("model", [[b"abc"], [12, 13]])
    refused = 0
    for position in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        try:
            packed = tfci_file.unpack(bytes(flipped))
        except BitstreamError as error:
            refused += 1
            assert "\n" not in str(error)
        else:
            assert tfci_file.unpack(tfci_file.pack(*packed)) == packed
    assert refused > 8 * len(data) / 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no model"),
        (b"\xff\xd8\xff\xe0 a JPEG file", "not a .tfci file"),
        (tfci_file.pack("m", [[1]]) + b"\x12\x00", "number 2"),
        (tfci_file.pack("m", [[1]]) * 2, "repeated"),
        (tfci_file.pack("m", [[1], [2]]).replace(b"\x0a\x01\x01", b"\x0a\x01\x03"), "without a gap"),
    ],
)
def test_reasons(data, reason):
    with pytest.raises(BitstreamError, match=reason):
        tfci_file.unpack(data)
