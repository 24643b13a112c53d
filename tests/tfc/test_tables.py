"""Entropy tables of forged metagraphs: refused by what is wrong with them, before TensorFlow's coders see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from metagraph_cases import ALL
from study.codecs.tfci import runtime, tables
from study.codecs.tfci.metagraph import Metagraph
from study.core.errors import StudyError

VERSION_1 = "b2018-gdn-128-1"
VERSION_2 = "bmshj2018-hyperprior-mse-1"
PARTS = {"cdf": 2, "lengths": 3, "offsets": 4}  # inputs of version 1's coders


def parsed(path: Path):
    metagraph = runtime.runtime().MetaGraphDef()
    metagraph.ParseFromString(path.read_bytes())
    return metagraph


def constant(graph, name: str):
    """The node of the constant that a tensor is."""
    nodes = {node.name: node for node in graph.node}
    node = nodes[name.split(":")[0]]
    while node.op != "Const":
        node = nodes[node.input[0].split(":")[0]]
    return node


def changed(graph, ops: tuple[str, ...], position: int, change: Callable[[np.ndarray], np.ndarray]) -> int:
    """Change the constants that the operations have as an input; how many were."""
    names = {constant(graph, node.input[position]).name for node in graph.node if node.op in ops}
    for node in (node for node in graph.node if node.name in names):
        value = node.attr["value"].tensor
        shape = [axis.size for axis in value.tensor_shape.dim]
        array = change(np.frombuffer(value.tensor_content, "<i4").reshape(shape).copy())
        value.tensor_content = array.astype("<i4").tobytes()
        del value.tensor_shape.dim[:]
        for size in array.shape:
            value.tensor_shape.dim.add().size = size
    return len(names)


def put(where, value) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array[where] = value
        return array

    return change


FORGED_1 = {
    "negative length": ("lengths", put(3, -1), "rows of -1 to"),
    "length 0": ("lengths", put(0, 0), "rows of 0 to"),
    "too long": ("lengths", put(slice(None), 4000), "rows of 4000 to 4000 entries; allowed: 3 to 43"),
    "fewer lengths": ("lengths", lambda array: array[:-1], r"lengths of shape \[11\]"),
    "lengths of nothing": ("lengths", lambda array: array[:0], r"lengths of shape \[0\]"),
    "shuffled lengths": (
        "lengths",
        lambda array: array - np.arange(12),
        r"row 1 doesn't rise strictly from 0 to 65536",
    ),
    "zeros": ("cdf", put(..., 0), "row 0 doesn't rise"),
    "random": ("cdf", lambda array: np.random.default_rng(0).integers(0, 65536, array.shape), "row 0 doesn't rise"),
    "empty": ("cdf", lambda array: array[:0], r"a table of shape \[0, 43\]"),
    "one column": ("cdf", lambda array: array[:, :1], r"a table of shape \[12, 1\]"),
    "another axis": ("cdf", lambda array: array[None], r"a table of shape \[1, 12, 43\]"),
    "a symbol of no width": (
        "cdf",
        lambda array: np.insert(array[:, :-1], 5, array[:, 5], axis=1),
        "row 0 doesn't rise",
    ),
    "huge offset": ("offsets", put(2, 2**31 - 1), r"offsets from -20 to 2147483647; allowed: within ±1048576"),
    "lowest offset": ("offsets", put(2, -(2**31)), "offsets from -2147483648 to"),
}


@pytest.mark.parametrize("case", FORGED_1)
def test_forged_tables_of_version_1(case, metagraph, tmp_path):
    part, change, reason = FORGED_1[case]
    forged = parsed(metagraph(VERSION_1))
    assert changed(forged.graph_def, tables._VERSION_1, PARTS[part], change)
    path = tmp_path / "forged.metagraph"
    path.write_bytes(forged.SerializeToString())
    with pytest.raises(StudyError, match=f"forged.metagraph: the entropy tables .* can't be used: {reason}"):
        Metagraph(path)


FORGED_2 = {
    "precision 0": (put(0, 0), "row 0 has the precision 0"),
    "precision 31": (put(0, 31), "row 0 has the precision 31"),
    "doesn't begin at 0": (put(1, 5), "row 0 doesn't rise from 0"),
    "falls": (put(2, -7), "row 0 doesn't rise from 0"),
    "never ends": (lambda array: np.minimum(array, 1), "row 0 .*"),
    "cut short": (lambda array: array[:-1], "row 15 doesn't end at"),
    "empty": (lambda array: array[:0], r"a table of shape \[0\]"),
    "three axes": (lambda array: array[None, None], r"a table of shape \[1, 1, 486\]"),
}


@pytest.mark.parametrize("case", FORGED_2)
def test_forged_tables_of_version_2(case, metagraph, tmp_path):
    change, reason = FORGED_2[case]
    forged = parsed(metagraph(VERSION_2))
    coder = next(node for node in forged.graph_def.node if node.op == "CreateRangeEncoder")  # that of 16 scales
    coder.op = "CreateRangeEncoder"
    assert changed(forged.graph_def, ("CreateRangeEncoder",), 1, change)
    path = tmp_path / "forged.metagraph"
    path.write_bytes(forged.SerializeToString())
    with pytest.raises(StudyError, match=f"forged.metagraph: the entropy tables .* can't be used: {reason}"):
        Metagraph(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda node, value: setattr(value, "tensor_content", b"abc"), "has 3 bytes for the shape"),
        (lambda node, value: setattr(value, "dtype", 1), "isn't a constant of int32"),
        (lambda node, value: setattr(value.tensor_shape.dim[0], "size", 2**40), "allowed: 67,108,864 entries"),
        (lambda node, value: setattr(value.tensor_shape.dim[0], "size", -1), "allowed: 67,108,864 entries"),
        (lambda node, value: setattr(value.tensor_shape, "unknown_rank", True), "allowed: 67,108,864 entries"),
        (lambda node, value: value.ClearField("tensor_content"), "row 0 doesn't rise"),
        (lambda node, value: node.attr.pop("value"), "isn't a constant of int32"),
    ],
)
def test_a_constant_that_is_not_what_it_says(change, reason, metagraph):
    forged = parsed(metagraph(VERSION_1))
    coder = next(node for node in forged.graph_def.node if node.op == "UnboundedIndexRangeDecode")
    node = constant(forged.graph_def, coder.input[2])
    change(node, node.attr["value"].tensor)
    with pytest.raises(StudyError, match=reason):
        tables.check(forged.graph_def, "forged")


@pytest.mark.parametrize("attribute", ["precision", "overflow_width"])
def test_a_coder_with_more_bits_than_there_are(attribute, metagraph):
    forged = parsed(metagraph(VERSION_1))
    coder = next(node for node in forged.graph_def.node if node.op == "UnboundedIndexRangeDecode")
    coder.attr[attribute].i = 40
    with pytest.raises(StudyError, match=f"{attribute} 40; allowed: 1 to 16"):
        tables.check(forged.graph_def, "forged")


@pytest.mark.parametrize("name", ALL)
def test_the_tables_of_whole_metagraphs_are_all_read_and_pass(name, metagraph):
    graph = parsed(metagraph(name)).graph_def
    nodes = {node.name: node for node in graph.node}
    read = 0
    for node in graph.node:
        inputs = PARTS.values() if node.op in tables._VERSION_1 else [1] if node.op in tables._VERSION_2 else []
        for index in inputs:
            assert tables._constant(nodes, node.input[index]) is not None
            read += 1
    assert read
    tables.check(graph, name)


def test_a_table_that_the_graph_computes_is_left_to_the_coder(metagraph):
    graph = parsed(metagraph(VERSION_1)).graph_def
    coder = next(node for node in graph.node if node.op == "UnboundedIndexRangeDecode")
    constant(graph, coder.input[2]).op = "Placeholder"
    tables.check(graph, "computed")
