"""The peak memory of a cell is that of its own calls, the programs included that the codec runs."""

from __future__ import annotations

import resource
import sys

import numpy as np
import pytest

from study.codecs.base import Codec
from study.core import atomic_io, programs, readers
from study.images import png
from study.jobs import encode_decode

LARGE = 400 * 2**20
WIDE = 20


class Runs(Codec):
    """Stores samples; for an image of 20 columns a program takes hundreds of MiB."""

    def encode(self, rgb):
        own = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # with which a program that it starts counts
        size = own + LARGE if rgb.shape[1] == WIDE else 0
        programs.run([sys.executable, "-c", f"block = bytearray({size}); block[::4096] = b'x' * len(block[::4096])"])
        return bytes([*rgb.shape[:2]]) + rgb.tobytes()

    def decode(self, bitstream):
        return np.frombuffer(bitstream, np.uint8, offset=2).reshape(bitstream[0], bitstream[1], 3)


@pytest.mark.slow
def test_a_large_program_counts_in_its_own_cell_alone(tmp_path):
    rows = []
    for name, width in (("a", 16), ("b", WIDE), ("c", 16)):
        png.write(tmp_path / f"{name}.png", np.zeros((8, width, 3), np.uint8))
        sha256 = readers.sha256(tmp_path / f"{name}.png")
        rows.append({"image": name, "file": f"{name}.png", "width": width, "height": 8, "sha256": sha256})
    atomic_io.write_rows(tmp_path / "images.csv", rows[0], rows)
    encode_decode.encode_set(Runs("runs", 1), tmp_path / "images.csv", tmp_path / "encoded.csv")
    small, large, later = (int(row["encode_rss"]) for row in readers.read_rows(tmp_path / "encoded.csv"))
    assert large > LARGE
    assert small < large - LARGE / 2 and later < large - LARGE / 2
