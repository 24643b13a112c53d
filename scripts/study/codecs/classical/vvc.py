"""VVC intra (ITU-T H.266, Main 10, 4:2:0, 10 bit) by VVenC, decoded by FFmpeg, both in the ffmpeg of imageio-ffmpeg.

A bitstream is a header of six bytes (`VV`, then width and height as 16-bit little-endian numbers) and a raw VVC stream
of one image, whose sides are the original's, made even and at least 64 by repeating the last column and row.

Colour is converted here: R'G'B' to full-range Y'CbCr of BT.601 (as JPEG has it) in 10 bit, chroma resampled with a
Lanczos filter in both directions, everything rounded, nothing truncated. This conversion alone, without the codec,
leaves a PSNR-RGB of 47.3 dB (mean over six Kodak images); BT.709 leaves 47.0, averaging and bilinear interpolation of
the chroma 45.5, averaging and repetition 43.9, FFmpeg's swscale 47.4 with the best of its flags (and limited range) and
41.5 with its defaults.
"""

from __future__ import annotations

import functools
import os
import re
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import PIL
from PIL import Image

from study.codecs import containers
from study.codecs.classical.base import ClassicalCodec
from study.core import isolation
from study.core.errors import BitstreamError, CodecError

HEADER = struct.Struct("<2sHH")
MAGIC = b"VV"
SMALLEST_CODED = 64
RED, GREEN, BLUE = 0.299, 0.587, 0.114
INTRA = "intraperiod=1:gopsize=1:alfspeed=0"
ENCODE_LIMIT_S = 4 * 3600
DECODE_LIMIT_S = 300


