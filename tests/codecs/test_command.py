"""Codecs that are command lines: what is run and with what, what programs may do, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from study.codecs import containers, registry
from study.codecs.base import Codec
from study.codecs.command import pixels
from study.core.errors import BitstreamError, CodecError, StudyError
from study.planning import entries
from thinned import one_of_a_kind

COPY = f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:3])' {{input}} {{output}}"
PROGRAMS = {name: entry for name, entry in entries.codecs().items() if entry.backend == "command"}


def command(**settings: object) -> Codec:
    return registry.load(
        "mine", 30, registry.CodecSpec(backend="command", settings={"encode": COPY, "decode": COPY, **settings})
    )


def image(height: int = 31, width: int = 17) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


def python(code: str) -> str:
    return f"{sys.executable} -c '{code}' {{input}} {{output}} {{quality}}"


@pytest.mark.parametrize("size", [(1, 1), (31, 17), (2, 300)])
@pytest.mark.parametrize("kind", ["png", "ppm"])
def test_rgb_formats_go_through_a_program_unchanged(kind: str, size: tuple[int, int]) -> None:
    codec = command(input=kind)
    assert np.array_equal(codec.decode(codec.encode(image(*size))), image(*size))


@pytest.mark.parametrize("kind", ["y4m", "yuv"])
def test_ycbcr_differs_by_rounding_alone(kind: str) -> None:
    codec = command(input=kind)
    smooth = np.stack([*np.meshgrid(range(0, 200, 5), range(0, 250, 5)), np.full((50, 40), 90)], -1).astype(np.uint8)
    decoded = codec.decode(codec.encode(smooth))
    assert decoded.shape == smooth.shape and np.abs(decoded.astype(int) - smooth).max() <= 2


def test_the_input_may_differ_from_the_output(tmp_path: Path) -> None:
    code = 'import sys; from PIL import Image; Image.open(sys.argv[1]).convert("RGB").save(sys.argv[2], format="PNG")'
    codec = command(input="ppm", output="png", encode=python(code))
    assert np.array_equal(codec.decode(codec.encode(image())), image())


def test_no_shell_reads_the_words_and_the_folder_is_private(tmp_path: Path) -> None:
    code = 'import os, sys; open(sys.argv[2], "w").write(os.getcwd() + sys.argv[4])'
    codec = command(encode=python(code) + f" '$(touch {tmp_path}/shell); `touch {tmp_path}/shell` {{quality}}'")
    folder, _, words = codec.encode(image()).decode().partition("$")
    assert words.startswith("(touch") and words.endswith("30") and not (tmp_path / "shell").exists()
    assert Path(folder) != Path.cwd() and not Path(folder).exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encode": None}, "encode is None; allowed: a command line"),
        ({"encode": "tool 'x {input} {output}"}, "split into words"),
        ({"encode": "tool {input}"}, "encode lacks {output}"),
        ({"decode": "tool {input} {output} {qualty}"}, "did you mean 'quality'"),
        ({"input": "bmp"}, "input is 'bmp'"),
        ({"output": "jpg"}, "output is 'jpg'"),
        ({"extension": "../x"}, "extension is '../x'"),
        ({"encoder": "x"}, "did you mean 'encode'"),
    ],
)
def test_a_bad_entry_is_refused_before_any_job(settings: dict, message: str) -> None:
    with pytest.raises(StudyError) as refused:
        command(**settings)
    assert message in str(refused.value)


def test_a_missing_program_is_skipped_with_how_to_get_it() -> None:
    missing = command(encode="no-such-tool {input} {output}", install="Debian: apt-get install no-such-tool")
    assert missing.skip() == "the program no-such-tool is not installed; Debian: apt-get install no-such-tool"
    assert command().skip() is None


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ('import sys; print("too dark", file=sys.stderr); sys.exit(3)', "ended with status 3: too dark"),
        ("pass", "wrote no file"),
        ('import sys; open(sys.argv[2], "w")', "wrote no file"),
    ],
)
def test_what_a_program_says_is_the_reason(code: str, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        command(encode=python(code)).encode(image())
    with pytest.raises(BitstreamError, match=message):
        command(decode=python(code)).decode(b"data")


@pytest.mark.parametrize("kind", pixels.FORMATS)
@pytest.mark.parametrize(
    "data", [b"x", b"P6 4 4 255\n123", b"YUV4MPEG2 W4 H4 C420\nFRAME\n123", b"CM\x02\x00\x02\x00abc"]
)
def test_a_decoder_that_writes_something_else_gives_no_image(kind: str, data: bytes) -> None:
    with pytest.raises(BitstreamError):
        command(input=kind).decode(data)


@pytest.mark.parametrize("name", one_of_a_kind(PROGRAMS, lambda name: "lossless" in str(PROGRAMS[name])))
def test_the_catalogues_programs_keep_an_image(name: str) -> None:
    entry = PROGRAMS[name]
    for quality in (entry.qualities[0], entry.qualities[-1]):
        codec = registry.load(name, quality, entry)
        if reason := codec.skip():
            pytest.skip(reason)
        rgb = np.dstack([np.add.outer(range(0, 96, 2), range(0, 128, 2)) + shift for shift in (0, 20, 40)])
        original = rgb.astype(np.uint8)
        bitstream = codec.encode(original)
        decoded = codec.decode(bitstream)
        error = np.abs(decoded.astype(int) - original).mean()
        assert decoded.shape == original.shape and error < (0.01 if "lossless" in str(entry) else 24)
        assert codec.versions()
        outside = len(bitstream) - codec.payload_bytes(bitstream)
        assert outside >= 20 if entry.settings.get("payload") else outside == 0


def test_the_payload_of_a_known_format() -> None:
    code = "import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2], format=sys.argv[4])"
    jpeg = command(encode=python(code) + " JPEG", payload="jpeg")
    data = jpeg.encode(image(40, 60))
    assert jpeg.payload_bytes(data) == containers.jpeg(data) < len(data) - 300
    with pytest.raises(BitstreamError, match="not a WebP file"):
        command(encode=python(code) + " JPEG", payload="webp").payload_bytes(data)
    with pytest.raises(StudyError, match=r"payload is 'jpg'; did you mean 'jpeg'"):
        command(payload="jpg")


@pytest.mark.parametrize("name", ["cmd-cwebp", "cmd-avifenc", "cmd-guetzli"])
def test_the_payload_of_the_catalogues_programs(name: str) -> None:
    codec = registry.load(name, 84 if name == "cmd-guetzli" else 40, PROGRAMS[name])
    if reason := codec.skip():
        pytest.skip(reason)
    data = codec.encode(np.ascontiguousarray(image(48, 64)))
    assert 0 < codec.payload_bytes(data) < len(data) - 20
