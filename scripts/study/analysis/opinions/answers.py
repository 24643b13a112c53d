"""Files of answers that observers of an opinion test saved: what they hold, and strict reading of them.

They come from elsewhere, so nothing in them is believed: sizes are limited, every key and value is checked, and every
image that was compared must be one of the study's, by codec, quality and size of its bitstream.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.core import outcome
from study.core.errors import StudyError, allowed

FORMAT = 1
LARGEST_FILE = 2**21
MOST_ANSWERS = 2000
MOST_FILES = 1000
SIDES = ("left", "right")
BETTER = (*SIDES, "none")
KINDS = ("trial", "repeat", "trap")
_ID = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[\w][\w .@-]{0,63}")
_FILE = {
    "format": int, "study": str, "test": str, "observer": str, "simulated": bool, "method": str, "boosted": bool,
    "started": str, "screen": dict, "stimuli": dict, "answers": list,
}  # fmt: skip
_STIMULUS = {"image_set": str, "image": str, "codec": str, "quality": str, "bytes": int, "rate": float}
_ANSWER = {"kind": str, "left": str, "right": str, "better": str, "seconds": float}
_SCREEN = {"width": float, "height": float, "ratio": float, "scaled": bool}


@dataclass(frozen=True)
class Stimulus:
    """A decoded image as it was compared: its cell, the bytes of its bitstream, the target rate in bits per pixel.

    An original has the codec "" and 0 bytes.
    """

    image_set: str
    image: str
    codec: str
    quality: str
    bytes: int
    rate: float


@dataclass(frozen=True)
class Answer:
    """One comparison: its kind (`KINDS`), what was at the left and the right, which was better, the time taken."""

    kind: str
    left: Stimulus
    right: Stimulus
    better: str
    seconds: float


@dataclass(frozen=True)
class Sheet:
    """The answers of one file. `scaled` says that the images weren't shown pixel by pixel."""

    file: str
    observer: str
    test: str
    simulated: bool
    scaled: bool
    answers: Sequence[Answer]


def read_all(files: Sequence[Path], rows: Iterable[Mapping[str, str]]) -> list[Sheet]:
    """The files of answers about the study whose rd.csv has `rows`, in the order of their names.

    Raises StudyError, which names the file, for one that isn't an answers file of this study, and for two with the same
    answers.
    """
    if len(files) > MOST_FILES:
        raise StudyError(f"{len(files)} files of answers; at most {MOST_FILES} are taken")
    cells = {
        (row["image_set"], row["image"], row["codec"], row["quality"]): int(row["bytes"])
        for row in rows
        if outcome.is_ok(row) and row["bytes"]
    }
    sheets = [read(file, cells) for file in sorted(files, key=lambda path: path.name)]
    seen: dict[tuple, str] = {}
    for sheet in sheets:
        key = sheet.observer, sheet.test, tuple(sheet.answers)
        if key in seen:
            raise StudyError(f"{sheet.file} has the same answers as {seen[key]}; remove one of the two")
        seen[key] = sheet.file
    return sheets


def read(file: Path, cells: Mapping[tuple[str, str, str, str], int]) -> Sheet:
    """The answers in a file; `cells` are the bytes of each (image set, image, codec, quality) of the study.

    Raises StudyError, one sentence that names the file, for anything that the test's page doesn't write.
    """
    try:
        return _sheet(file, _json(file), cells)
    except _Wrong as wrong:
        raise StudyError(
            f"{file}: {wrong}; allowed: a file that the study's opinion test saved; remove it, or save it anew"
        ) from None


class _Wrong(Exception):
    """What is wrong in a file."""


