"""What the video coders of imageio-ffmpeg's ffmpeg have in common: colour, header, running it. No codec itself.

A bitstream is a header of six bytes (two letters, then width and height as 16-bit little-endian numbers) and a raw
stream of one image, 4:2:0 with 10 bits, whose sides are the original's, made even and not below a least one by
repeating the last column and row.

Colour is converted here: R'G'B' to full-range Y'CbCr of BT.601 (as JPEG has it) in 10 bit, chroma resampled with a
Lanczos filter in both directions, everything rounded, nothing truncated. This conversion alone, without the codec,
leaves a PSNR-RGB of 47.3 dB (mean over six Kodak images); BT.709 leaves 47.0, averaging and bilinear interpolation of
the chroma 45.5, averaging and repetition 43.9, FFmpeg's swscale 47.4 with the best of its flags (and limited range) and
41.5 with its defaults.
"""

from __future__ import annotations

import functools
import re
import struct
import subprocess
import tempfile
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import PIL
from PIL import Image

from study.codecs.classical.base import ClassicalCodec
from study.core import programs
from study.core.errors import BitstreamError, CodecError

HEADER = struct.Struct("<2sHH")
RED, GREEN, BLUE = 0.299, 0.587, 0.114
ENCODE_LIMIT_S = 4 * 3600
DECODE_LIMIT_S = 300


