"""Images under the study's rule: what is kept, what is converted, and what is refused."""

from __future__ import annotations

import io
import random
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from image_files import chunk, deep, png, profile, saved, text
from study.core.errors import ImageError
from study.images import png as images_png

RGB = np.random.default_rng(1).integers(0, 256, (19, 23, 3), np.uint8)
GREY = RGB[..., 0]


def refusal(data):
    with pytest.raises(ImageError) as caught, warnings.catch_warnings():
        warnings.simplefilter("error")
        images_png.normalise(data)
    return str(caught.value)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "PPM"])
def test_rgb_keeps_its_samples(form):
    result = images_png.normalise(saved(RGB, form))
    assert np.array_equal(result.rgb, RGB) and not result.jpeg and result.notes == []


def test_lossless_webp_keeps_its_samples():
    assert np.array_equal(images_png.normalise(saved(RGB, "WEBP", lossless=True)).rgb, RGB)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff_keeps_its_samples(compression):
    assert np.array_equal(images_png.normalise(saved(RGB, "TIFF", compression=compression)).rgb, RGB)


def test_jpeg_is_decoded_by_pillow_and_known_as_jpeg():
    data = saved(RGB, "JPEG", quality=90)
    result = images_png.normalise(data)
    assert result.jpeg and np.array_equal(result.rgb, np.asarray(Image.open(io.BytesIO(data))))
    assert images_png.normalise(saved(RGB, "TIFF", compression="jpeg")).jpeg
    assert np.array_equal(images_png.normalise(saved(GREY, "JPEG")).rgb.std(axis=2), np.zeros(GREY.shape))


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "PPM"])
def test_grey_is_replicated(form):
    assert np.array_equal(images_png.normalise(saved(GREY, form)).rgb, np.dstack([GREY] * 3))
    black_and_white = Image.fromarray(GREY > 127)
    expected = np.dstack([(GREY > 127) * np.uint8(255)] * 3)
    assert np.array_equal(images_png.normalise(saved(black_and_white, form)).rgb, expected)


@pytest.mark.parametrize("depth, most", [(1, 1), (2, 3), (4, 15)])
def test_grey_of_few_bits_spans_the_whole_range(depth, most):
    row = bytes([0, most << (8 - depth)])
    assert images_png.normalise(png(1, 1, depth, 0, row)).rgb.tolist() == [[[255] * 3]]
    assert images_png.normalise(png(1, 1, depth, 0, bytes([0, 1 << (8 - depth)]))).rgb[0, 0, 0] == 255 // most


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "GIF"])
def test_palette_is_looked_up(form):
    palette = Image.fromarray(RGB).quantize(16)
    assert np.array_equal(images_png.normalise(saved(palette, form)).rgb, np.asarray(palette.convert("RGB")))


def test_interlaced_png():
    """Adam7 of a 2x1 image: pass 1 holds the first pixel, pass 6 the second."""
    data = bytearray(png(2, 1, 8, 2, b"\0\1\2\3" + b"\0\4\5\6"))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert images_png.normalise(bytes(data)).rgb.tolist() == [[[1, 2, 3], [4, 5, 6]]]


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_opaque_alpha_is_dropped_and_transparency_refused(form):
    rgba = np.dstack([RGB, np.full(GREY.shape, 255, np.uint8)])
    options = {"lossless": True} if form == "WEBP" else {}
    assert np.array_equal(images_png.normalise(saved(rgba, form, **options)).rgb, RGB)
    rgba[3, 4, 3] = 254
    assert "transparent: 1 of 437 pixels" in refusal(saved(rgba, form, **options))


def test_grey_with_alpha():
    both = Image.merge("LA", [Image.fromarray(GREY), Image.new("L", GREY.shape[::-1], 255)])
    assert np.array_equal(images_png.normalise(saved(both)).rgb, np.dstack([GREY] * 3))
    both.putalpha(7)
    assert "transparent: 437 of 437" in refusal(saved(both))