class Backend(ClassicalCodec):
    """Quality: the quantisation parameter of an intran image, 63 (smallest file) to 0.

    `preset` is VVenC's. Its perceptual adaptation of the QP is off. `threads` of encoder and decoder.
    """

    extension = "vvc"
    scale = range(64)
    largest_side = 65535
    defaults: ClassVar = {"preset": "faster", "threads": 1}
    choices: ClassVar = {"preset": ("faster", "fast", "medium", "slow", "slower"), "threads": range(1, 65)}

    def encode(self, rgb: np.ndarray) -> bytes:
        rgb = self._checked(rgb)
        self._required()
        height, width = rgb.shape[:2]
        rows, columns = _coded(height), _coded(width)
        padded = np.pad(rgb, ((0, rows - height), (0, columns - width), (0, 0)), mode="edge")
        coder = ("-c:v", "libvvenc", "-preset", self.settings["preset"], "-qp", str(int(self.quality)), "-qpa", "0")
        intra = ("-frames:v", "1", "-vvenc-params", INTRA, "-bsf:v", "vvc_metadata=aud=remove")
        options = (*_raw(columns, rows), *coder, *intra, *self._threads(), "-f", "vvc")
        # VVenC writes messages to the standard output: the stream goes to a file without name, which can't be left.
        with tempfile.TemporaryFile() as stream:
            sink = (*options, f"pipe:{stream.fileno()}")
            try:
                done = _ffmpeg("error", sink, _to_yuv(padded), ENCODE_LIMIT_S, stream.fileno())
            except subprocess.TimeoutExpired:
                raise CodecError(f"{self.name}: the encoder was stopped after {ENCODE_LIMIT_S} s") from None
            stream.seek(0)
            coded = stream.read()
        if done.returncode or not coded:
            reason = f"{_said(done)}; FFmpeg takes 8 bit per pixel from VVenC at most"
            raise CodecError(f"{self.name} can't encode this image of {width}x{height} pixels: {reason}")
        return HEADER.pack(MAGIC, width, height) + coded

    def decode(self, bitstream: bytes) -> np.ndarray:
        self._required()
        width, height = self._size(bitstream)
        rows, columns = _coded(height), _coded(width)
        limit = _in_blocks(rows) * _in_blocks(columns)
        source = ("-f", "vvc", "-c:v", "vvc", "-err_detect", "explode", "-max_pixels", str(limit), *self._threads())
        sink = ("-frames:v", "2", "-f", "rawvideo", "pipe:1")
        try:
            done = _ffmpeg("warning", (*source, "-i", "pipe:0", *sink), bitstream[HEADER.size :], DECODE_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise BitstreamError(f"{self.name}: the decoder was stopped after {DECODE_LIMIT_S} s") from None
        if done.returncode or done.stderr:
            raise BitstreamError(f"{self.name}: FFmpeg's decoder reports damage: {_said(done)}")
        if len(done.stdout) != rows * columns * 3:
            raise BitstreamError(f"{self.name}: the stream doesn't hold one image of {columns}x{rows}, 4:2:0, 10 bit")
        return _to_rgb(done.stdout, rows, columns)[:height, :width]

    def skip(self) -> str | None:
        try:
            import imageio_ffmpeg  # noqa: F401
        except ImportError:
            return "the package imageio-ffmpeg is not installed; get it with: pip install imageio-ffmpeg"
        try:
            _versions()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            remedy = "unset IMAGEIO_FFMPEG_EXE, or: pip install --force-reinstall imageio-ffmpeg"
            return f"the ffmpeg that imageio-ffmpeg finds can't encode with VVenC ({error}); {remedy}"
        return None

    def versions(self) -> str:
        return f"{_versions()}; Pillow {PIL.__version__}"

    def payload_bytes(self, bitstream: bytes) -> int:
        return containers.vvc(bitstream[HEADER.size :])

    def _threads(self) -> tuple[str, str]:
        return "-threads", str(self.settings["threads"])

    def _size(self, bitstream: bytes) -> tuple[int, int]:
        """Width and height from the header."""
        if len(bitstream) <= HEADER.size or not bitstream.startswith(MAGIC):
            raise BitstreamError(f"{self.name}: not a bitstream of this codec, which begins with {MAGIC.decode()}")
        _, width, height = HEADER.unpack_from(bitstream)
        self._check_claim(width, height)
        return width, height


def _coded(side: int) -> int:
    """The side as it is coded."""
    return max(SMALLEST_CODED, side + side % 2)


def _to_yuv(rgb: np.ndarray) -> bytes:
    """The planes Y', Cb and Cr, 10 bit in 16, of an image uint8 [H, W, 3] with even sides."""
    red, green, blue = np.moveaxis(rgb.astype(np.float32), 2, 0)
    luma = RED * red + GREEN * green + BLUE * blue
    cb, cr = (blue - luma) / (2 - 2 * BLUE), (red - luma) / (2 - 2 * RED)
    half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
    return b"".join(_levels(plane) for plane in (luma, _resampled(cb, half) + 128, _resampled(cr, half) + 128))


def _to_rgb(yuv: bytes, rows: int, columns: int) -> np.ndarray:
    """The image, uint8 [rows, columns, 3], of the planes that `_to_yuv` makes."""
    values = np.frombuffer(yuv, dtype="<u2").astype(np.float32) / 4
    luma, cb, cr = np.split(values, [rows * columns, rows * columns * 5 // 4])
    luma = luma.reshape(rows, columns)
    cb, cr = (_resampled(plane.reshape(rows // 2, columns // 2) - 128, (columns, rows)) for plane in (cb, cr))
    red, blue = luma + (2 - 2 * RED) * cr, luma + (2 - 2 * BLUE) * cb
    green = (luma - RED * red - BLUE * blue) / GREEN
    return np.clip(np.rint(np.stack([red, green, blue], axis=-1)), 0, 255).astype(np.uint8)


def _levels(plane: np.ndarray) -> bytes:
    """10-bit levels, four to one of 8 bit, as 16-bit little-endian numbers."""
    return np.clip(np.rint(plane * 4), 0, 1023).astype("<u2").tobytes()


def _resampled(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The plane at another size (width, height), samples centred in their cells."""
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))


def _in_blocks(side: int) -> int:
    """The side as FFmpeg's decoder counts it: it allocates whole blocks of 64."""
    return (side + 63) // 64 * 64


def _raw(columns: int, rows: int) -> tuple[str, ...]:
    """ffmpeg's options for a raw image on its standard input."""
    return ("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-video_size", f"{columns}x{rows}", "-i", "pipe:0")


def _ffmpeg(
    level: str, options: Sequence[str], data: bytes, limit_s: float, *files: int
) -> subprocess.CompletedProcess[bytes]:
    """Run ffmpeg with `data` as its input and some open files. It ends with this process, however that ends.

    Raises TimeoutExpired, the process being gone, after `limit_s` seconds.
    """
    import imageio_ffmpeg

    quiet = ("-hide_banner", "-nostdin", "-xerror", "-loglevel", level, "-filter_threads", "1")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *quiet, *options]
    mortal = isolation.ends_with(os.getpid())
    return subprocess.run(
        command,
        input=data,
        capture_output=True,
        timeout=limit_s,
        pass_fds=files,
        preexec_fn=mortal,
    )


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first of what ffmpeg said, without the addresses of its objects."""
    lines = re.sub(r" @ 0x[0-9a-f]+", "", done.stderr.decode(errors="replace")).splitlines()
    return lines[0].strip()[:200] if lines else f"exit status {done.returncode}"


@functools.cache
def _versions() -> str:
    """The versions of VVenC and FFmpeg. Raises RuntimeError where ffmpeg can't encode with VVenC."""
    grey = bytes(SMALLEST_CODED * SMALLEST_CODED * 3)
    coder = ("-frames:v", "1", "-c:v", "libvvenc", "-preset", "faster", "-threads", "1", "-f", "null", "-")
    done = _ffmpeg("verbose", (*_raw(SMALLEST_CODED, SMALLEST_CODED), *coder), grey, 60)
    log = done.stderr.decode(errors="replace")
    library = re.search(r"libvvenc version: (\S+)", log)
    program = re.search(
        r"ffmpeg version (\S+)", _ffmpeg("info", ("-version",), b"", 60).stdout.decode(errors="replace")
    )
    if done.returncode or not library or not program:
        raise RuntimeError(_said(done))
    return f"VVenC {library[1]}; FFmpeg {program[1]}"
