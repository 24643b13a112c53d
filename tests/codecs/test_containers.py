"""The coded data of every classical format, told apart from headers, tables and boxes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from study.codecs import containers, registry
from study.core.errors import BitstreamError
from study.planning import entries

FORMATS = ("jpeg", "jpeg2000", "webp", "avif", "av1-10bit", "jpegxl", "hevc", "hevc-10bit", "vvc")
CONTAINERS = {"jpeg": containers.jpeg, "jpeg2000": containers.jpeg2000, "webp": containers.webp}
CONTAINERS |= {"avif": containers.avif, "hevc": containers.heic}
CATALOGUE = entries.codecs()


def image(height: int = 96, width: int = 144) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    waves = [128 + 90 * np.sin(rows / (5 + plane) + columns / 9) for plane in range(3)]
    noise = np.random.default_rng(3).normal(0, 9, (height, width, 3))
    return np.clip(np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)


def coded(name: str, **settings: object) -> tuple[bytes, int]:
    entry = dataclasses.replace(CATALOGUE[name], settings=CATALOGUE[name].settings | settings)
    codec = registry.load(name, entry.qualities[-1], entry)
    bitstream = codec.encode(image())
    return bitstream, codec.payload_bytes(bitstream)


def test_a_jpeg_without_restarts_is_its_scan_between_the_last_header_and_the_end():
    bitstream, payload = coded("jpeg")
    scan = bitstream.index(b"\xff\xda")
    header = 2 + int.from_bytes(bitstream[scan + 2 : scan + 4], "big")
    assert payload == len(bitstream) - scan - header - len(b"\xff\xd9")
    assert 600 < len(bitstream) - payload < 640, "two quantisation and four Huffman tables of annex K"


def test_all_scans_of_a_progressive_jpeg_count_and_their_tables_do_not():
    bitstream, payload = coded("jpeg", progressive=True, optimize=True)
    scans = bitstream.count(b"\xff\xda")
    assert scans > 3
    assert len(bitstream) - payload > scans * 10


def test_what_is_not_coded_data_does_not_grow_with_it():
    for name in FORMATS:
        entry = CATALOGUE[name]
        rests = []
        for quality in (entry.qualities[0], entry.qualities[-1]):
            codec = registry.load(name, quality, entry)
            bitstream = codec.encode(image())
            rests.append(len(bitstream) - codec.payload_bytes(bitstream))
        assert 0 < rests[0] < 700 and abs(rests[1] - rests[0]) <= 24, (name, rests)


def test_a_jpeg_2000_is_its_packets():
    bitstream, payload = coded("jpeg2000")
    assert payload == len(bitstream) - bitstream.index(b"\xff\x93") - 2 - len(b"\xff\xd9")


def test_a_webp_is_its_frame_after_ten_bytes():
    bitstream, payload = coded("webp")
    assert int.from_bytes(bitstream[16:20], "little") - 10 == payload
    assert len(bitstream) - payload in (30, 31), "RIFF, chunk and frame header, and a byte to make it even"


@pytest.mark.parametrize("name", ["avif", "hevc"])
def test_boxes_around_the_image_do_not_count(name):
    bitstream, payload = coded(name)
    content = dict(containers.boxes(bitstream, name))
    assert sum(len(part) + 8 for part in content.values()) == len(bitstream)
    assert 0.9 * len(content[b"mdat"]) < payload < len(content[b"mdat"])


def test_parameter_sets_of_a_vvc_stream_do_not_count():
    bitstream, payload = coded("vvc")
    units = [unit.rstrip(b"\0") for unit in bitstream[6:].split(b"\0\0\1")[1:]]
    kinds = [unit[1] >> 3 for unit in units]
    assert {15, 16} <= set(kinds), "sequence and picture parameter sets"
    assert payload == sum(len(unit) - 2 for unit, kind in zip(units, kinds) if kind <= 11)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_file_that_is_cut_or_foreign_is_refused(name):
    bitstream, _ = coded(name)
    count = CONTAINERS[name]
    for wrong in (b"", b"no such file", bitstream[: len(bitstream) // 2] if name != "webp" else bitstream[:14]):
        with pytest.raises(BitstreamError):
            count(wrong)


def test_a_vvc_stream_without_units_is_refused():
    with pytest.raises(BitstreamError, match="no units"):
        containers.vvc(b"nothing")
