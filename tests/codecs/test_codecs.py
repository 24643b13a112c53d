"""The contract of every codec of the catalogue that needs no weights, and what is particular to each backend."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import re
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image, JpegImagePlugin, features

import damage
from study.codecs import base
from study.codecs import registry as codec_registry
from study.codecs.classical import ffmpeg, jpegxl
from study.codecs.classical.base import ClassicalCodec
from study.codecs.registry import CodecSpec
from study.core.errors import BitstreamError, CodecError, StudyError
from study.planning import entries
from thinned import one_of_a_kind
from waiting import LONGEST_S, alive, wait

SHORT = 20  # steps of a fit to an image, where a codec has such


def _shortened(entry: entries.CodecEntry) -> entries.CodecEntry:
    return (
        dataclasses.replace(entry, settings=entry.settings | {"steps": SHORT}) if "steps" in entry.settings else entry
    )


CATALOGUE = {name: _shortened(entry) for name, entry in entries.codecs().items()}


def _free_of_weights(spec: CodecSpec) -> bool:
    kind = codec_registry.backend(spec.backend, spec.settings)
    return kind.weights_source(spec.settings, spec.qualities[0]) is None


NAMES = [name for name, spec in CATALOGUE.items() if _free_of_weights(spec)]
CLASSICAL = [name for name in NAMES if issubclass(codec_registry.backend(CATALOGUE[name].backend), ClassicalCodec)]
COMMANDS = [name for name in NAMES if CATALOGUE[name].backend == "command"]  # see also test_command.py
RATED = [name for name in NAMES if len(CATALOGUE[name].qualities) > 3]  # not those for one end of the range
PILLOW = ("jpeg", "jpeg2000", "webp", "avif")
PLUGINS = {
    "jpegli": ("pyjpegli", ("pyjpegli",)),
    "jpegxl": ("pillow-jxl-plugin", ("pillow_jxl", "pillow_jxl.JpegXLImagePlugin")),
    "hevc": ("pillow-heif", ("pillow_heif",)),
    "hevc10": ("pillow-heif", ("pillow_heif",)),
    "av1": ("imageio-ffmpeg", ("imageio_ffmpeg",)),
    "vvc": ("imageio-ffmpeg", ("imageio_ffmpeg",)),
}
DAMAGED = 200
MEMORY = 2**30


def load(name: str, quality: float | None = None) -> base.Codec:
    """A codec of the catalogue, at the middle of its qualities; the test is skipped where it can't run."""
    spec = CATALOGUE[name]
    codec = codec_registry.load(name, spec.qualities[len(spec.qualities) // 2] if quality is None else quality, spec)
    if reason := codec.skip():
        pytest.skip(reason)
    return codec


@cache
def natural(height: int = 112, width: int = 160) -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[20 : 20 + height, 160 : 160 + width])


def repeated(height: int, width: int) -> np.ndarray:
    return np.resize(natural(64, 64), (height, width, 3))


def grey() -> np.ndarray:
    return np.ascontiguousarray(natural(48, 40)[..., 1:2].repeat(3, axis=2))


IMAGES = {
    "1x1": lambda: natural(1, 1),
    "2x3": lambda: natural(2, 3),
    "17x31": lambda: natural(17, 31),
    "8x4096": lambda: repeated(8, 4096),
    "4096x8": lambda: repeated(4096, 8),
    "grey": grey,
    "noise": lambda: np.random.default_rng(1).integers(0, 256, (37, 50, 3), dtype=np.uint8),
    "flat": lambda: np.full((40, 33, 3), (200, 30, 90), dtype=np.uint8),
    "view": lambda: natural()[5:60:2, ::-3],
}


def psnr(reference: np.ndarray, image: np.ndarray) -> float:
    error = np.mean((reference.astype(float) - image) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def backend(name: str) -> str:
    return CATALOGUE[name].backend


@pytest.mark.parametrize("image", one_of_a_kind(IMAGES, str, slow=("8x4096", "4096x8")))
@pytest.mark.parametrize("name", one_of_a_kind(NAMES, backend, slow=("overfitted",)))
def test_round_trip_to_the_same_shape_or_refused_with_a_reason(name, image):
    codec, rgb = load(name, CATALOGUE[name].qualities[-1]), IMAGES[image]()
    try:
        bitstream = codec.encode(rgb)
    except CodecError as error:
        assert name not in CLASSICAL and str(error).strip(), f"{name} refuses {image}: {error}"
        return
    decoded = codec.decode(bitstream)
    assert type(bitstream) is bytes
    assert decoded.shape == rgb.shape and decoded.dtype == np.uint8
    assert 0 < codec.payload_bytes(bitstream) <= len(bitstream)
    if image == "flat":
        assert psnr(rgb, decoded) > 30
    if image == "grey":
        assert np.ptp(decoded.astype(int), axis=2).max() <= 12


@pytest.mark.parametrize(
    "wrong",
    [
        natural(8, 8).astype(np.float32) / 255,
        natural(8, 8)[..., 0],
        np.dstack([natural(8, 8), natural(8, 8)[..., :1]]),
        natural(8, 8)[..., :1],
        natural(8, 8).astype(np.uint16) * 257,
        natural(8, 8).tolist(),
        natural(8, 8)[:0],
        Image.fromarray(natural(8, 8)),
        None,
    ],
    ids=["float", "grey 2-D", "RGBA", "one channel", "16 bit", "list", "empty", "Pillow image", "None"],
)
@pytest.mark.parametrize("name", NAMES)
def test_other_than_8_bit_rgb_is_refused(name, wrong):
    with pytest.raises(CodecError, match=r"uint8 array \[H, W, 3\].*found"):
        load(name).encode(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("name", RATED)
def test_rate_and_quality_rise_along_the_catalogues_qualities(name):
    rgb = natural()
    coders = [load(name, quality) for quality in CATALOGUE[name].qualities]
    streams = [coder.encode(rgb) for coder in coders]
    sizes = [len(stream) for stream in streams]
    assert sizes == sorted(set(sizes)), sizes
    ends = [psnr(rgb, coders[index].decode(streams[index])) for index in (0, -1)]
    assert ends[1] > 35 and ends[1] > ends[0] + 5, ends


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, str]:
    """The sha256 of every codec's bitstream of one image, made in another process with other threads and hashes."""
    program = f"""
import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(damage.SCRIPTS)!r}]
import hashlib, json, numpy
from study.codecs import registry as codecs
rgb = numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8).reshape(64, 96, 3)
hashes = {{}}
for name, (quality, backend, settings) in json.loads(sys.argv[1]).items():
    codec = codecs.load(name, quality, codecs.CodecSpec(backend=backend, settings=settings))
    if not codec.skip():
        hashes[name] = hashlib.sha256(codec.encode(rgb)).hexdigest()
print(json.dumps(hashes))
"""
    task = {
        name: (CATALOGUE[name].qualities[-2:][0], CATALOGUE[name].backend, CATALOGUE[name].settings) for name in NAMES
    }
    child = subprocess.run(
        [sys.executable, "-c", program, json.dumps(task)],
        input=natural(64, 96).tobytes(),
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "3", "PYTHONHASHSEED": "7"},
        timeout=LONGEST_S,
    )
    assert child.returncode == 0, child.stderr.decode()
    return json.loads(child.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_same_image_same_bytes_here_and_elsewhere(name, elsewhere):
    codec = load(name, CATALOGUE[name].qualities[-2:][0])
    bitstream = codec.encode(natural(64, 96))
    assert codec.encode(natural(64, 96)) == bitstream
    assert hashlib.sha256(bitstream).hexdigest() == elsewhere[name]
    assert np.array_equal(codec.decode(bitstream), codec.decode(bitstream))


def _first_of_its_backend(name: str) -> bool:
    return name == _first(backend(name))


def _first(backend: str) -> str:
    """The first codec of the catalogue with a backend."""
    return next(name for name in NAMES if CATALOGUE[name].backend == backend)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in COMMANDS or _first_of_its_backend(name)])