def _json(file: Path) -> dict[str, Any]:
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE:
            raise _Wrong(f"{size:,} bytes, more than {LARGEST_FILE:,}")
        content = json.loads(file.read_bytes().decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except OSError as error:
        raise _Wrong(f"can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _Wrong("not UTF-8") from None
    except RecursionError:
        raise _Wrong("nested too deep") from None
    except ValueError as error:
        raise _Wrong(f"no JSON ({_short(error)})") from None
    if not isinstance(content, dict):
        raise _Wrong(f"it holds {_kind(content)}, where an object belongs")
    return content


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise _Wrong("a key given twice in one object")
    return content


def _no_constant(name: str) -> float:
    raise _Wrong(f"{name}, which is no number of JSON")


def _sheet(file: Path, data: dict[str, Any], cells: Mapping[tuple[str, str, str, str], int]) -> Sheet:
    _fields(data, _FILE, "the file")
    if data["format"] != FORMAT:
        raise _Wrong(f"format {data['format']}, where {FORMAT} belongs")
    if not _NAME.fullmatch(data["observer"]):
        raise _Wrong(f"the observer {_short(data['observer'])}, where a name of at most 64 letters and digits belongs")
    if not _ID.fullmatch(data["test"]):
        raise _Wrong(f"the test {_short(data['test'])}, where 16 hex digits belong")
    _fields(data["screen"], _SCREEN, "screen")
    if len(data["answers"]) > MOST_ANSWERS or len(data["stimuli"]) > 2 * MOST_ANSWERS:
        raise _Wrong(f"more than {MOST_ANSWERS} answers, or {2 * MOST_ANSWERS} images")
    if not data["answers"]:
        raise _Wrong("no answers")
    stimuli = {name: _stimulus(name, given, cells) for name, given in data["stimuli"].items()}
    answers = [_answer(number, given, stimuli) for number, given in enumerate(data["answers"], 1)]
    return Sheet(file.name, data["observer"], data["test"], data["simulated"], data["screen"]["scaled"], tuple(answers))


def _stimulus(name: str, given: Any, cells: Mapping[tuple[str, str, str, str], int]) -> Stimulus:
    where = f"image {_short(name)}"
    if not _ID.fullmatch(name):
        raise _Wrong(f"{where}, where 16 hex digits belong")
    _fields(given, _STIMULUS, where)
    stimulus = Stimulus(**(given | {"rate": float(given["rate"])}))
    if not 0 <= stimulus.rate <= 100:
        raise _Wrong(f"{where} with a rate of {stimulus.rate:g} bpp")
    known = cells.get((stimulus.image_set, stimulus.image, stimulus.codec, stimulus.quality))
    if stimulus.codec and known is None:
        cell = f"codec {_short(stimulus.codec)} at quality {_short(stimulus.quality)}, image {_short(stimulus.image)}"
        raise _Wrong(f"{where} is of {cell}, which the study doesn't have")
    if not stimulus.codec and not any((stimulus.image_set, stimulus.image) == key[:2] for key in cells):
        raise _Wrong(f"{where} is the original of {_short(stimulus.image)}, which the study doesn't have")
    if stimulus.codec and known != stimulus.bytes:
        raise _Wrong(f"{where} has {stimulus.bytes} bytes, and the study's bitstream {known}: another one was judged")
    return stimulus


def _answer(number: int, given: Any, stimuli: Mapping[str, Stimulus]) -> Answer:
    where = f"answer {number}"
    _fields(given, _ANSWER, where)
    for column, choices in (("kind", KINDS), ("better", BETTER), ("left", stimuli), ("right", stimuli)):
        if given[column] not in choices:
            raise _Wrong(f"{where} has {_short(given[column])} as its {column}; {allowed(given[column], choices)}")
    left, right = stimuli[given["left"]], stimuli[given["right"]]
    if given["kind"] == "trap":
        if (left.codec == "") == (right.codec == ""):
            raise _Wrong(f"{where} is a trap, of which one side must be the original")
    elif "" in (left.codec, right.codec) or left.codec == right.codec or left.rate != right.rate:
        raise _Wrong(f"{where} doesn't compare two codecs at one rate")
    if (left.image_set, left.image) != (right.image_set, right.image):
        raise _Wrong(f"{where} compares two different images")
    if not 0 <= given["seconds"] <= 1e6:
        raise _Wrong(f"{where} took {given['seconds']:g} seconds")
    return Answer(given["kind"], left, right, given["better"], float(given["seconds"]))


def _fields(given: Any, fields: Mapping[str, type], where: str) -> None:
    """Hold an object to its fields: all of them, no others, each of its type; numbers finite, text short."""
    if not isinstance(given, dict):
        raise _Wrong(f"{where} is {_kind(given)}, where an object belongs")
    for name in given:
        if name not in fields:
            raise _Wrong(f"{where} has the unknown key {_short(name)}")
    for name, kind in fields.items():
        if name not in given:
            raise _Wrong(f"{where} lacks the key {name!r}")
        value = given[name]
        number = kind is float and isinstance(value, int | float) and not isinstance(value, bool)
        if not number and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise _Wrong(f"{where} has {_short(value)} as its {name}, where {_WORDS[kind]} belongs")
        if number and not (abs(value) < 1e12 and math.isfinite(value)):
            raise _Wrong(f"{where} has {_short(value)} as its {name}, which is too large")
        if kind is str and (len(value) > 200 or not value.isprintable()):
            raise _Wrong(f"{where} has a {name} of more than 200 characters, or of some that can't be shown")


_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


def _kind(value: object) -> str:
    return _WORDS[type(value)]


def _short(value: object) -> str:
    text = " ".join((value if isinstance(value, str) else str(value)).split())
    return repr(text if len(text) <= 60 else f"{text[:57]}…")
