"""Where a codec's graph is narrow: the tensors of its latents, found by the shape of the graph.

Values flow from the image through the analysis transform into strings, and from the strings through the synthesis
transform into an image. Shapes that are read off a tensor don't count as values of it.

- `y`: the last convolution, bias included, that every way from the image to a channel passes.
- `z`: the last convolution that every way from `y` to one of the strings passes: the hyperprior's latent.
- `y_hat`: the first tensor of floating point that every way from the strings to the image passes, before any
  convolution, with the constants that are added to it or multiplied with it on the way to the synthesis transform.
- `z_hat`: the same between the string of `z` and `y_hat`.

In TensorFlow Compression's published models these are `analysis/layer_2/convolution:0` (b2018) or the output of the
last analysis layer, bias included (bmshj2018, mbt2018). The module knows graphs as `study.metagraph.Node`s only.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from typing import NamedTuple

from study.codecs.tfci.metagraph import Metagraph, Node

_SHAPES = ("Shape", "ShapeN", "Size", "Rank")
_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "_FusedConv2D")
_WINDOWS = ("Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool")
_ARITHMETIC = ("Add", "AddV2", "Sub", "Mul", "RealDiv", "BiasAdd")
_REARRANGED = ("Identity", "Reshape")
_REAL = (*_ARITHMETIC, "Cast", "ConcatV2", "Pack")


class Bottleneck(NamedTuple):
    """Names of tensors, None where the graph has none: `y`, `z` of the sender, `y_hat`, `z_hat` of the receiver."""

    y: str | None = None
    z: str | None = None
    y_hat: str | None = None
    z_hat: str | None = None


class Flow:
    """The ways that values take in a codec's graph."""

    def __init__(self, codec: Metagraph) -> None:
        self._nodes = codec.nodes
        self._codec = codec
        self._consumers: dict[str, list[str]] = {name: [] for name in codec.nodes}
        for name, node in codec.nodes.items():
            for source in _values(node):
                self._consumers[source].append(name)

    def find(self) -> Bottleneck:
        """The tensors of the latents."""
        codec = self._codec
        image = [codec.image.node]
        reached = self.reached(image)
        channels = [port.node for port in codec.sent if port.node in reached]
        y = self._last_convolution(image, channels)
        if y is None:
            return Bottleneck()
        y_hat = self._first_real([port.node for port in codec.received if port.is_string], codec.decoded.node)
        z = z_hat = None
        side = self._side(y)
        if len(side) == 1:
            ((position, z),) = side
            if y_hat is not None:
                z_hat = self._first_real([codec.received[position].node], y_hat)
        return Bottleneck(*(None if node is None else f"{node}:0" for node in (y, z, y_hat, z_hat)))

    def side_channels(self, y: str) -> list[int]:
        """The positions of the channels that carry the hyperprior's strings."""
        return [position for position, _ in self._side(y.split(":")[0])]

    def reached(self, sources: Iterable[str], blocked: Collection[str] = ()) -> set[str]:
        """The nodes that values of `sources` reach, without passing a node of `blocked`; the sources among them."""
        reached: set[str] = set()
        waiting = [source for source in sources if source not in blocked]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                after = (consumer for consumer in self._consumers[name] if consumer not in blocked)
                waiting.extend(consumer for consumer in after if self._nodes[consumer].op not in _SHAPES)
        return reached

    def bypass(self, tensor: str) -> list[str]:
        """The keys of the channels that the image's values reach without passing `tensor`."""
        around = self.reached([self._codec.image.node], blocked=[tensor.split(":")[0]])
        return [port.key for port in self._codec.sent if port.node in around]

    def decoded(self) -> str:
        """The tensor of the receiver's image before it is made to wait for checks of the strings."""
        tensor = self._codec.decoded.tensor
        while self._nodes[tensor.split(":")[0]].op == "Identity":
            tensor = next(text for text in self._nodes[tensor.split(":")[0]].inputs if not text.startswith("^"))
        return tensor if ":" in tensor else f"{tensor}:0"

    def needed(self, tensor: str) -> list[int]:
        """The positions of the receiver's channels that `decoded` needs beside `tensor`, control inputs included."""
        ends = {tensor.split(":")[0]} | {port.node for port in self._codec.received}
        ancestors: set[str] = set()
        waiting = [_source(self.decoded())]
        while waiting:
            name = waiting.pop()
            if name not in ancestors:
                ancestors.add(name)
                if name not in ends:
                    waiting.extend(_source(text) for text in self._nodes[name].inputs)
        return [position for position, port in enumerate(self._codec.received) if port.node in ancestors]

    def stride(self, node: str) -> int | None:
        """How many rows of the image make one row of a node's result, by the windows on the shortest way to it."""
        return self._strides.get(node)

    @functools.cached_property
    def _strides(self) -> dict[str, int]:
        start = self._codec.image.node
        strides = {start: 1}
        waiting = [start]
        for name in waiting:
            for consumer in self._consumers[name]:
                node = self._nodes[consumer]
                if consumer not in strides and node.op not in _SHAPES:
                    step = node.strides[1] if node.op in _WINDOWS and len(node.strides) == 4 else 1
                    strides[consumer] = strides[name] * step
                    waiting.append(consumer)
        return strides

    def shape_strides(self) -> list[int | None]:
        """For each channel that is the height and width of a tensor, that tensor's stride; None for other channels."""
        values = self.reached([self._codec.image.node])
        strides: list[int | None] = []
        for port in self._codec.sent:
            measured = set() if port.is_string or port.node in values else self._measured(port.node)
            tensor_strides = {self.stride(name) for name in measured}
            strides.append(tensor_strides.pop() if len(tensor_strides) == 1 else None)
        return strides

    def _measured(self, node: str) -> set[str]:
        """The nodes whose shapes a node is made of."""
        visited: set[str] = set()
        shapes: set[str] = set()
        waiting = [node]
        while waiting:
            name = waiting.pop()
            if name not in visited:
                visited.add(name)
                sources = list(_values(self._nodes[name]))
                (shapes.update if self._nodes[name].op in _SHAPES else waiting.extend)(sources)
        return shapes

    def _side(self, y: str) -> list[tuple[int, str]]:
        """The positions of the strings whose way from `y` passes a convolution, and the last one (bias included)."""
        reached = self.reached([y])
        strings = [(p, port.node) for p, port in enumerate(self._codec.sent) if port.is_string and port.node in reached]
        convolutions = [(position, self._last_convolution([y], [node])) for position, node in strings]
        return [(position, z) for position, z in convolutions if z is not None]

    def _last_convolution(self, sources: list[str], targets: list[str]) -> str | None:
        reached = self.reached(sources)
        known = self._ancestors(targets)
        names = [n for n in reached if self._nodes[n].op in _CONVOLUTIONS and n not in sources and n in known]
        passed = [name for name in names if not self._arrive(sources, targets, name)]
        if not targets or not passed:
            return None
        last = min(passed, key=lambda name: len(self.reached([name]).intersection(passed)))
        return self._biased(last, reached)

    def _biased(self, name: str, values: Collection[str]) -> str:
        """The node that adds a constant bias to the result of `name`, or `name` itself."""
        after = self._only_consumer(name)
        if after is None or self._nodes[after].op not in ("BiasAdd", "Add", "AddV2"):
            return name
        others = [source for source in _values(self._nodes[after]) if source != name]
        return after if not any(source in values for source in others) else name

    def _first_real(self, sources: list[str], target: str) -> str | None:
        """The first node that makes floating point of `sources` on every way to `target`, constant terms included."""
        reached = self.reached(sources)
        if not sources or target not in reached:
            return None
        known = self._ancestors([target])
        kinds = (*_REAL, *_CONVOLUTIONS)
        names = [n for n in reached if n in known and self._nodes[n].real and self._nodes[n].op in kinds]
        passed = [name for name in names if not self._arrive(sources, [target], name)]
        first = max(passed, key=lambda name: len(self.reached([name]).intersection(passed)), default=None)
        if first is None or self._nodes[first].op in _CONVOLUTIONS:
            return None
        return self._with_constants(first, reached)

    def _with_constants(self, name: str, values: Collection[str]) -> str:
        while (after := self._only_consumer(name)) is not None:
            node = self._nodes[after]
            others = [source for source in _values(node) if source != name]
            constant = node.op in _REARRANGED or not any(source in values for source in others)
            if node.op not in (*_ARITHMETIC, *_REARRANGED) or not constant:
                break
            name = after
        return name

    def _only_consumer(self, name: str) -> str | None:
        consumers = [consumer for consumer in self._consumers[name] if self._nodes[consumer].op not in _SHAPES]
        return consumers[0] if len(consumers) == 1 else None

    def _arrive(self, sources: list[str], targets: list[str], blocked: str) -> bool:
        return any(target in self.reached(sources, blocked=[blocked]) for target in targets)

    def _ancestors(self, targets: list[str]) -> set[str]:
        ancestors: set[str] = set()
        waiting = list(targets)
        while waiting:
            name = waiting.pop()
            if name not in ancestors:
                ancestors.add(name)
                waiting.extend(_values(self._nodes[name]))
        return ancestors


def _values(node: Node) -> Iterable[str]:
    return (_source(text) for text in node.inputs if not text.startswith("^"))


def _source(text: str) -> str:
    return text.lstrip("^").split(":")[0]