def test_damaged_streams_give_an_error_or_an_image_and_no_crash(name):
    codec = load(name)
    count = DAMAGED if _first_of_its_backend(name) else DAMAGED // 5
    streams = damage.damaged(codec.encode(natural(72, 96)), count, seed=2021)
    results, peak = damage.decode_all(name, codec.quality, CATALOGUE[name], streams)
    assert len(results) == count
    for number, result in enumerate(results):
        assert re.fullmatch(r"BitstreamError .*\S.*|image \(\d+, \d+, 3\) uint8", result, re.DOTALL), (number, result)
    assert all(result.startswith("BitstreamError") for result in results[::4]), "a stream cut short gave an image"
    assert peak < MEMORY


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CLASSICAL if _first_of_its_backend(name)])
def test_no_part_of_a_stream_is_an_image(name):
    codec = load(name)
    stream = codec.encode(natural(48, 64))
    lengths = range(0, len(stream), 20 if issubclass(type(codec), ffmpeg.FfmpegCodec) else 1)
    results, _ = damage.decode_all(name, codec.quality, CATALOGUE[name], [stream[:n] for n in lengths])
    assert not [n for n, result in zip(lengths, results) if not result.startswith("BitstreamError")]


@pytest.mark.parametrize("name", one_of_a_kind(NAMES, backend))
def test_foreign_data_is_no_bitstream(name):
    codec = load(name)
    others = {}
    for kind in ("PNG", "JPEG", "WEBP"):
        file = io.BytesIO()
        Image.fromarray(natural(16, 16)).save(file, kind)
        others[kind] = file.getvalue()
    own = {"png": "PNG", "jpg": "JPEG", "jls": "JPEG", "webp": "WEBP"}  # JPEG-LS decoders take JPEG as well
    others.pop(own.get(codec.extension, ""), None)
    for data in (b"", b"\0", bytes(1000), np.random.default_rng(3).bytes(1000), *others.values()):
        with pytest.raises(BitstreamError) as caught:
            codec.decode(data)
        assert "0x" not in str(caught.value), "a message should not change from run to run"


