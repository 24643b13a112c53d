"""Images: reading and writing the study's own PNG files, and the one rule by which any source becomes one.

The rule: an image of the study is an 8-bit RGB PNG whose samples are the R'G'B' samples of its source.

- Taken: PNG, JPEG, WebP, TIFF, BMP, GIF and PPM/PGM/PBM, told apart by content, not by name.
- Converted: grey (1, 2, 4 or 8 bits) is replicated, a palette is looked up, an opaque alpha is dropped,
  and an EXIF orientation is applied (a lossless turn). JPEG is decoded by Pillow's libjpeg-turbo.
- No colour management: ICC profiles, gAMA, cHRM and cICP are dropped and the samples are taken as sRGB, as the
  published studies do. A profile that maps colours elsewhere than sRGB's, PQ, HLG and other gammas are noted.
- Refused, with the reason: transparent pixels, more than 8 bits per sample, floating point, CMYK, YCbCr, Lab and other
  colour spaces, several frames or pages, damaged files, more than 2^26 pixels, files over 512 MiB.
- Damage: a PNG's check values tell it, and libjpeg's warnings most of it in a JPEG. The other formats have no check
  values; an image in one of those is noted.

Every source is encoded anew, an 8-bit RGB PNG too: so the same pixels give the same file, whatever metadata the source
carried, and no reader downstream can act on a profile that another ignores.
"""

from __future__ import annotations

import hashlib
import io
import warnings
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from study.core import atomic_io, readers
from study.core.errors import ImageError, StudyError
from study.core.outcome import AGAIN
from study.images import colour, damage

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
LARGEST_PIXELS = 2**26
LARGEST_FILE = 2**29

_CONVERTED = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")
_REFUSED = {
    "CMYK": "CMYK samples",
    "F": "floating-point samples",
    "I": "more than 8 bits per sample",
    "LAB": "Lab samples",
    "YCbCr": "YCbCr samples",
    "RGBa": "alpha premultiplied into its colours",
    "La": "alpha premultiplied into its samples",
}
_GREY_OR_RGB = (0, 1, 2, 3)
_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLES_PER_PIXEL = 258, 262, 277  # TIFF tags
_ORIENTATION = 274  # EXIF tag
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Normalised(NamedTuple):
    """A source under the rule: `rgb` uint8 [H, W, 3], whether the source is JPEG data, and what to tell the user.

    `unchecked` names its format if damage in that can't be told; None otherwise.
    """

    rgb: np.ndarray
    jpeg: bool
    notes: list[str]
    unchecked: str | None = None


def read(path: str | Path) -> np.ndarray:
    """The samples, uint8 [H, W, 3], of one of the study's PNG files.

    Raises ImageError if the file is missing, damaged or no 8-bit RGB PNG.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            actual = f"a PNG of mode {image.mode} ({_raw_modes(image)})"
            plain = image.mode == "RGB" and _raw_modes(image) == "RGB" and "transparency" not in image.info
            rgb = np.array(image) if plain else None
    except Exception as error:
        raise ImageError(f"{path}: can't be read as a PNG image: {_reason(error)}") from error
    if rgb is None:
        raise ImageError(f"{path}: {actual}; the study's images are 8-bit RGB PNG files, made by fetch_images.py")
    return rgb


def verified(path: Path, sha256: str) -> np.ndarray:
    """As `read`, uint8 [H, W, 3], of the file that a record names. Raises StudyError if it is missing or another."""
    if not path.is_file():
        raise StudyError(f"{path} is missing, though its record tells of it; run the study again to make it anew")
    if readers.sha256(path) != sha256:
        raise StudyError(f"{path} isn't the image that its record tells of: its sha256 differs; {AGAIN}")
    return read(path)


def write(path: str | Path, rgb: np.ndarray) -> None:
    """Write samples, uint8 [H, W, 3], as an 8-bit RGB PNG, under a temporary name first.

    The same samples give the same bytes. Raises ImageError for another array.
    """
    atomic_io.write_bytes(path, png(rgb))


def png(rgb: np.ndarray) -> bytes:
    """The PNG file of samples, uint8 [H, W, 3], with nothing in it but the samples.

    Deflate at level 1 that searches for runs only (Z_RLE): as small as Pillow's default, in under a third of its time.
    Raises ImageError for another array.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ImageError(f"an image must be a uint8 array [H, W, 3]; found {rgb.dtype} {list(rgb.shape)}")
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return file.getvalue()


def digest(rgb: np.ndarray) -> str:
    """The sha256 of samples, uint8 [H, W, 3], and their size: that of an image, whatever file it is in."""
    head = f"{rgb.shape[1]}x{rgb.shape[0]}:".encode()
    return hashlib.sha256(head + np.ascontiguousarray(rgb).tobytes()).hexdigest()


def reduced(rgb: np.ndarray, factor: int) -> np.ndarray:
    """Samples, uint8 [H, W, 3], `factor` times smaller in both directions, by Pillow's Lanczos filter.

    Columns and rows that the factor doesn't divide are cut at the right and at the bottom. Raises ImageError for a
    factor that leaves nothing.
    """
    if factor == 1:
        return rgb
    height, width = rgb.shape[0] // factor, rgb.shape[1] // factor
    if not height or not width:
        raise ImageError(f"{rgb.shape[1]}x{rgb.shape[0]} can't be reduced {factor}-fold; take a smaller `reduce`")
    whole = np.ascontiguousarray(rgb[: height * factor, : width * factor])
    return np.asarray(Image.fromarray(whole).resize((width, height), Image.Resampling.LANCZOS))


