"""Any encoder and decoder with a command line, such as `cjxl {input} {output} -q {quality} -e 7`.

A command is split into words as a shell would, but no shell runs it: `{input}`, `{output}`, `{quality}`, `{width}`,
`{height}` and `{ffmpeg}` (the program that imageio-ffmpeg carries) are put into the words, whatever they hold. It runs
in a folder of its own, without standard input, and dies with its job. A study whose codecs are commands runs programs:
read it before you run it, as you would a script. What damage of a bitstream is noticed is the decoder's affair.

The bitstream is the encoder's file. Where the decoder writes raw samples (`output: yuv`) it couldn't know the size, so
six bytes precede the file: `CM`, then width and height as 16-bit little-endian numbers.
"""

from __future__ import annotations

import functools
import re
import shlex
import shutil
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from study.codecs import containers
from study.codecs.base import Codec, check_rgb
from study.codecs.command import pixels
from study.core import isolation, programs, readers
from study.core.errors import BitstreamError, CodecError, StudyError, allowed
from study.images.png import LARGEST_PIXELS

HEADER = struct.Struct("<2sHH")
MAGIC = b"CM"
LARGEST_SIDE = 65535
PAYLOADS = {
    name: getattr(containers, name) for name in ("jpeg", "jpeg2000", "webp", "avif", "heic", "vvc")
}  # parsers of formats, by name
_FIELDS = ("input", "output", "quality", "width", "height", "ffmpeg")