def _bombs(backend: str, stream: bytes) -> bytes:
    """The stream with a size of a gigapixel or more in its header."""
    bomb = bytearray(stream)
    if backend in ("jpeg", "jpegli"):
        frame = re.search(b"\xff[\xc0\xc2]", stream)  # baseline, progressive
        struct.pack_into(">HH", bomb, frame.start() + 5, 65500, 65500)
    elif backend == "jpeg2000":
        struct.pack_into(">II", bomb, stream.index(b"ihdr") + 4, 2**17, 2**17)
        struct.pack_into(">II", bomb, stream.index(b"\xff\x51") + 6, 2**17, 2**17)
    elif backend == "webp":
        struct.pack_into("<HH", bomb, stream.index(b"\x9d\x01\x2a") + 3, 16383, 16383)
    elif backend in ("avif", "hevc", "hevc10"):
        struct.pack_into(">II", bomb, stream.index(b"ispe") + 8, 2**16, 2**16)
    elif backend == "jpegxl":
        side = 2**20 - 1
        bits = 0 | 3 << 1 | side << 3 | 0 << 33 | 3 << 36 | side << 38
        bomb[2:11] = bits.to_bytes(9, "little")
    elif backend in ("av1", "vvc"):
        struct.pack_into("<HH", bomb, 2, 65535, 65535)
    else:
        pytest.skip(f"where {backend} keeps an image's size isn't written here")
    return bytes(bomb)


@pytest.mark.parametrize("name", one_of_a_kind(filter(_first_of_its_backend, CLASSICAL), lambda name: "codec"))
def test_a_claimed_size_of_gigapixels_is_refused_without_the_memory(name):
    codec = load(name)
    bomb = _bombs(CATALOGUE[name].backend, codec.encode(natural(64, 64)))
    (result,), peak = damage.decode_all(name, codec.quality, CATALOGUE[name], [bomb])
    assert result.startswith("BitstreamError"), result
    assert peak < MEMORY / 4


@pytest.mark.parametrize("name", CLASSICAL)
def test_catalogue_spells_out_every_setting(name):
    spec = CATALOGUE[name]
    assert set(spec.settings) == set(codec_registry.backend(spec.backend, spec.settings).defaults)


@pytest.mark.parametrize("name", NAMES)
def test_versions_name_library_and_number(name):
    for part in load(name).versions().split("; "):
        assert re.match(r"[A-Za-z][\w-]* (\D{0,2}\d|sha256 [0-9a-f]{12}$)", part), part
        assert "None" not in part


@pytest.mark.parametrize("quality", [-1, 1000.5, 10**6, "best", None, True, float("nan"), 10.0])
@pytest.mark.parametrize("name", CLASSICAL)
def test_quality_off_the_scale_is_refused(name, quality):
    with pytest.raises(StudyError, match=f"codec {name}: quality .* allowed: whole numbers from \\d+ to \\d+"):
        codec_registry.load(name, quality, CATALOGUE[name])