def cropped(rgb: np.ndarray, side: int | None) -> np.ndarray:
    """The `side` by `side` samples in the middle of uint8 [H, W, 3], all of them for None.

    Raises ImageError for an image of fewer."""
    if side is None:
        return rgb
    height, width = rgb.shape[:2]
    if min(height, width) < side:
        raise ImageError(f"{width}x{height} has no {side}x{side} pixels; take a smaller `crop`")
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(rgb[top : top + side, left : left + side])


def check_size(count: int) -> None:
    """Raise ImageError for a source of more bytes than are taken."""
    if count > LARGEST_FILE:
        raise ImageError(f"{count:,} bytes; the largest file taken has {LARGEST_FILE:,}")


def normalise(data: bytes) -> Normalised:
    """The image in the bytes of a source file, under the module's rule.

    Raises ImageError with the reason (the caller names the file).
    """
    check_size(len(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _normalised(data)
        except ImageError:
            raise
        except Exception as error:  # Pillow's readers raise whatever comes to them on damaged data
            raise ImageError(_reason(error)) from error


def _normalised(data: bytes) -> Normalised:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        _check_header(image)
        jpeg = image.format in ("JPEG", "MPO") or "jpeg" in str(image.info.get("compression"))
        if image.format == "PNG":
            damage.check_palette(data)
            with Image.open(io.BytesIO(data), formats=["PNG"]) as again:
                again.verify()
        image.load()
        if image.format in ("JPEG", "MPO"):
            damage.check_jpeg(data)
        notes = colour.notes(image.info, image.mode, data)
        upright = _upright(image)
        if upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info:
            _check_opaque(upright)
        unchecked = None if image.format in damage.CHECKED else image.format
        return Normalised(np.array(upright.convert("RGB")), jpeg, notes, unchecked)


def _upright(image: Image.Image) -> Image.Image:
    """The image turned by its EXIF orientation; XMP's doesn't count, and Pillow has turned a TIFF already."""
    if image.format == "TIFF":
        return image
    raw = image.info.get("exif")
    if raw is None and "Raw profile type exif" in image.info:  # of a PNG by ImageMagick
        raw = bytes.fromhex("".join(image.info["Raw profile type exif"].split("\n")[3:]))
    if not raw:
        return image
    exif = Image.Exif()
    exif.load(raw)
    turn = _TURNS.get(exif.get(_ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def _check_header(image: Image.Image) -> None:
    width, height = image.size
    if width * height > LARGEST_PIXELS:
        raise ImageError(f"{width}x{height} pixels; at most {LARGEST_PIXELS:,} pixels are taken")
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise ImageError(f"{frames} images in one {image.format} file (animation, pages or views); save one alone")
    if image.mode not in _CONVERTED:
        fault = _REFUSED.get(image.mode, "more than 8 bits per sample" if image.mode.startswith("I;") else "")
        raise ImageError(f"{fault or f'mode {image.mode}'}; convert it to 8-bit RGB first")
    _check_depth(image)


def _check_depth(image: Image.Image) -> None:
    modes = _raw_modes(image)
    tags = getattr(image, "tag_v2", {})
    if any(bits in modes for bits in (";12", ";16")) or max(_values(tags.get(_BITS_PER_SAMPLE, 8))) > 8:
        raise ImageError("16 bits per sample or pixel; convert it to 8 bits per sample first")
    if ";15" in modes:
        raise ImageError("5 bits per sample; convert it to 8 bits per sample first")
    if modes in ("L;2", "L;4") and "transparency" in image.info:
        raise ImageError("a transparent grey in an image of 2 or 4 bits per sample; save it with 8 bits first")
    if tags.get(_PHOTOMETRIC, 2) not in _GREY_OR_RGB:
        raise ImageError(f"TIFF photometric interpretation {tags[_PHOTOMETRIC]}, neither grey, RGB nor palette")
    if tags.get(_SAMPLES_PER_PIXEL, 1) > len(image.getbands()):
        raise ImageError("a TIFF channel beside the colours whose meaning is not stated; remove it first")
    if image.format == "PPM" and image.mode != "1":
        maximum = [value for tile in image.tile for value in _values(tile.args) if isinstance(value, int)]
        if image.tile[0].codec_name != "raw" and maximum != [255]:
            raise ImageError(f"samples from 0 to {maximum[-1]}; only 0 to 255 (8 bits per sample) is taken")


def _check_opaque(image: Image.Image) -> None:
    alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    seen = int((alpha < 255).sum())
    if seen:
        raise ImageError(f"transparent: {seen:,} of {alpha.size:,} pixels are not opaque; flatten it first")


def _raw_modes(image: Image.Image) -> str:
    """How the samples lie in the file, as Pillow's decoders call it: `RGB`, `RGB;16B`, `L;4` and so on."""
    return " ".join(str(value) for tile in image.tile for value in _values(tile.args) if isinstance(value, str))


def _values(value: object) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def _reason(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return f"its header announces far more than the {LARGEST_PIXELS:,} pixels that are taken"
    if isinstance(error, UnidentifiedImageError):
        return f"none of {', '.join(FORMATS)}, or with samples that Pillow can't read, or damaged in its header"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"damaged or unreadable ({str(error) or type(error).__name__})"
