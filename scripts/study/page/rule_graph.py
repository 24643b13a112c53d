"""The graph of the workflow's rules, and its drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace

WIDTH, HEIGHT, GAP_X, GAP_Y = 124, 30, 10, 34


LAST = "check_cells"


def edges(
    rules: Iterable, cells: Iterable[tuple[str, str, str]], sets: Iterable[str], experiments: Iterable[str] = ()
) -> list[list[str]]:
    """Which rule uses what another makes, as far as the rule `LAST` needs it: pairs [from, to], sorted.

    `rules` are Snakemake's (each with `name`, `input`, `output`). Inputs that are functions are called with the
    wildcards set, codec and quality of one of `cells` for each set and one for each codec, with each of `sets` and each
    of `experiments`; what they can't answer is left out. A rule for one image set, `<name>_<set>`, counts as `<name>`.
    """
    rules = [rule for rule in rules if rule.output]
    cells = list(cells)
    cells = dict.fromkeys([*{cell[0]: cell for cell in cells}.values(), *{cell[1]: cell for cell in cells}.values()])
    wildcards = [SimpleNamespace(set=part, codec=codec, quality=quality) for part, codec, quality in cells]
    sets = list(sets)
    wildcards += [SimpleNamespace(set=name) for name in sets]
    wildcards += [SimpleNamespace(experiment=name) for name in experiments]
    names = {rule.name: _plain(rule.name, sets) for rule in rules}
    found = set()
    makers: dict[str, str | None] = {str(output): rule.name for rule in rules for output in rule.output}
    patterns = [(rule.name, output) for rule in rules for output in rule.output if "{" in output]
    for rule in rules:
        for path in {text for given in rule.input for text in _paths(given, wildcards)}:
            if path not in makers:
                makers[path] = next((name for name, output in patterns if output.match(path)), None)
            if makers[path] is not None and makers[path] != rule.name:
                found.add((names[makers[path]], names[rule.name]))
    needed, before = set(), {LAST}
    while before != needed:
        needed = before
        before = needed | {start for start, end in found if end in needed}
    return [list(pair) for pair in sorted(found) if pair[1] in needed]


def hashes(rules: Iterable, pairs: Iterable[Sequence[str]], sets: Iterable[str]) -> dict[str, str]:
    """The hash of the code (the parameter `code`) of each of Snakemake's rules that stands in `pairs` and has one."""
    drawn, sets = {name for pair in pairs for name in pair}, list(sets)
    found = {_plain(rule.name, sets): dict(rule.params.items()).get("code") for rule in rules}
    return {name: value for name, value in sorted(found.items()) if isinstance(value, str) and name in drawn}


def of(
    rules: Iterable, cells: Iterable[tuple[str, str, str]], sets: Iterable[str], experiments: Iterable[str] = ()
) -> dict:
    """`edges` and the `code` hashes of their rules."""
    rules, sets = list(rules), list(sets)
    pairs = edges(rules, cells, sets, experiments)
    return {"edges": pairs, "code": hashes(rules, pairs, sets)}


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
        for place, name in enumerate(layer):
            places[name] = (GAP_X + left + place * (WIDTH + GAP_X), 4 + depth * (HEIGHT + GAP_Y))
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


def _paths(given: object, wildcards: Sequence[SimpleNamespace]) -> Iterator[str]:
    if not isinstance(given, Callable):
        yield str(given)
        return
    for one in wildcards:
        try:
            answer = given(one)
        except (AttributeError, KeyError):
            continue
        yield from [answer] if isinstance(answer, str) else map(str, answer)


def _plain(name: str, sets: Iterable[str]) -> str:
    return next((name.removesuffix(f"_{one}") for one in sets if name.endswith(f"_{one}")), name)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
