"""Changed copies of files for the targets of tools/fuzz.py, by a seed: what a fuzzer does, without its guidance."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

_TOKEN = re.compile(rb"\w+|\W")


def mutated(files: Sequence[bytes], words: Sequence[bytes], count: int, seed: int, longest: int) -> Iterator[bytes]:
    """`count` copies of the files, each after one to three changes, of at most `longest` bytes.

    A change puts a word in or in another's stead, alters a word, damages or removes a run of bytes, or repeats a line.
    """
    draw = random.Random(seed)
    for _ in range(count):
        data = draw.choice(files)
        for _ in range(draw.randint(1, 3)):
            data = draw.choice(_CHANGES)(data, words, draw)
        yield data[:longest]


def _with_a_word(data: bytes, words: Sequence[bytes], draw: random.Random) -> bytes:
    at = draw.randint(0, len(data))
    return data[:at] + draw.choice(words) + data[at:]


def _with_another_word(data: bytes, words: Sequence[bytes], draw: random.Random) -> bytes:
    tokens = _TOKEN.findall(data) or [b""]
    tokens[draw.randrange(len(tokens))] = draw.choice(words)
    return b"".join(tokens)


def _with_an_altered_word(data: bytes, words: Sequence[bytes], draw: random.Random) -> bytes:
    tokens = _TOKEN.findall(data) or [b""]
    at = draw.randrange(len(tokens))
    tokens[at] = draw.choice([b"", tokens[at] * 2, tokens[at][1:], draw.choice(tokens)])
    return b"".join(tokens)


def _damaged(data: bytes, words: Sequence[bytes], draw: random.Random) -> bytes:
    at = draw.randint(0, len(data))
    return data[:at] + draw.randbytes(draw.randint(1, 3)) + data[at + draw.randint(0, 3) :]


def _without_a_run(data: bytes, words: Sequence[bytes], draw: random.Random) -> bytes:
    start, end = sorted(draw.randint(0, len(data)) for _ in range(2))
    return data[:start] + data[end:]


def _with_a_line_repeated(data: bytes, words: Sequence[bytes], draw: random.Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    lines.insert(draw.randint(0, len(lines)), draw.choice(lines))
    return b"".join(lines)


_CHANGES = (
    _with_a_word,
    _with_another_word,
    _with_an_altered_word,
    _damaged,
    _without_a_run,
    _with_a_line_repeated,
)
