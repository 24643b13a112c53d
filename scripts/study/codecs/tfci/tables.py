"""The entropy tables in a metagraph, checked before TensorFlow's coders see them: those of version 1 believe them.

Read are tables that are constants of the graph, also inside loops and functions, as in all published models. A table
that the graph computes can't be read here, and is left to the coder.

TensorFlow Compression 1: cdf [rows, columns], cdf_size [rows] and offset [rows], inputs of the coder. Version 2: rows
[precision, cdf…] one after another or as a matrix, input of what makes the coder; a precision below 0 marks an escape.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from study.core.errors import StudyError

LARGEST_OFFSET = 2**20
LARGEST_PRECISION = 16
LARGEST_TABLE = 2**26  # entries; published models have less than 2^18
_VERSION_1 = ("UnboundedIndexRangeEncode", "UnboundedIndexRangeDecode")
_VERSION_2 = ("CreateRangeEncoder", "CreateRangeDecoder")
_PASSED_ON = ("Enter", "RefEnter", "Identity")
_INT32 = 3


class _Wrong(Exception):
    """What is wrong with a table."""


def check(graph_def: Any, origin: object) -> None:
    """Raise StudyError unless every table of a GraphDef that can be read is whole.

    A cdf must rise from 0 to 2^precision, strictly in version 1; lengths be at least 3, offsets within ±2^20. `origin`
    names the file.
    """
    for nodes in (graph_def.node, *(function.node_def for function in graph_def.library.function)):
        by_name = {node.name: node for node in nodes}
        for node in nodes:
            if node.op not in _VERSION_1 and node.op not in _VERSION_2:
                continue
            try:
                if node.op in _VERSION_1:
                    _check_version_1(node, [_constant(by_name, name) for name in _data_inputs(node)[2:5]])
                else:
                    _check_version_2([_constant(by_name, name) for name in _data_inputs(node)[1:2]])
            except _Wrong as wrong:
                raise StudyError(
                    f"{origin}: the entropy tables of {node.name} can't be used: {wrong}; get the metagraph anew"
                ) from None


def _check_version_1(node: Any, parts: list[np.ndarray | None]) -> None:
    precision = node.attr["precision"].i if "precision" in node.attr else 0
    overflow = node.attr["overflow_width"].i if "overflow_width" in node.attr else 0
    for name, value in (("precision", precision), ("overflow_width", overflow)):
        if not 1 <= value <= LARGEST_PRECISION:
            raise _Wrong(f"{name} {value}; allowed: 1 to {LARGEST_PRECISION}")
    cdf, sizes, offsets = [*parts, None, None, None][:3]
    if cdf is not None and (cdf.ndim != 2 or not cdf.size or cdf.shape[1] < 3):
        raise _Wrong(f"a table of shape {list(cdf.shape)}; allowed: rows of at least 3 entries")
    for name, one in (("lengths", sizes), ("offsets", offsets)):
        if one is not None and (one.ndim != 1 or not one.size or (cdf is not None and len(one) != len(cdf))):
            raise _Wrong(f"{name} of shape {list(one.shape)}; allowed: one for each row of the table")
    if sizes is not None:
        longest = cdf.shape[1] if cdf is not None else 2**LARGEST_PRECISION + 1
        if sizes.min() < 3 or sizes.max() > longest:
            raise _Wrong(f"rows of {sizes.min()} to {sizes.max()} entries; allowed: 3 to {longest}")
    if offsets is not None and (offsets.min() < -LARGEST_OFFSET or offsets.max() > LARGEST_OFFSET):
        raise _Wrong(f"offsets from {offsets.min()} to {offsets.max()}; allowed: within ±{LARGEST_OFFSET}")
    if cdf is not None and sizes is not None:
        for number, (row, size) in enumerate(zip(cdf, sizes)):
            _check_row(number, row[:size], precision, strictly=True)


def _check_version_2(parts: list[np.ndarray | None]) -> None:
    table = parts[0] if parts else None
    if table is None:
        return
    if table.ndim not in (1, 2) or not table.size or table.shape[-1] < 3:
        raise _Wrong(
            f"a table of shape {list(table.shape)}; allowed: rows, or one after another, of at least 3 entries"
        )
    for number, (precision, row) in enumerate(_rows(table)):
        _check_row(number, row, precision, strictly=False)


def _rows(table: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Precision and cdf of each row of version 2."""
    if table.ndim == 2:
        for number, row in enumerate(table):
            yield _precision(number, int(row[0])), row[1:]
        return
    start, number = 0, 0
    while start < len(table):
        precision = _precision(number, int(table[start]))
        full = np.flatnonzero(table[start + 1 : start + 2 + 2**LARGEST_PRECISION] == 2**precision)
        if not len(full):
            raise _Wrong(f"row {number} doesn't end at 2^{precision}")
        yield precision, table[start + 1 : start + 2 + full[0]]
        start, number = start + 2 + int(full[0]), number + 1


def _precision(number: int, precision: int) -> int:
    if not 1 <= abs(precision) <= LARGEST_PRECISION:
        raise _Wrong(f"row {number} has the precision {precision}; allowed: 1 to {LARGEST_PRECISION}, or -1 to -16")
    return abs(precision)


def _check_row(number: int, row: np.ndarray, precision: int, strictly: bool) -> None:
    steps = np.diff(row.astype(np.int64))
    if len(row) < 2 or row[0] != 0 or row[-1] != 2**precision or (steps < strictly).any():
        raise _Wrong(f"row {number} doesn't rise {'strictly ' * strictly}from 0 to {2**precision}")


def _data_inputs(node: Any) -> list[str]:
    return [name for name in node.input if not name.startswith("^")]


def _constant(by_name: Mapping[str, Any], name: str) -> np.ndarray | None:
    """The constant that a tensor is, also one that is handed into a loop; None where the graph computes it.

    Raises _Wrong for one that isn't of whole numbers, or doesn't fill its shape.
    """
    seen: set[str] = set()
    while True:
        node = by_name.get(name.split(":")[0])
        if node is None or node.name in seen:
            return None
        if node.op == "Const":
            break
        if node.op not in _PASSED_ON or not _data_inputs(node):
            return None
        seen.add(node.name)
        name = _data_inputs(node)[0]
    value = node.attr["value"].tensor if "value" in node.attr else None
    if value is None or value.dtype != _INT32:
        raise _Wrong(f"{node.name} isn't a constant of int32")
    shape = [axis.size for axis in value.tensor_shape.dim]
    count = math.prod(shape)
    if value.tensor_shape.unknown_rank or min(shape, default=0) < 0 or count > LARGEST_TABLE:
        raise _Wrong(f"{node.name} has the shape {shape}; allowed: {LARGEST_TABLE:,} entries")
    if value.tensor_content:
        if len(value.tensor_content) != 4 * count:
            raise _Wrong(f"{node.name} has {len(value.tensor_content)} bytes for the shape {shape}")
        return np.frombuffer(value.tensor_content, "<i4").reshape(shape)
    if len(value.int_val) > count:
        raise _Wrong(f"{node.name} has {len(value.int_val)} values for the shape {shape}")
    values = list(value.int_val) or [0]  # as TensorFlow reads it, the last one fills the rest
    return np.array(values + values[-1:] * (count - len(values)), np.int32)[:count].reshape(shape)