@pytest.mark.parametrize("value", [-1, 1000, "4:2:1", None, 1.0, [1], {}])
@pytest.mark.parametrize("name", CLASSICAL)
def test_wrong_value_of_any_setting_is_refused(name, value):
    spec = CATALOGUE[name]
    for key in spec.settings:
        with pytest.raises(StudyError, match=f"codec {name}: {key} is .*allowed: "):
            codec_registry.load(name, spec.qualities[0], dataclasses.replace(spec, settings={key: value}))


@pytest.mark.parametrize("name", CLASSICAL)
def test_unknown_setting_is_refused_with_those_that_exist(name):
    spec = CATALOGUE[name]
    with pytest.raises(StudyError, match=r"setting 'subsamplin' is unknown.*allowed"):
        codec_registry.load(name, spec.qualities[0], dataclasses.replace(spec, settings={"subsamplin": 1}))


ENCODERS = ["jpeg", "jpeg2000", "webp", "avif", "av1", "jpegxl", "hevc", "hevc10", "vvc"]


@pytest.mark.parametrize("backend", one_of_a_kind(ENCODERS, str, slow=("avif", "av1")))
def test_every_setting_reaches_the_encoder(backend):
    """Each setting with another value gives other bytes; `threads` may not."""
    codec = load(_first(backend))
    usual = codec.encode(natural())
    for key, choices in codec.choices.items():
        other = next(choice for choice in choices if choice != codec.settings[key])
        if key == "threads":
            continue
        if key == "preset":
            other = "ultrafast" if backend.startswith("hevc") else "fast"
        changed = codec_registry.load(
            codec.name, codec.quality, CodecSpec(backend=backend, settings={**codec.settings, key: other})
        )
        assert changed.encode(natural()) != usual, key


@pytest.mark.parametrize("backend", ["avif", "av1", "jpegxl", "hevc", "hevc10", "vvc"])
def test_more_threads_decode_to_the_same_image(backend):
    codec = load(_first(backend))
    bitstream = codec.encode(natural())
    spec = CodecSpec(backend=backend, settings={**codec.settings, "threads": 2})
    more = codec_registry.load(codec.name, codec.quality, spec)
    assert np.array_equal(more.decode(bitstream), codec.decode(bitstream))
    assert more.decode(more.encode(natural())).shape == natural().shape


@pytest.mark.parametrize("backend", PLUGINS)
def test_a_missing_plug_in_is_a_reason_to_skip_and_an_error_to_encode(backend, monkeypatch):
    package, modules = PLUGINS[backend]
    name = _first(backend)
    codec = load(name)
    bitstream = codec.encode(natural(16, 16))
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    assert codec.skip() == f"the package {package} is not installed; get it with: pip install {package}"
    for action in (lambda: codec.encode(natural(16, 16)), lambda: codec.decode(bitstream)):
        with pytest.raises(StudyError, match=f"codec {name} can't run here: .*pip install {package}"):
            action()


@pytest.mark.parametrize("name", PILLOW)
def test_a_pillow_without_the_format_is_a_reason_to_skip(name, monkeypatch):
    codec = load(name)
    monkeypatch.setattr(features, "check", lambda feature: False)
    assert re.search("built without .*pip install", codec.skip())


@pytest.mark.parametrize(("backend", "library"), [("vvc", "VVenC"), ("av1", "libaom")])
def test_an_ffmpeg_without_the_encoder_is_a_reason_to_skip(backend, library, monkeypatch):
    codec = load(_first(backend))
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", sys.executable)
    ffmpeg.versions.cache_clear()
    assert re.search(f"can't encode with {library}.*IMAGEIO_FFMPEG_EXE", codec.skip())
    monkeypatch.undo()
    ffmpeg.versions.cache_clear()
    assert codec.skip() is None


@pytest.mark.parametrize("name", ["pillow", "classical", "nonsense", "no name", ""])
def test_what_is_no_backend(name):
    with pytest.raises(StudyError, match=f"backend '{name}' is unknown"):
        codec_registry.backend(name)


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_defaults_are_pillows_own(name):
    file = io.BytesIO()
    Image.fromarray(natural()).save(file, format=name.upper(), quality=50)
    assert load(name, 50).encode(natural()) == file.getvalue()


