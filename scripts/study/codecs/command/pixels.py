"""The formats in which programs are given images and give them back: PNG, PPM, YUV4MPEG2 and raw Y'CbCr.

Y'CbCr is 4:4:4, 8 bit, full range, with the matrix of ITU-R BT.601 (as JPEG has it), rounded in both directions; that
alone, without a codec, leaves a PSNR-RGB of about 52 dB. YUV4MPEG2 says its size itself, raw Y'CbCr doesn't.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from study.core.errors import BitstreamError
from study.images import png

FORMATS = ("png", "ppm", "y4m", "yuv")
RED, GREEN, BLUE = 0.299, 0.587, 0.114
_Y4M = re.compile(rb"YUV4MPEG2 ([^\n]*)\nFRAME[^\n]*\n")
_PPM = re.compile(rb"P6\s+(?:#[^\n]*\n)*(\d+)\s+(\d+)\s+(\d+)\s")


def write(path: Path, rgb: np.ndarray) -> None:
    """Write an image, uint8 [H, W, 3], in the format that the path's suffix names."""
    height, width, _ = rgb.shape
    kind = path.suffix[1:]
    if kind == "png":
        png.write(path, rgb)
    elif kind == "ppm":
        path.write_bytes(f"P6\n{width} {height}\n255\n".encode() + rgb.tobytes())
    elif kind == "y4m":
        head = f"YUV4MPEG2 W{width} H{height} F1:1 Ip A1:1 C444 XCOLORRANGE=FULL\nFRAME\n"
        path.write_bytes(head.encode() + _planes(rgb))
    else:
        path.write_bytes(_planes(rgb))


def read(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """The image, uint8 [H, W, 3], in a file. `size` is (H, W), which raw Y'CbCr doesn't tell.

    Raises BitstreamError for a file that is none of its format, or not of one image with 8 bit and 4:4:4.
    """
    kind = path.suffix[1:]
    if kind == "png":
        return png.read(path)
    data = path.read_bytes()
    if kind == "ppm":
        return _ppm(data)
    if kind == "y4m":
        head = _Y4M.match(data)
        if head is None:
            raise BitstreamError(f"the program's {path.name} is no YUV4MPEG2 file")
        words = {word[:1]: word[1:].decode("ascii", "replace") for word in head[1].split()}
        if not words.get(b"C", "420").startswith("444") or "p1" in words[b"C"]:
            raise BitstreamError(
                f"the program's {path.name} is C{words.get(b'C', '420')}; allowed: C444 with 8 bit per sample"
            )
        size = int(words[b"H"]), int(words[b"W"])
        data = data[head.end() :]
    if size is None or len(data) != 3 * size[0] * size[1]:
        wanted = "a size" if size is None else f"{3 * size[0] * size[1]} bytes, one image of {size[1]}x{size[0]}"
        raise BitstreamError(f"the program's {path.name} has {len(data)} bytes of samples; allowed: {wanted}")
    return _rgb(np.frombuffer(data, np.uint8).reshape(3, *size))


def _ppm(data: bytes) -> np.ndarray:
    head = _PPM.match(data)
    if head is None or int(head[3]) != 255:
        raise BitstreamError("the program's image is no binary PPM (P6) with 8 bit per sample")
    width, height = int(head[1]), int(head[2])
    if len(data) - head.end() != 3 * width * height:
        raise BitstreamError(f"the program's PPM claims {width}x{height} and has {len(data) - head.end()} bytes")
    return np.frombuffer(data, np.uint8, offset=head.end()).reshape(height, width, 3).copy()


def _planes(rgb: np.ndarray) -> bytes:
    red, green, blue = np.moveaxis(rgb.astype(np.float64), 2, 0)
    luma = RED * red + GREEN * green + BLUE * blue
    chroma = (blue - luma) / (2 - 2 * BLUE) + 128, (red - luma) / (2 - 2 * RED) + 128
    return np.clip(np.rint([luma, *chroma]), 0, 255).astype(np.uint8).tobytes()


def _rgb(planes: np.ndarray) -> np.ndarray:
    luma, cb, cr = planes.astype(np.float64)
    red, blue = luma + (2 - 2 * RED) * (cr - 128), luma + (2 - 2 * BLUE) * (cb - 128)
    green = (luma - RED * red - BLUE * blue) / GREEN
    return np.clip(np.rint(np.stack([red, green, blue], -1)), 0, 255).astype(np.uint8)
