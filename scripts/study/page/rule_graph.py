"""The drawing of the graph of the workflow's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, GAP_X, GAP_Y = 124, 30, 10, 34


def drawing(pairs: Sequence[Sequence[str]], counts: Mapping[str, int]) -> dict:
    """Where to draw a box for each rule, each as low as what uses it allows, and the lines between them.

    Arrows that others imply are left out. `counts` gives numbers of jobs to write beside a rule's name.
    """
    import networkx

    graph = networkx.DiGraph()
    graph.add_edges_from(pairs)
    graph = networkx.transitive_reduction(graph)
    layers = [sorted(layer) for layer in networkx.topological_generations(graph.reverse())][::-1]
    widest = max(map(len, layers), default=1)
    places: dict[str, tuple[float, float]] = {}
    for depth, layer in enumerate(layers):
        if depth:
            layer.sort(key=lambda name: (_mean([places[above][0] for above in graph.predecessors(name)]), name))
        left = (widest - len(layer)) * (WIDTH + GAP_X) / 2
        for index, name in enumerate(layer):
            places[name] = (GAP_X + left + index * (WIDTH + GAP_X), 4 + depth * (HEIGHT + GAP_Y))
    boxes = [
        {"name": name, "count": counts.get(name), "x": x, "y": y, "middle": x + WIDTH / 2, "text": y + HEIGHT / 2}
        for name, (x, y) in places.items()
    ]
    lines = [
        {
            "x1": places[start][0] + WIDTH / 2,
            "y1": places[start][1] + HEIGHT,
            "x2": places[end][0] + WIDTH / 2,
            "y2": places[end][1] - 3,
        }
        for start, end in sorted(graph.edges)
    ]
    return {
        "boxes": boxes,
        "lines": lines,
        "box_width": WIDTH,
        "box_height": HEIGHT,
        "width": GAP_X + widest * (WIDTH + GAP_X),
        "height": 8 + len(layers) * (HEIGHT + GAP_Y) - GAP_Y,
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
