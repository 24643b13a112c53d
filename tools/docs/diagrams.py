"""Two diagrams as SVG: the packages by the contract of their imports, and the rules by what they use of each other."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import api
import networkx

WIDTH, BOX, GAP, ACROSS = 760, 46, 26, 5
LOOPED = ("plot_images", "latent_figures", "download")  # rules that may stand once for each image set or job


def files(root: Path) -> dict[str, str]:
    """The diagrams by file name, to be set into a page as they are."""
    return {"packages.svg": packages(root), "rules.svg": rules(root)}


def packages(root: Path) -> str:
    """The layers of the import contract (pyproject.toml), from the commands down to `core`."""
    contract = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    layers = [[name.strip() for name in re.split("[:|]", layer)] for layer in contract["layers"]]
    library = root / "scripts" / "study"
    summaries = {name: api.summary(library / name) for layer in layers for name in layer}
    rows = [
        [("rules/*.smk", "The workflow: what is made from what.")],
        [("scripts/*.py", "Commands: one for each rule.")],
        *([(name, summaries[name]) for name in layer] for layer in layers),
    ]
    parts = []
    top = 2
    for row in rows:
        box = BOX if len(row) == 1 else BOX + 30
        width = (WIDTH - 4 - 14 * (len(row) - 1)) / len(row)
        for column, (name, text) in enumerate(row):
            left = 2 + column * (width + 14)
            parts.append(f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{box}" rx="4"/>')
            parts.append(f'<text class="name" x="{left + width / 2:.0f}" y="{top + 20}">{escape(name)}</text>')
            for line, words in enumerate(wrapped(text.replace("`", ""), int(width / 6.6))):
                parts.append(f'<text x="{left + width / 2:.0f}" y="{top + 36 + 15 * line}">{escape(words)}</text>')
        if row != rows[0]:
            parts.append(arrow(WIDTH / 2, top - GAP + 1, WIDTH / 2, top - 2))
        top += box + GAP
    return svg("The packages: each imports only from those below it", WIDTH, top - GAP + 2, parts)


def rules(root: Path) -> str:
    """The rules of the default study; an arrow leads from a rule to one that uses what it makes.

    Arrows that others imply are left out. A layer of many rules takes several rows.
    """
    graph = networkx.transitive_reduction(networkx.DiGraph(edges(root)))
    places: dict[str, tuple[float, float]] = {}
    for layer in reversed([sorted(layer) for layer in networkx.topological_generations(graph.reverse())]):
        row = max((y for _, y in places.values()), default=-1) + 1
        layer.sort(key=lambda name: sum(places[above][0] for above in graph.predecessors(name)) / 9)
        for start in range(0, len(layer), ACROSS):
            names = layer[start : start + ACROSS]
            for column, name in enumerate(names):
                places[name] = (column + (ACROSS - len(names)) / 2, row + start // ACROSS)
    wide, high = WIDTH / ACROSS, 62
    middles = {name: ((x + 0.5) * wide, y * high + 17) for name, (x, y) in places.items()}
    parts = [
        arrow(middles[start][0], middles[start][1] + 15, middles[end][0], middles[end][1] - 16)
        for start, end in sorted(graph.edges)
    ]
    for name, (x, y) in middles.items():
        parts.append(f'<rect x="{x - wide / 2 + 7:.0f}" y="{y - 15:.0f}" width="{wide - 14:.0f}" height="30" rx="4"/>')
        parts.append(f'<text class="name" x="{x:.0f}" y="{y + 4:.0f}">{name}</text>')
    return svg("The rules of the default study", WIDTH, max(y for _, y in middles.values()) + 18, parts)


def edges(root: Path) -> list[list[str]]:
    """Pairs of rules [maker, user] of the default study, from `snakemake --rulegraph`."""
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "--configfile", "config.yaml"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    names = dict(re.findall(r'^\s*(\d+)\[label = "([^"]+)"', done.stdout, re.M))
    arrows = re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.M)
    pairs = {(plain(names[start]), plain(names[end])) for start, end in arrows}
    return [[start, end] for start, end in sorted(pairs) if start != end and end != "all"]


def plain(name: str) -> str:
    """The name of a rule without that of the image set or job which it stands for."""
    return next((rule for rule in LOOPED if name.startswith(f"{rule}_")), name)


def wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="edge" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" marker-end="url(#head)"/>'


def svg(title: str, width: float, height: float, parts: Sequence[str] | Iterable[str]) -> str:
    head = '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    opening = (
        f'<svg class="diagram" role="img" viewBox="0 0 {width:.0f} {height:.0f}" xmlns="http://www.w3.org/2000/svg">'
    )
    marker = f'<defs>{head}<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
    return "\n".join([opening, f"<title>{escape(title)}</title>", marker, *parts, "</svg>", ""])