class FfmpegCodec(ClassicalCodec):
    """A codec by one of ffmpeg's encoders and decoders.

    `magic` are the letters of the header, `encoder` and `decoder` ffmpeg's names, `stream` its name of the raw stream,
    `library` the encoder's name and `library_version` what finds its version in what ffmpeg says, `smallest` the least
    side that is coded, and `refusal` why the encoder may refuse an image.
    """

    largest_side = 65535
    magic: ClassVar[bytes]
    encoder: ClassVar[str]
    decoder: ClassVar[str]
    stream: ClassVar[str]
    library: ClassVar[str]
    library_version: ClassVar[str]
    smallest: ClassVar[int]
    refusal: ClassVar[str] = ""

    @abstractmethod
    def options(self) -> tuple[str, ...]:
        """ffmpeg's options for the encoder, all settings but the threads spelled out."""

    def encode(self, rgb: np.ndarray) -> bytes:
        rgb = self._checked(rgb)
        self._required()
        height, width = rgb.shape[:2]
        rows, columns = self._coded(height), self._coded(width)
        padded = np.pad(rgb, ((0, rows - height), (0, columns - width), (0, 0)), mode="edge")
        options = (*raw(columns, rows), "-c:v", self.encoder, "-frames:v", "1", *self.options(), *self._threads())
        # Encoders write messages to the standard output: the stream goes to a file without name, which can't be left.
        with tempfile.TemporaryFile() as stream:
            sink = (*options, "-f", self.stream, f"pipe:{stream.fileno()}")
            try:
                done = run("error", sink, to_yuv(padded), ENCODE_LIMIT_S, stream.fileno())
            except subprocess.TimeoutExpired:
                raise CodecError(f"{self.name}: the encoder was stopped after {ENCODE_LIMIT_S} s") from None
            stream.seek(0)
            coded = stream.read()
        if done.returncode or not coded:
            reason = f"{said(done)}{self.refusal}"
            raise CodecError(f"{self.name} can't encode this image of {width}x{height} pixels: {reason}")
        return HEADER.pack(self.magic, width, height) + coded

    def decode(self, bitstream: bytes) -> np.ndarray:
        self._required()
        width, height = self._size(bitstream)
        rows, columns = self._coded(height), self._coded(width)
        limit = _in_blocks(rows) * _in_blocks(columns)
        strict = ("-err_detect", "explode", "-max_pixels", str(limit), *self._threads())
        source = ("-f", self.stream, "-c:v", self.decoder, *strict, "-i", "pipe:0")
        sink = ("-frames:v", "2", "-f", "rawvideo", "pipe:1")
        try:
            done = run("warning", (*source, *sink), bitstream[HEADER.size :], DECODE_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise BitstreamError(f"{self.name}: the decoder was stopped after {DECODE_LIMIT_S} s") from None
        if done.returncode or done.stderr:
            raise BitstreamError(f"{self.name}: FFmpeg's decoder reports damage: {said(done)}")
        if len(done.stdout) != rows * columns * 3:
            raise BitstreamError(f"{self.name}: the stream doesn't hold one image of {columns}x{rows}, 4:2:0, 10 bit")
        return to_rgb(done.stdout, rows, columns)[:height, :width]

    def skip(self) -> str | None:
        try:
            import imageio_ffmpeg  # noqa: F401
        except ImportError:
            return "the package imageio-ffmpeg is not installed; get it with: pip install imageio-ffmpeg"
        try:
            versions(self.encoder, self.library_version)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            remedy = "unset IMAGEIO_FFMPEG_EXE, or: pip install --force-reinstall imageio-ffmpeg"
            return f"the ffmpeg that imageio-ffmpeg finds can't encode with {self.library} ({error}); {remedy}"
        return None

    def versions(self) -> str:
        library, program = versions(self.encoder, self.library_version)
        return f"{self.library} {library}; FFmpeg {program}; Pillow {PIL.__version__}"

    def _threads(self) -> tuple[str, str]:
        return "-threads", str(self.settings["threads"])

    def _coded(self, side: int) -> int:
        """The side as it is coded."""
        return max(self.smallest, side + side % 2)

    def _size(self, bitstream: bytes) -> tuple[int, int]:
        """Width and height from the header."""
        if len(bitstream) <= HEADER.size or not bitstream.startswith(self.magic):
            begin = self.magic.decode()
            raise BitstreamError(f"{self.name}: not a bitstream of this codec, which begins with {begin}")
        _, width, height = HEADER.unpack_from(bitstream)
        self._check_claim(width, height)
        return width, height


def to_yuv(rgb: np.ndarray) -> bytes:
    """The planes Y', Cb and Cr, 10 bit in 16, of an image uint8 [H, W, 3] with even sides."""
    red, green, blue = np.moveaxis(rgb.astype(np.float32), 2, 0)
    luma = RED * red + GREEN * green + BLUE * blue
    cb, cr = (blue - luma) / (2 - 2 * BLUE), (red - luma) / (2 - 2 * RED)
    half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
    return b"".join(_levels(plane) for plane in (luma, _resampled(cb, half) + 128, _resampled(cr, half) + 128))


def to_rgb(yuv: bytes, rows: int, columns: int) -> np.ndarray:
    """The image, uint8 [rows, columns, 3], of the planes that `to_yuv` makes."""
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
    """The side as FFmpeg's decoders count it: they allocate whole blocks of 64."""
    return (side + 63) // 64 * 64


def raw(columns: int, rows: int) -> tuple[str, ...]:
    """ffmpeg's options for a raw image on its standard input."""
    return ("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-video_size", f"{columns}x{rows}", "-i", "pipe:0")


def run(
    level: str, options: Sequence[str], data: bytes, limit_s: float, *files: int
) -> subprocess.CompletedProcess[bytes]:
    """Run ffmpeg with `data` as its input and some open files; `level` says what it tells of.

    Raises TimeoutExpired, the process being gone, after `limit_s` seconds.
    """
    import imageio_ffmpeg

    quiet = ("-hide_banner", "-nostdin", "-xerror", "-loglevel", level, "-filter_threads", "1")
    return programs.run([imageio_ffmpeg.get_ffmpeg_exe(), *quiet, *options], data, limit_s, files=files)


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first of what ffmpeg said, without the addresses of its objects."""
    lines = re.sub(r" @ 0x[0-9a-f]+", "", done.stderr.decode(errors="replace")).splitlines()
    return lines[0].strip()[:200] if lines else f"exit status {done.returncode}"


@functools.cache
def versions(encoder: str, library_version: str) -> tuple[str, str]:
    """The versions of an encoder's library and of FFmpeg. Raises RuntimeError where ffmpeg can't encode with it."""
    side = 64
    coder = ("-frames:v", "1", "-c:v", encoder, "-threads", "1", "-f", "null", "-")
    done = run("verbose", (*raw(side, side), *coder), bytes(side * side * 3), 60)
    library = re.search(library_version, done.stderr.decode(errors="replace"))
    program = re.search(r"ffmpeg version (\S+)", run("info", ("-version",), b"", 60).stdout.decode(errors="replace"))
    if done.returncode or not library or not program:
        raise RuntimeError(said(done))
    return library[1], program[1]
