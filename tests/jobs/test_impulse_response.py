"""The responses of a codec's synthesis to single latent elements."""

import numpy as np
import pytest

from study.codecs.base import Latents, LearnedCodec
from study.core import atomic_io, paths, readers
from study.core.errors import CodecError
from study.jobs.latents import extract, impulse_response

ROOT = paths.ROOT


class Painter(LearnedCodec):
    """A codec whose synthesis paints 16×16 squares: channel c of y adds to colour c."""

    stops = False

    def analyse(self, rgb):
        return Latents(np.zeros((3, rgb.shape[0] // 16, rgb.shape[1] // 16), np.float32), None, rgb.shape[:2])

    def synthesise(self, latents):
        if self.stops:
            raise CodecError("the receiver's image depends on more")
        painted = np.kron(latents.y, np.ones((16, 16))).transpose(1, 2, 0)
        return np.clip(np.rint(128 + painted), 0, 255).astype(np.uint8)

    def write(self, latents): ...

    def read(self, bitstream): ...

    def string_bytes(self, bitstream): ...


def _latents(folder, y):
    np.savez_compressed(folder / "a.npz", y=y)
    atomic_io.write_rows(folder / "latents.csv", extract.COLUMNS, [{"image": "a", "file": "a.npz"}])
    return folder / "latents.csv"


def test_a_response_is_half_the_difference_of_both_signs(tmp_path):
    y = np.zeros((3, 2, 2), np.float32)
    y[0] = [[10, 10], [10, 40]]
    y[2] = -4
    record = tmp_path / "impulse.csv"
    impulse_response.impulse_set(Painter("p", 1), _latents(tmp_path, y), record)
    rows = readers.read_rows(record)
    assert [float(row["mean"]) for row in rows] == [17.5, 0.0, -4.0]
    assert [float(row["amplitude"]) for row in rows] == [22.5, impulse_response.LEAST, impulse_response.LEAST]
    response, middle = impulse_response.load(tmp_path / "impulse.npz")
    assert response.shape == (3, impulse_response.SIDE, impulse_response.SIDE, 3) and middle == (72.0, 72.0)
    for channel, by in enumerate((22.5, 1, 1)):
        painted = response[channel, 64:80, 64:80, channel]
        assert np.abs(painted - by).max() <= 0.5
        assert np.abs(response[channel]).sum() == pytest.approx(np.abs(painted).sum())
    assert readers.sha256(tmp_path / "impulse.npz") == rows[0]["sha256"]


def test_a_codec_that_cant_paint_has_its_reason(tmp_path, capsys):
    codec = Painter("p", 1)
    codec.stops = True
    impulse_response.impulse_set(codec, _latents(tmp_path, np.zeros((3, 2, 2), np.float32)), tmp_path / "impulse.csv")
    (row,) = readers.read_rows(tmp_path / "impulse.csv")
    assert (row["status"], row["reason"]) == ("refused", "the receiver's image depends on more") and not row["file"]
    assert "depends on more" in capsys.readouterr().err
    codec.skip = lambda: "the plug-in is missing"
    impulse_response.impulse_set(codec, tmp_path / "latents.csv", tmp_path / "impulse.csv")
    (row,) = readers.read_rows(tmp_path / "impulse.csv")
    assert (row["status"], row["reason"]) == ("skipped", "the plug-in is missing")