@pytest.mark.parametrize("ratio", [10, 40, 130])
@pytest.mark.parametrize("name", ["jpeg2000", "jpeg2000-53"])
def test_jpeg2000_keeps_to_its_ratio(name, ratio):
    rgb = skimage.data.astronaut()
    assert len(load(name, ratio).encode(rgb)) == pytest.approx(rgb.size / ratio, rel=0.02)


def test_a_jpeg_of_another_mode_is_no_image():
    for mode in ("L", "CMYK"):
        file = io.BytesIO()
        Image.fromarray(natural(16, 16)).convert(mode).save(file, format="JPEG")
        with pytest.raises(BitstreamError, match=f"mode {mode}, not RGB"):
            load("jpeg").decode(file.getvalue())


@pytest.mark.parametrize(("name", "side"), [("jpeg", 65500), ("webp", 16383), ("vvc", 65535)])
def test_the_longest_side_is_named(name, side):
    with pytest.raises(CodecError, match=f"{side + 1}x1 pixels; {name} takes {side} a side at most"):
        load(name).encode(repeated(1, side + 1))


def test_size_is_read_from_a_jpeg_xl_header():
    codec = codec_registry.load("quick", 50, CodecSpec(backend="jpegxl", settings={"effort": 1}))
    if reason := codec.skip():
        pytest.skip(reason)
    for size in [
        (1, 1),
        (8, 8),
        (256, 8),
        (264, 8),
        (3, 600),
        (40, 30),
        (160, 90),
        (45, 30),
        (2, 1),
        (50, 40),
        (12, 10),
    ]:
        assert jpegxl._size(codec.encode(repeated(size[1], size[0]))) == size


def test_a_vvc_file_is_the_documented_header_and_a_vvc_stream():
    codec = load("vvc")
    bitstream = codec.encode(natural(17, 31))
    assert bitstream[:6] == b"VV" + struct.pack("<HH", 31, 17)
    assert re.match(rb"\x00?\x00\x00\x01", bitstream[6:])
    assert codec.payload_bytes(bitstream) <= len(bitstream) - 6 - 3 - 2, "a start code and a unit's header are no data"
    assert not re.search(rb"[ -~]{20}", bitstream), "the encoder's messages are in the bitstream"


def test_an_av1_stream_is_the_documented_header_and_bitstream_units():
    codec = load("av1-10bit")
    bitstream = codec.encode(natural(17, 31))
    assert bitstream[:6] == b"A1" + struct.pack("<HH", 31, 17)
    assert bitstream[6:8] == b"\x12\x00", "a temporal delimiter, with a size of nothing"
    assert len(bitstream) - codec.payload_bytes(bitstream) < 30


@pytest.mark.parametrize(("deep", "plain"), [("hevc-10bit", "hevc"), ("hevc-10bit-psnr", "hevc-psnr")])
def test_ten_bits_are_in_the_file_and_keep_greys_exactly(deep, plain):
    """At the best quality ten bits give less error than eight, since the conversion of colours rounds less."""
    codec, other = load(deep, 100), load(plain, 100)
    bitstream = codec.encode(natural(64, 64))
    assert re.search(rb"pixi\0{4}\x03\n\n\n", bitstream), "three channels of ten bits"
    decoded, of_eight = codec.decode(bitstream), other.decode(other.encode(natural(64, 64)))
    assert psnr(natural(64, 64), decoded) > psnr(natural(64, 64), of_eight)
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)[..., None].repeat(3, axis=2)
    assert np.abs(codec.decode(codec.encode(ramp)).astype(int) - ramp).max() <= 1
    with pytest.raises(BitstreamError, match="not RGB of 10 bits"):
        codec.decode(other.encode(natural(16, 16)))


def test_vvc_tells_of_the_limit_of_8_bit_per_pixel():
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    with pytest.raises(CodecError, match=r"64x64 pixels: .*8 bit per pixel"):
        load("vvc", 0).encode(noise)


def test_colour_conversion_for_ffmpeg_keeps_greys_exactly_and_photos_closely():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)[..., None].repeat(3, axis=2)
    assert np.array_equal(ffmpeg.to_rgb(ffmpeg.to_yuv(ramp), 16, 16), ramp)
    assert psnr(natural(), ffmpeg.to_rgb(ffmpeg.to_yuv(natural()), *natural().shape[:2])) > 42