class Backend(Codec):
    """Settings: `encode` and `decode`, command lines; `input` and `output`, the images' formats; `extension`.

    `input` (png, ppm, y4m, yuv) is what the encoder reads; `output`, what the decoder writes, is the same if left out.
    `version` is a command whose first line names the program's version; `install` says how to get the program.
    `payload` is the format of the bitstream where `payload_bpp` is to leave out its headers and tables (one of
    `PAYLOADS`); without it all of the file counts.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "encode": None,
        "decode": None,
        "input": "png",
        "output": None,
        "extension": "bin",
        "version": None,
        "install": None,
        "payload": None,
    }

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        super().__init__(name, quality, settings, weights)
        for key in ("encode", "decode"):
            self._check(key, required=("input", "output"))
        if self.settings["version"] is not None:
            self._check("version", required=())
        for key in ("input", "output"):
            value = self.settings[key]
            if value not in (*pixels.FORMATS, *([None] if key == "output" else [])):
                raise StudyError(f"codec {name}: {key} is {value!r}; {allowed(value, pixels.FORMATS)}")
        if self.settings["payload"] not in (None, *PAYLOADS):
            payload = self.settings["payload"]
            raise StudyError(f"codec {name}: payload is {payload!r}; {allowed(payload, PAYLOADS)}")
        if not re.fullmatch(r"[A-Za-z0-9]{1,12}", str(self.settings["extension"])):
            raise StudyError(
                f"codec {name}: extension is {self.settings['extension']!r}; allowed: at most 12 letters and digits"
            )
        self.extension = str(self.settings["extension"])  # type: ignore[misc]

    def encode(self, rgb: np.ndarray) -> bytes:
        height, width = check_rgb(rgb).shape[:2]
        if max(height, width) > LARGEST_SIDE or height * width > LARGEST_PIXELS:
            raise CodecError(f"an image of {width}x{height} pixels; allowed: {LARGEST_SIDE} a side, {LARGEST_PIXELS:,}")
        with isolation.scratch() as folder:
            source, stream = folder / f"original.{self.settings['input']}", folder / f"bitstream.{self.extension}"
            pixels.write(source, np.ascontiguousarray(rgb))
            self._run("encode", source, stream, (height, width), folder, CodecError)
            data = stream.read_bytes()
        return HEADER.pack(MAGIC, width, height) + data if self._headed else data

    def decode(self, bitstream: bytes) -> np.ndarray:
        size = None
        if self._headed:
            if len(bitstream) <= HEADER.size or not bitstream.startswith(MAGIC):
                raise BitstreamError(f"{self.name}: not a bitstream of this codec, which begins with {MAGIC.decode()}")
            _, width, height = HEADER.unpack_from(bitstream)
            size, bitstream = (height, width), bitstream[HEADER.size :]
        with isolation.scratch() as folder:
            stream, image = folder / f"bitstream.{self.extension}", folder / f"decoded.{self._output}"
            stream.write_bytes(bitstream)
            self._run("decode", stream, image, size or (0, 0), folder, BitstreamError)
            try:
                return pixels.read(image, size)
            except StudyError as error:
                raise BitstreamError(f"{self.name}: {error}") from None

    def skip(self) -> str | None:
        for key in ("encode", "decode", "version"):
            program = self._words(key)[0] if self.settings[key] else None
            if program is not None and program != "{ffmpeg}" and shutil.which(program) is None:
                how = self.settings["install"] or f"install it, so that `{program}` is found in PATH"
                return f"the program {program} is not installed; {how}"
        return None

    def versions(self) -> str:
        """The version that the command `version` prints; without one the start of the program file's sha256."""
        if self.settings["version"]:
            return f"{Path(self._words('encode')[0]).name.strip('{}')} {_version(tuple(self._filled('version')))}"
        program = shutil.which(self._filled("encode")[0])
        if program is None:
            raise StudyError(f"codec {self.name} can't run here: {self.skip()}")
        return f"{Path(program).name} sha256 {readers.sha256(program)[:12]}"

    def payload_bytes(self, bitstream: bytes) -> int:
        data = bitstream[HEADER.size :] if self._headed else bitstream
        return PAYLOADS[self.settings["payload"]](data) if self.settings["payload"] else len(data)

    @property
    def _output(self) -> str:
        return str(self.settings["output"] or self.settings["input"])

    @property
    def _headed(self) -> bool:
        return self._output == "yuv"

    def _check(self, key: str, required: Sequence[str]) -> None:
        """Raises StudyError for a command line that can't be split, or with other fields than `_FIELDS`."""
        words = self._words(key)
        fields = [field for word in words for field in re.findall(r"\{([^{}]*)\}", word)]
        for field in fields:
            if field not in _FIELDS:
                raise StudyError(f"codec {self.name}: {key} has the field {{{field}}}; {allowed(field, _FIELDS)}")
        for field in required:
            if field not in fields:
                raise StudyError(f"codec {self.name}: {key} lacks {{{field}}}, the file it is to use")

    def _words(self, key: str) -> list[str]:
        text = self.settings[key]
        try:
            words = shlex.split(text) if isinstance(text, str) else []
        except ValueError as error:
            raise StudyError(
                f"codec {self.name}: {key} is {text!r}, which can't be split into words: {error}"
            ) from None
        if not words:
            raise StudyError(f"codec {self.name}: {key} is {text!r}; allowed: a command line")
        return words

    def _filled(self, key: str, **values: object) -> list[str]:
        if any("{ffmpeg}" in word for word in self._words(key)):
            import imageio_ffmpeg

            values["ffmpeg"] = imageio_ffmpeg.get_ffmpeg_exe()
        texts = {name: str(value) for name, value in values.items()}
        return [re.sub(r"\{(\w+)\}", lambda field: texts.get(field[1], field[0]), word) for word in self._words(key)]

    def _run(
        self, key: str, source: Path, target: Path, size: tuple[int, int], folder: Path, failure: type[StudyError]
    ) -> None:
        height, width = size
        command = self._filled(key, input=source, output=target, quality=self.quality, width=width, height=height)
        try:
            done = programs.run(command, folder=folder)
        except OSError as error:
            raise StudyError(f"codec {self.name}: can't run {command[0]}: {error.strerror}") from None
        if done.returncode or not target.is_file() or not target.stat().st_size:
            ending = f"ended with status {done.returncode}" if done.returncode else "wrote no file"
            raise failure(f"{self.name}: {Path(command[0]).name} {ending}: {_last_line(done.stderr or done.stdout)}")


def _last_line(output: bytes) -> str:
    text = re.sub(r" @ 0x[0-9a-f]+|0x[0-9a-f]{6,}", "", output.decode(errors="replace"))  # addresses differ each time
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"


@functools.cache
def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    lines = (done.stdout or done.stderr).decode(errors="replace").splitlines()
    number = re.search(r"\d+(\.\d+)+\S*", lines[0]) if lines else None
    return number[0] if number else (lines[0][:60] if lines else "unknown")
