"""Which integers CompressAI's coder writes into each string, and reads from it, while a network codes by itself.

A decoder of entropy-coded strings never notices that its probabilities differ from the encoder's: it reads other
integers. So both ends take a hash of the integers of each string, and the bitstream holds the encoder's.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_CODERS = ("RansEncoder", "BufferedRansEncoder", "RansDecoder")


class Integers:
    """Hashes, by string, of the integers that were written into it and of those that were read from it."""

    def __init__(self) -> None:
        self.written: dict[bytes, bytes] = {}
        self._read: dict[bytes, Any] = {}

    def wrote(self, string: bytes, symbols: list[int]) -> None:
        """Take note of a string that was made of integers."""
        self.written[string] = _hash(symbols).digest()

    def reads(self, string: bytes, symbols: list[int], again: bool = False) -> None:
        """Take note of integers read from a string: the first, or those after what was read before."""
        if again and string in self._read:
            self._read[string].update(_bytes(symbols))
        else:
            self._read[string] = _hash(symbols)

    @property
    def read(self) -> dict[bytes, bytes]:
        """The hash of all integers that were read from each string."""
        return {string: digest.digest() for string, digest in self._read.items()}


@contextmanager
def watched() -> Iterator[Integers]:
    """Take note of all that the coder does in this block, whatever module of whoever's network calls it."""
    from compressai import ans
    from compressai.entropy_models import entropy_models

    seen, coder = Integers(), entropy_models._EntropyCoder
    plain = {name: getattr(ans, name) for name in _CODERS}
    watching = {plain[name]: kind for name, kind in zip(_CODERS, _watching(plain, seen))}
    methods = {name: vars(coder)[name] for name in ("encode_with_indexes", "decode_with_indexes")}

    def encode(self: Any, symbols: list[int], *rest: Any) -> bytes:
        string = methods["encode_with_indexes"](self, symbols, *rest)
        seen.wrote(string, symbols)
        return string

    def decode(self: Any, string: bytes, *rest: Any) -> list[int]:
        symbols = methods["decode_with_indexes"](self, string, *rest)
        seen.reads(string, symbols)
        return symbols

    replaced = []
    for module in list(sys.modules.values()):
        for name in _CODERS:
            kind = vars(module).get(name) if hasattr(module, "__dict__") else None
            if isinstance(kind, type) and kind in watching:
                replaced.append((module, name, kind))
    try:
        for module, name, kind in replaced:
            setattr(module, name, watching[kind])
        coder.encode_with_indexes, coder.decode_with_indexes = encode, decode
        yield seen
    finally:
        for module, name, kind in replaced:
            setattr(module, name, kind)
        for name, method in methods.items():
            setattr(coder, name, method)


def _watching(plain: Any, seen: Integers) -> tuple[type, type, type]:
    """Coders that do what the library's do and take note of it, in the order of `_CODERS`."""

    class RansEncoder(plain["RansEncoder"]):  # type: ignore[misc]
        def encode_with_indexes(self, symbols: list[int], *rest: Any) -> bytes:
            string = super().encode_with_indexes(symbols, *rest)
            seen.wrote(string, symbols)
            return string

    class BufferedRansEncoder(plain["BufferedRansEncoder"]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.symbols: list[int] = []

        def encode_with_indexes(self, symbols: list[int], *rest: Any) -> None:
            super().encode_with_indexes(symbols, *rest)
            self.symbols += symbols

        def flush(self) -> bytes:
            string = super().flush()
            seen.wrote(string, self.symbols)
            self.symbols = []
            return string

    class RansDecoder(plain["RansDecoder"]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.string = b""

        def set_stream(self, string: bytes) -> None:
            super().set_stream(string)
            self.string = string
            seen.reads(string, [])

        def decode_stream(self, *arguments: Any) -> list[int]:
            symbols = super().decode_stream(*arguments)
            seen.reads(self.string, symbols, again=True)
            return symbols

        def decode_with_indexes(self, string: bytes, *rest: Any) -> list[int]:
            symbols = super().decode_with_indexes(string, *rest)
            seen.reads(string, symbols)
            return symbols

    return RansEncoder, BufferedRansEncoder, RansDecoder


def _bytes(symbols: list[int]) -> bytes:
    return np.asarray(symbols, dtype="<i8").tobytes()


def _hash(symbols: list[int]) -> Any:
    return hashlib.blake2b(_bytes(symbols), digest_size=16)
