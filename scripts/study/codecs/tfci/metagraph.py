"""TensorFlow Compression's metagraphs: a codec as one file, loaded once and run as often as wanted, on the CPU.

The file is a serialized `MetaGraphDef` of TensorFlow 1 with frozen weights and two signatures, as published for `tfci`:

    sender    input_image (uint8 [1, H, W, 3]; some models have a second, scalar input) -> channel:0, channel:1, …
    receiver  channel:0, channel:1, … -> output_image (uint8, or floating point to be rounded)

The channels count in the order of their sorted keys, in which `channel:10` precedes `channel:2`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from study.codecs.tfci import protobuf, runtime, tables
from study.core.errors import StudyError

_GRAPH, _SIGNATURE = 2, 5  # fields of MetaGraphDef


class Port(NamedTuple):
    """A tensor of a signature: its key there, its name in the graph (`node:0`), dtype, number of axes if known."""

    key: str
    tensor: str
    dtype: np.dtype
    rank: int | None

    @property
    def node(self) -> str:
        """The name of the node that the tensor is an output of."""
        return self.tensor.split(":")[0]

    @property
    def is_string(self) -> bool:
        """Whether it carries entropy-coded bytes."""
        return self.dtype == object


class Node(NamedTuple):
    """A node of the graph.

    `op` is its operation, `inputs` are named as in the GraphDef (`node`, `node:1`, `^control`), `real` says that its
    result is floating point, and `strides` are those of its window, [1, rows, columns, 1], if it has one.
    """

    op: str
    inputs: tuple[str, ...]
    real: bool
    strides: tuple[int, ...]


class Metagraph:
    """A codec in memory.

    `image` and `rate` (or None) are the sender's inputs, `sent` its channels, `received` the receiver's, `decoded` its
    output; `nodes` is the graph by name.
    """

    def __init__(self, path: str | Path) -> None:
        """Load a file. Raises StudyError for one that is missing, damaged or of another form."""
        self._tensorflow = runtime.runtime()
        metagraph = self._parsed(Path(path))
        _check_operations(metagraph, path)
        tables.check(metagraph.graph_def, path)
        for node in metagraph.graph_def.node:
            node.device = ""
        self.nodes = {node.name: _node(node) for node in metagraph.graph_def.node}
        self._graph = self._imported(metagraph, path)
        self._session = self._tensorflow.Session(graph=self._graph, config=self._config())
        sender = self._ports(metagraph, "sender", path)
        receiver = self._ports(metagraph, "receiver", path)
        image, decoded = sender[0].pop("input_image", None), receiver[1].get("output_image")
        if image is None or decoded is None or len(sender[0]) > 1 or len(sender[1]) != len(receiver[0]):
            raise StudyError(
                f"{path}: its signatures aren't those of an image codec: the sender must take `input_image` and at "
                "most one parameter, the receiver take the sender's channels and give `output_image`"
            )
        self.image: Port = image
        self.decoded: Port = decoded
        self.rate = next(iter(sender[0].values()), None)
        self.sent = [sender[1][key] for key in sorted(sender[1])]
        self.received = [receiver[0][key] for key in sorted(receiver[0])]

    def run(self, fetches: Sequence[str], feeds: Mapping[str, object], failure: type[StudyError], what: str) -> list:
        """The values of the tensors `fetches` where the tensors `feeds` have the values given.

        Raises `failure`, with `what` and TensorFlow's reason, where an operation fails or a value doesn't fit.
        """
        try:
            return self._session.run(list(fetches), feeds)
        except (self._tensorflow.OpError, ValueError) as error:
            raise failure(f"{what}: {_reason(str(getattr(error, 'message', error)))}") from None

    def tensors(self) -> list[tuple[str, str, str]]:
        """Name, dtype and shape of every tensor of the graph, sorted by name."""
        return sorted(
            (tensor.name, tensor.dtype.name, str(tensor.shape))
            for operation in self._graph.get_operations()
            for tensor in operation.outputs
        )

    def has_tensor(self, name: str) -> bool:
        """Whether the graph has a tensor of this name (`node:0`)."""
        try:
            self._graph.get_tensor_by_name(name)
        except (KeyError, ValueError):
            return False
        return True

    def _parsed(self, path: Path) -> Any:
        metagraph = self._tensorflow.MetaGraphDef()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StudyError(f"can't read the metagraph {path}: {error.strerror}") from None
        try:
            metagraph.ParseFromString(content)
        except Exception:  # google.protobuf's DecodeError, whose home differs between its implementations
            metagraph.Clear()
        if not metagraph.graph_def.node:
            raise StudyError(f"{path} is not a metagraph, or a damaged one; delete it and get it anew")
        return metagraph

    def _imported(self, metagraph: Any, path: str | Path) -> Any:
        with self._tensorflow.Graph().as_default() as graph:
            try:
                operations = metagraph.meta_info_def.stripped_op_list
                self._tensorflow.import_graph_def(metagraph.graph_def, name="", producer_op_list=operations)
            except (ValueError, KeyError, self._tensorflow.OpError) as error:
                reason = " ".join(str(error).split())[:300]
                raise StudyError(
                    f"{path}: its graph can't be loaded (damaged? another TensorFlow's?): {reason}"
                ) from None
        return graph

    def _config(self) -> Any:
        """As `tfci` runs graphs: with the optimiser and oneDNN, whose results don't depend on the thread count."""
        count = threads()
        return self._tensorflow.ConfigProto(
            device_count={"GPU": 0}, intra_op_parallelism_threads=count, inter_op_parallelism_threads=count
        )

    def _ports(self, metagraph: Any, signature: str, path: str | Path) -> tuple[dict[str, Port], dict[str, Port]]:
        if signature not in metagraph.signature_def:
            signatures = ", ".join(sorted(metagraph.signature_def)) or "none"
            raise StudyError(
                f"{path}: it has no signature {signature!r} (found: {signatures}), so it is no codec's metagraph"
            )
        ends = metagraph.signature_def[signature]
        inputs, outputs = (
            {key: self._port(key, info.name) for key, info in end.items()} for end in (ends.inputs, ends.outputs)
        )
        return inputs, outputs

    def _port(self, key: str, name: str) -> Port:
        tensor = self._graph.get_tensor_by_name(name)
        return Port(key, name, np.dtype(tensor.dtype.as_numpy_dtype), tensor.shape.rank)


