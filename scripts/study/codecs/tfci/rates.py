"""What a metagraph's entropy coder is given: the integers, and the tables that say how many bits each takes.

TensorFlow Compression 1 codes by `UnboundedIndexRangeEncode` (data, index, cdf, cdf_size, offset), mostly in a loop
over the batch whose values come from TensorArrays; version 2 by `EntropyEncodeChannel` or `EntropyEncodeIndex` on a
handle that `CreateRangeEncoder` made of a table. The latter's rows are [precision, cdf…], with a negative precision if
the last symbol is an escape, which is followed by a sign and the Elias gamma code of the distance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from study.codecs.coded_bits import coded_bits
from study.codecs.tfci.metagraph import Node

_ENCODERS = ("UnboundedIndexRangeEncode", "EntropyEncodeChannel", "EntropyEncodeIndex")


def bits(
    nodes: Mapping[str, Node], channel: str, run: Callable[[Sequence[str]], list[np.ndarray]]
) -> np.ndarray | None:
    """The bits of each integer of the string in the tensor `channel`, in the shape of what is coded.

    `run` gives the values of tensors. None for a graph that codes in another way.
    """
    encoder = _encoder(nodes, channel.split(":")[0])
    if encoder is None:
        return None
    sources = [_outside(nodes, name) for name in nodes[encoder].inputs if not name.startswith("^")]
    inputs = [_tensor(name) for name in sources if name is not None]
    if len(inputs) < len(sources):
        return None
    if nodes[encoder].op == "UnboundedIndexRangeEncode":
        return coded_bits(*run(inputs))
    table = _table(nodes, inputs[0])
    if table is None:
        return None
    *index, values, rows = run([*inputs[1:], table])
    return _bits_of_version_2(values, index[0] if index else None, _rows(rows))


def _encoder(nodes: Mapping[str, Node], start: str) -> str | None:
    """The coder nearest before a node."""
    waiting, seen = [start], {start}
    while waiting:
        name = waiting.pop(0)
        if nodes[name].op in _ENCODERS:
            return name
        for source in map(_node, nodes[name].inputs):
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return None


def _outside(nodes: Mapping[str, Node], name: str) -> str | None:
    """The tensor outside loops that a tensor inside one has its values from."""
    node = nodes[_node(name)]
    if node.op in ("Enter", "RefEnter"):
        return _outside(nodes, node.inputs[0])
    if node.op == "TensorArrayReadV3":
        array = _origin(nodes, node.inputs[0])
        for other in nodes.values():
            if other.op == "TensorArrayScatterV3" and _origin(nodes, other.inputs[0]) == array:
                return other.inputs[2]
        return None
    return name


def _origin(nodes: Mapping[str, Node], name: str) -> str:
    while nodes[_node(name)].op in ("Enter", "RefEnter", "Identity"):
        name = nodes[_node(name)].inputs[0]
    return _node(name)


def _table(nodes: Mapping[str, Node], handle: str) -> str | None:
    """The table that a coder's handle was made of."""
    while nodes[_node(handle)].op != "CreateRangeEncoder":
        inputs = nodes[_node(handle)].inputs
        if not inputs:
            return None
        handle = inputs[0]
    return _tensor(nodes[_node(handle)].inputs[1])


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _node(name: str) -> str:
    return name.removeprefix("^").split(":")[0]


def _rows(table: np.ndarray) -> list[np.ndarray]:
    """The rows of a table, which is a matrix, or all rows one after another, each ending where its cdf is full."""
    if table.ndim == 2:
        return list(table.astype(np.int64))
    flat, rows, start = table.astype(np.int64), [], 0
    while start < len(flat):
        full = 2 ** abs(int(flat[start]))
        end = start + 1 + int(np.argmax(flat[start + 1 :] == full)) + 1
        rows.append(flat[start:end])
        start = end
    return rows


def _bits_of_version_2(values: np.ndarray, index: np.ndarray | None, rows: Sequence[np.ndarray]) -> np.ndarray:
    if index is None:
        index = np.broadcast_to(np.arange(values.size).reshape(values.shape) % len(rows), values.shape)
    bits = np.zeros(values.shape)
    for number in np.unique(index):
        row, here = rows[number], index == number
        precision, cdf = abs(int(row[0])), row[1:]
        last = int(np.argmax(cdf == 2**precision)) - 1  # the table's last symbol
        symbols = values[here].astype(np.int64)
        outside = (symbols < 0) | (symbols >= last) if row[0] < 0 else np.zeros(symbols.shape, dtype=bool)
        slots = np.where(outside, last, symbols)
        own = precision - np.log2(cdf[slots + 1] - cdf[slots])
        beyond = np.where(symbols < 0, -symbols, symbols - last + 1)[outside]
        own[outside] += 1 + 2 * np.floor(np.log2(beyond)) + 1
        bits[here] = own
    return bits
