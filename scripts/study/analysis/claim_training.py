"""What the trained codecs of a claim had to learn from: a verdict on them names their budgets and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ALIKE = 0.1  # budgets that differ by less, of the larger one, count as equal


@dataclass(frozen=True)
class Trained:
    """A trained codec: megapixels of crops that each of its qualities saw, its starts included, and its seeds."""

    megapixels: list[float] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)


def describe(pairs: Sequence[tuple[str, str]], trained: Mapping[str, Trained], pooled: bool = False) -> str:
    """Budgets and seeds of the codecs compared, in words; empty where none is known.

    `pairs` are ids of codecs, the one claimed to be better first. `pooled`: each comparison is a mean over seeds.
    """
    sides = [list(dict.fromkeys(pair[side] for pair in pairs if pair[side] in trained)) for side in (0, 1)]
    seeds = {seed for side in sides for codec in side for seed in trained[codec].seeds}
    if not seeds:
        return ""
    spans = [_span([size for codec in side for size in trained[codec].megapixels]) for side in sides if side]
    words = f"Crops seen in training, starts included: {' against '.join(spans)} megapixels"
    if all(sides):
        both = [pair for pair in pairs if pair[0] in trained and pair[1] in trained]
        equal = all(_alike(trained[better].megapixels, trained[than].megapixels) for better, than in both)
        words += f" ({'equal' if equal else 'unequal'} budgets)"
    count = "one seed" if len(seeds) == 1 else f"{len(seeds)} seeds"
    if pooled:
        return f"{words}; {count}, whose spread is in the intervals. The verdict is about such trainings."
    return f"{words}; {count}. The verdict is about these models, not about their architectures."


def _span(sizes: Sequence[float]) -> str:
    low, high = f"{min(sizes):.0f}", f"{max(sizes):.0f}"
    return low if low == high else f"{low} to {high}"


def _alike(first: Sequence[float], second: Sequence[float]) -> bool:
    pairs = list(zip(first, second))
    return len(first) == len(second) and all(abs(one - two) <= ALIKE * max(one, two) for one, two in pairs)