def test_transparent_colour_counts_only_where_it_occurs():
    assert np.array_equal(images_png.normalise(saved(RGB, transparency=tuple(RGB[2, 2].tolist()[::-1]))).rgb, RGB)
    assert "transparent: 1 of" in refusal(saved(RGB, transparency=tuple(RGB[2, 2].tolist())))
    assert "transparent" in refusal(saved(GREY, transparency=int(GREY[0, 0])))
    palette = Image.fromarray(GREY // 2).convert("P")
    palette.putpalette(bytes(range(256)) * 3)
    assert images_png.normalise(saved(palette, transparency=255)).rgb.shape == RGB.shape
    assert "transparent" in refusal(saved(palette, transparency=int(GREY[0, 0] // 2)))
    assert "transparent" in refusal(saved(palette, transparency=bytes([128] * 256)))
    assert "transparent grey" in refusal(png(1, 1, 4, 0, b"\0\xf0", chunk(b"tRNS", b"\0\x0f")))


REFUSED = {
    "16-bit grey PNG": (lambda: deep(0, 1), "more than 8 bits"),
    "16-bit grey and alpha PNG": (lambda: deep(4, 2), "16 bits"),
    "16-bit RGB PNG": (lambda: deep(2, 3), "16 bits"),
    "16-bit RGBA PNG": (lambda: deep(6, 4), "16 bits"),
    "16-bit TIFF": (lambda: saved(Image.fromarray(GREY.astype(np.uint16)), "TIFF"), "more than 8 bits"),
    "16-bit RGB TIFF": (lambda: tiff(RGB.astype(np.uint16)), "16 bits"),
    "16-bit RGB TIFF, compressed": (lambda: tiff(RGB.astype(np.uint16), compression="zlib"), "16 bits"),
    "float TIFF": (lambda: saved(Image.fromarray(GREY.astype(np.float32)), "TIFF"), "floating-point"),
    "float RGB TIFF": (lambda: tiff(RGB.astype(np.float32)), "samples that Pillow can't read"),
    "32-bit TIFF": (lambda: saved(Image.fromarray(GREY.astype(np.int32)), "TIFF"), "more than 8 bits"),
    "16-bit PPM": (lambda: b"P6 2 1 65535\n" + bytes(12), "0 to 65535"),
    "4-bit PPM": (lambda: b"P6 2 1 15\n" + bytes(6), "0 to 15"),
    "16-bit PGM": (lambda: b"P5 2 1 65535\n" + bytes(4), "more than 8 bits"),
    "16-bit BMP": (lambda: bmp16(), "5 bits"),
    "CMYK JPEG": (lambda: saved(RGB, "JPEG", "CMYK"), "CMYK"),
    "CMYK TIFF": (lambda: saved(RGB, "TIFF", "CMYK"), "CMYK"),
    "YCbCr TIFF": (lambda: saved(RGB, "TIFF", "YCbCr"), "YCbCr"),
    "Lab TIFF": (lambda: saved(RGB, "TIFF", "LAB"), "Lab"),
    "TIFF with a fourth channel": (lambda: tiff(np.dstack([RGB, GREY]), extrasamples=["unspecified"]), "meaning"),
    "animated GIF": (lambda: animated("GIF"), "3 images in one GIF"),
    "animated PNG": (lambda: animated("PNG"), "3 images in one PNG"),
    "animated WebP": (lambda: animated("WEBP"), "3 images in one WEBP"),
    "TIFF with pages": (lambda: animated("TIFF"), "3 images in one TIFF"),
    "JPEG with views": (lambda: animated("MPO"), "3 images in one MPO"),
    "text": (lambda: b"not an image", "none of PNG"),
    "nothing": (lambda: b"", "none of PNG"),
    "SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "none of PNG"),
    "EPS": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "none of PNG"),
    "bomb": (lambda: png(60_000, 60_000, 8, 2, b""), "67,108,864 pixels"),
    "large": (lambda: png(10_000, 10_000, 8, 2, b""), "10000x10000 pixels"),
    "bomb in TIFF": (lambda: saved(Image.new("1", (14_000, 14_000)), "TIFF", compression="group4"), "pixels"),
    "text chunk": (lambda: png(1, 1, 8, 0, b"\0\0", text(b"\0" * 2**22)), "too large"),
    "text chunks": (lambda: png(1, 1, 8, 0, b"\0\0", *[text(b"\0" * 2**20)] * 80), "Too much memory"),
    "profile bomb": (lambda: png(1, 1, 8, 0, b"\0\0", profile(bytes(2**22))), "too large"),
    "no pixels": (lambda: png(0, 5, 8, 0, b""), ""),
}


def tiff(array, **options):
    import tifffile

    with io.BytesIO() as out:
        tifffile.imwrite(out, array, photometric="rgb", **options)
        return out.getvalue()


def bmp16():
    info = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 16, 0, 4, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + info + b"abcd"


def animated(form):
    frames = [Image.fromarray(np.roll(RGB, step, axis=1)) for step in range(3)]
    return saved(frames[0], form, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_reason(case):
    build, reason = REFUSED[case]
    assert reason in refusal(build())


def test_large_file_is_refused(monkeypatch):
    monkeypatch.setattr(images_png, "LARGEST_FILE", 100)
    assert "the largest file taken has 100" in refusal(saved(RGB))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM"])
def test_truncated_anywhere(form):
    """No image comes of a file cut short, but for bytes after the last sample (a checksum, padding, a trailer)."""
    data = saved(Image.fromarray(RGB).quantize(256) if form == "GIF" else RGB, form)
    after = {"PNG": 4, "JPEG": 2, "WEBP": 1, "BMP": 3, "GIF": 2}.get(form, 0)
    for length in [*range(0, len(data) - after - 1, 37), len(data) - after - 1]:
        refusal(data[:length])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), form=st.sampled_from(["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM"]))
def test_flipped_bits_give_an_image_or_a_refusal(data, form):
    damaged = bytearray(saved(RGB, form))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        result = images_png.normalise(bytes(damaged))
    except ImageError:
        return
    assert result.rgb.dtype == np.uint8 and result.rgb.ndim == 3 and result.rgb.shape[2] == 3


def test_no_flipped_bit_of_a_png_makes_another_image():
    small = RGB[:4, :5]
    whole = saved(small)
    refused = 0
    for position in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[position // 8] ^= 1 << position % 8
        try:
            assert np.array_equal(images_png.normalise(bytes(damaged)).rgb, small), position
        except ImageError:
            refused += 1
    assert refused >= 8 * (len(whole) - 8)  # only the last chunk's own length and checksum are of no account


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_exif_orientation_is_applied_once(orientation, form):
    exif = Image.Exif()
    exif[274] = orientation
    turned = {
        1: RGB, 2: RGB[:, ::-1], 3: RGB[::-1, ::-1], 4: RGB[::-1], 5: RGB.transpose(1, 0, 2),
        6: np.rot90(RGB, -1), 7: RGB[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(RGB),
    }[orientation]  # fmt: skip
    assert np.array_equal(images_png.normalise(saved(RGB, form, exif=exif)).rgb, turned)


def xmp(orientation):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{orientation}"/>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_orientation_of_xmp_is_not_applied(form):
    options = {"lossless": True} if form == "WEBP" else {"quality": 95} if form == "JPEG" else {}
    if form == "PNG":
        content = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6)
        plain = saved(RGB)
        data = plain[:33] + chunk(b"iTXt", content) + plain[33:]
    else:
        data = saved(RGB, form, xmp=xmp(6), **options)
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif().get(274) == 6, "Pillow takes it for EXIF's"
    assert images_png.normalise(data).rgb.shape == RGB.shape


def photo():
    import skimage.data

    return skimage.data.astronaut()


def test_cut_jpeg_with_an_end_marker_is_refused():
    data = saved(photo(), "JPEG", quality=90)
    images_png.normalise(data)
    why = refusal(data[: len(data) * 2 // 5] + b"\xff\xd9")
    assert "damaged: libjpeg says 'Corrupt JPEG data: premature end of data segment'" in why


@pytest.mark.slow
def test_damaged_jpegs_are_refused_where_libjpeg_warns():
    """Bytes of the samples overwritten: Pillow decodes nearly all of these; libjpeg warns of most."""
    data = saved(photo()[:256, :256], "JPEG", quality=90)
    chance = random.Random(3)
    taken = 0
    for _ in range(60):
        damaged = bytearray(data)
        at = chance.randrange(700, len(data) - 40)
        damaged[at : at + 30] = chance.randbytes(30)
        try:
            images_png.normalise(bytes(damaged))
            taken += 1
        except ImageError:
            continue
    assert taken <= 25  # JPEG has no check values


def test_palette_png_without_palette_is_refused():
    row = b"\0" + bytes(range(8))
    whole = png(8, 1, 8, 3, row, chunk(b"PLTE", bytes(range(24))))
    assert images_png.normalise(whole).rgb.shape == (1, 8, 3)
    assert "PLTE" in refusal(png(8, 1, 8, 3, row))
    assert "PLTE" in refusal(png(8, 1, 8, 3, row, chunk(b"PLTE", bytes(23))))


@pytest.mark.parametrize("form", ["TIFF", "WEBP", "BMP", "GIF", "PPM"])
def test_formats_without_check_values_are_told(form):
    data = saved(Image.fromarray(RGB).quantize(256) if form == "GIF" else RGB, form)
    assert images_png.normalise(data).unchecked == form
    assert images_png.normalise(saved(RGB)).unchecked is None
    assert images_png.normalise(saved(RGB, "JPEG")).unchecked is None


def srgb_profile(name=None):
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data if name is None else data.replace("sRGB built-in".encode("utf-16-be"), name.encode("utf-16-be"))


def test_profile_is_dropped_and_noted():
    assert images_png.normalise(saved(RGB, icc_profile=srgb_profile())).notes == []
    assert images_png.normalise(saved(RGB, icc_profile=srgb_profile("Adobe built-i"))).notes == [], "sRGB by content"
    unread = images_png.normalise(saved(RGB, icc_profile=b"... sRGB IEC61966-2.1 ..."))
    assert np.array_equal(unread.rgb, RGB) and "can't be read" in unread.notes[0]
    linear = bytearray(srgb_profile())
    at = linear.index(b"para")
    linear[at + 8 : at + 10], linear[at + 12 : at + 16] = b"\0\0", struct.pack(">I", 1 << 16)  # a gamma of 1
    noted = images_png.normalise(saved(RGB, icc_profile=bytes(linear)))
    assert np.array_equal(noted.rgb, RGB) and "'sRGB built-in' isn't sRGB's" in noted.notes[0]


CURVES = {
    "gAMA of 1": (chunk(b"gAMA", struct.pack(">I", 100_000)), "gAMA says 1, which is linear light"),
    "gAMA of sRGB": (chunk(b"gAMA", struct.pack(">I", 45_455)), None),
    "gAMA beside sRGB": (chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(b"sRGB", b"\0"), None),
    "PQ": (chunk(b"cICP", bytes([9, 16, 0, 1])), "transfer function is PQ"),
    "HLG": (chunk(b"cICP", bytes([9, 18, 0, 1])), "transfer function is HLG"),
    "cICP of sRGB": (chunk(b"cICP", bytes([1, 13, 0, 1])), None),
}


@pytest.mark.parametrize("case", CURVES)
def test_other_curves_than_srgbs_are_noted(case):
    said, note = CURVES[case]
    image = images_png.normalise(png(1, 1, 8, 2, b"\0\1\2\3", said))
    assert image.rgb.tolist() == [[[1, 2, 3]]]
    assert note is None or note in image.notes[0]
    assert bool(image.notes) == (note is not None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(height=st.integers(1, 40), width=st.integers(1, 40), flat=st.booleans(), seed=st.integers(0, 99))
def test_written_images_are_read_back(tmp_path, height, width, flat, seed):
    rgb = np.random.default_rng(seed).integers(0, 2 if flat else 256, (height, width, 3), np.uint8)
    rgb = np.asfortranarray(rgb) if seed % 2 else rgb
    images_png.write(tmp_path / "p.png", rgb)
    assert np.array_equal(images_png.read(tmp_path / "p.png"), rgb)
    assert np.array_equal(images_png.normalise((tmp_path / "p.png").read_bytes()).rgb, rgb)
    assert images_png.png(rgb) == images_png.png(np.ascontiguousarray(rgb)) == (tmp_path / "p.png").read_bytes()


@pytest.mark.parametrize("array", [RGB[..., 0], RGB.astype(float), RGB[:0], np.dstack([RGB, GREY])])
def test_only_images_are_written(tmp_path, array):
    with pytest.raises(ImageError, match=r"uint8 array \[H, W, 3\]"):
        images_png.write(tmp_path / "p.png", array)
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize(
    "data", [saved(GREY), saved(RGB, mode="RGBA"), deep(2, 3), saved(RGB, "JPEG"), saved(RGB)[:-60]]
)
def test_only_the_study_s_images_are_read(tmp_path, data):
    (tmp_path / "p.png").write_bytes(data)
    with pytest.raises(ImageError, match=r"p\.png"):
        images_png.read(tmp_path / "p.png")


def test_missing_image(tmp_path):
    with pytest.raises(ImageError, match="No such file"):
        images_png.read(tmp_path / "none.png")
