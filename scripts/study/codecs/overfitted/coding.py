"""Entropy coding with constriction's range coder (Bamler 2022, arXiv 2201.01741): one code for both directions.

An `Encoder` and a `Decoder` have the same method `code`: it takes the tables of a batch of integers, and their values
where they are known, and gives the values. What walks through the latents is thus written once.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from functools import cache
from typing import Any

import numpy as np

from study.codecs.overfitted import tables
from study.core.errors import BitstreamError


class Coder(ABC):
    """A stream of integers, each coded by a table of `tables`."""

    def code(self, values: np.ndarray | None, eighths: np.ndarray, scales: np.ndarray) -> np.ndarray:
        """Write the integers `values`, int64 [N], or read them where they are None; gives them either way.

        `eighths` are the means in eighths of an integer, `scales` numbers of scales of `tables`, both int64 [N].
        Integers farther from their mean than `tables.REACH` are escaped. A decoder raises BitstreamError.
        """
        nearest, fractions = tables.split_mean(eighths)
        numbers = scales * tables.FRACTIONS + fractions
        order = np.argsort(numbers, kind="stable")
        ends = np.flatnonzero(np.diff(numbers[order], append=-1)) + 1
        symbols, escaped = None, None
        if values is not None:
            residuals = (values - nearest)[order]
            far = np.abs(residuals) > tables.REACH
            symbols = np.where(far, tables.ESCAPE, residuals + tables.REACH).astype(np.int32)
            escaped = (residuals[far] + tables.ESCAPE_RANGE // 2).astype(np.int32)
        chunks, start = [], 0
        for end in ends:
            given = None if symbols is None else symbols[start:end]
            chunks.append(self._symbols(given, _model(int(numbers[order[start]])), int(end - start)))
            start = end
        decoded = np.concatenate(chunks).astype(np.int64) if chunks else np.zeros(0, dtype=np.int64)
        far = decoded == tables.ESCAPE
        decoded -= tables.REACH
        if far.any():
            raw = self._symbols(escaped, _uniform(), int(far.sum()))
            decoded[far] = raw.astype(np.int64) - tables.ESCAPE_RANGE // 2
        result = np.empty_like(decoded)
        result[order] = decoded
        return result + nearest

    def number(self, value: int | None, size: int) -> int:
        """Write `value`, a number below `size`, all equally likely, or read it where it is None; gives it."""
        given = None if value is None else np.array([value], dtype=np.int32)
        return int(self._symbols(given, constriction().stream.model.Uniform(size), 1)[0])

    @abstractmethod
    def _symbols(self, given: np.ndarray | None, model: Any, count: int) -> np.ndarray: ...


class Encoder(Coder):
    """Writes integers; `string` gives the bytes."""

    def __init__(self) -> None:
        self._coder = constriction().stream.queue.RangeEncoder()

    def _symbols(self, given: np.ndarray | None, model: Any, count: int) -> np.ndarray:
        assert given is not None
        if len(given):
            self._coder.encode(np.ascontiguousarray(given), model)
        return given

    def string(self) -> bytes:
        """All that was coded; zeros at its end are left out, which the decoder reads there by itself."""
        return self._coder.get_compressed().astype("<u4").tobytes().rstrip(b"\0")


class Decoder(Coder):
    """Reads the integers of a string."""

    def __init__(self, string: bytes) -> None:
        words = np.frombuffer(string + bytes(-len(string) % 4), dtype="<u4").astype(np.uint32)
        self._coder = constriction().stream.queue.RangeDecoder(words)

    def _symbols(self, given: np.ndarray | None, model: Any, count: int) -> np.ndarray:
        try:
            return self._coder.decode(model, count)
        except (AssertionError, ValueError) as error:  # bits that no encoder writes
            raise BitstreamError(f"damaged bitstream: its entropy-coded part isn't valid ({error})") from None


@cache
def _model(number: int) -> Any:
    table = tables.counts().reshape(-1, tables.ESCAPE + 1)[number]
    return constriction().stream.model.Categorical(table / table.sum(), perfect=False)


@cache
def _uniform() -> Any:
    return constriction().stream.model.Uniform(tables.ESCAPE_RANGE)


def prepare() -> None:
    """Load the coder and make all tables."""
    for number in range(tables.SCALES * tables.FRACTIONS):
        _model(number)


def constriction() -> Any:
    """The package. Raises ImportError where it isn't installed."""
    return importlib.import_module("constriction")