def test_vvc_gives_up_on_a_decoder_that_hangs(monkeypatch, tmp_path):
    codec = load("vvc")
    bitstream = codec.encode(natural(16, 16))
    slow = tmp_path / "ffmpeg"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys.modules["imageio_ffmpeg"], "get_ffmpeg_exe", lambda: str(slow))
    monkeypatch.setattr(ffmpeg, "DECODE_LIMIT_S", 0.2)
    monkeypatch.setattr(ffmpeg, "ENCODE_LIMIT_S", 0.2)
    with pytest.raises(BitstreamError, match=r"stopped after 0\.2 s"):
        codec.decode(bitstream)
    with pytest.raises(CodecError, match=r"stopped after 0\.2 s"):
        codec.encode(natural(16, 16))


PUBLISHED = [  # codec, quality, bpp and PSNR-RGB over the 24 Kodak images, and by how much they may differ
    ("jpeg", 10, 0.326614, 26.5772, 0.002, 0.15),  # CompressAI, results/image/kodak/jpeg.json (Pillow 7.1.2)
    ("jpeg", 50, 0.906001, 32.0587, 0.002, 0.15),
    ("jpeg", 75, 1.368827, 34.3943, 0.002, 0.15),
    ("webp", 75, 0.998388, 35.1042, 1e-5, 0.001),  # CompressAI, results/image/kodak/webp.json
    ("jpeg2000-53", 40, 0.599782, 32.5558, 0.005, 0.05),  # TensorFlow Compression, j2k-opj5.txt
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "quality", "bpp", "quality_db", "rate_tolerance", "db_tolerance"), PUBLISHED)
def test_averages_over_kodak_are_those_published(name, quality, bpp, quality_db, rate_tolerance, db_tolerance):
    folder = Path(os.environ.get("STUDY_MIRROR", "")) / "kodak"
    paths = sorted(folder.glob("kodim*.png"))
    if len(paths) != 24:
        pytest.skip("STUDY_MIRROR names no folder with the 24 Kodak images")
    codec = load(name, quality)
    rates, values = [], []
    for path in paths:
        rgb = np.asarray(Image.open(path))
        bitstream = codec.encode(rgb)
        rates.append(len(bitstream) * 24 / rgb.size)
        values.append(psnr(rgb, codec.decode(bitstream)))
    assert np.mean(rates) == pytest.approx(bpp, rel=rate_tolerance)
    assert np.mean(values) == pytest.approx(quality_db, abs=db_tolerance)


def test_ffmpeg_ends_with_its_process_and_leaves_no_file(tmp_path):
    """Else a killed encoder's ffmpeg would go on, and its stream stay in the folder for temporary files.

    In place of ffmpeg a program that never ends says that it has begun.
    """
    begun, temporary = tmp_path / "begun", tmp_path / "temporary"
    temporary.mkdir()
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho $$ > {begun}\nexec sleep 6000\n")
    program.chmod(0o755)
    code = (
        "import numpy as np; from study.codecs.classical import vvc\n"
        "vvc.Backend._required = lambda codec: None\n"
        "vvc.Backend('vvc', 20).encode(np.zeros((16, 16, 3), np.uint8))"
    )
    environment = {"PYTHONPATH": str(damage.SCRIPTS), "TMPDIR": str(temporary), "IMAGEIO_FFMPEG_EXE": str(program)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=os.environ | environment)
    wait(lambda: parent.poll() is not None or (begun.exists() and begun.read_text()), "an encoder")
    encoder = int(begun.read_text())
    assert alive(encoder)
    parent.kill()
    parent.wait()
    wait(lambda: not alive(encoder), "an end of the encoder")
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("quality", [10, 50, 90])
def test_optimised_jpeg_has_the_pixels_of_jpeg_in_fewer_bytes(quality):
    plain, optimised = load("jpeg", quality), load("jpeg-optimised", quality)
    rgb = natural(128, 192)
    files = plain.encode(rgb), optimised.encode(rgb)
    assert len(files[1]) < len(files[0])
    assert np.array_equal(plain.decode(files[0]), optimised.decode(files[1]))


def test_jpegli_writes_a_jpeg_of_420_that_any_decoder_reads():
    bitstream = load("jpegli").encode(natural(40, 56))
    with Image.open(io.BytesIO(bitstream), formats=["JPEG"]) as image:
        assert (image.size, image.mode, JpegImagePlugin.get_sampling(image)) == ((56, 40), "RGB", 2)