_HARMFUL = re.compile(
    "File|PyFunc|PyOutside|Save|Restore|Reader|Dataset|Iterator|Checkpoint|Summary|Rpc|Socket|Dump|Debug"
)


def _check_operations(metagraph: Any, path: str | Path) -> None:
    """Raise StudyError for a graph with operations that touch files, Python or the network: a codec needs none."""
    functions = [node for function in metagraph.graph_def.library.function for node in function.node_def]
    harmful = sorted({node.op for node in (*metagraph.graph_def.node, *functions) if _HARMFUL.search(node.op)})
    if harmful:
        raise StudyError(f"{path}: its graph has operations that no codec needs: {', '.join(harmful)}; it is not run")


def check(path: str | Path) -> None:
    """Raise StudyError unless a file is a whole metagraph with both signatures, by its frame; needs no TensorFlow."""
    signatures, graphs = set(), 0
    try:
        for number, part in protobuf.fields(memoryview(Path(path).read_bytes())):
            graphs += number == _GRAPH
            if number == _SIGNATURE:
                signatures.add(bytes(dict(protobuf.fields(part)).get(1, b"")))
    except OSError as error:
        raise StudyError(f"can't read the metagraph {path}: {error.strerror}") from None
    except ValueError as error:
        raise StudyError(f"{path} is not a whole metagraph: {error}") from None
    if not graphs or not {b"sender", b"receiver"} <= signatures:
        raise StudyError(f"{path} is not a codec's metagraph: it lacks the graph or the signatures sender and receiver")


def threads() -> int:
    """How many threads an operation may use: OMP_NUM_THREADS, else the cores that this process may use."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return int(stated) if stated.isdigit() and int(stated) else len(os.sched_getaffinity(0))


def _reason(message: str) -> str:
    """The line of TensorFlow's message that says what went wrong, not where in the graph."""
    where = ("Graph execution error", "Detected at node", "Node:", "\t")
    lines = [line for line in message.splitlines() if line.strip() and not line.startswith(where)]
    return (lines or [message])[0].strip()[:300]


_REAL = (1, 2, 14, 19)  # DT_FLOAT, DT_DOUBLE, DT_BFLOAT16, DT_HALF


def _node(node: Any) -> Node:
    kind = "DstT" if node.op == "Cast" else "T"
    real = kind in node.attr and node.attr[kind].type in _REAL  # asking for what isn't there would add it
    strides = tuple(node.attr["strides"].list.i) if "strides" in node.attr else ()
    return Node(node.op, tuple(node.input), real, strides)
