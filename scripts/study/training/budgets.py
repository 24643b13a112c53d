"""How much a trained codec has seen: crops and their side, and what the trainings that it started from had seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from study.training import defaults, recipes


@dataclass(frozen=True)
class Budget:
    """`steps` of `crops` in all, `side` pixels square, from one `seed`; `pixels` of these crops.

    `pixels_with_starts` adds the pixels of every training in the chain that it started from.
    """

    steps: int
    crops: int
    side: int
    seed: int
    pixels_with_starts: int

    @property
    def pixels(self) -> int:
        """How many pixels the training saw, those seen again counted again."""
        return self.crops * self.side**2


def budget(known: Mapping[str, recipes.Recipe], name: str, quality: str | int) -> Budget:
    """The budget of a training by the recipes. Raises StudyError for an unknown one."""
    steps, crops, side, seed = _own(known, name, quality)
    chain = [_own(known, *training.rsplit("/", 1)) for training in recipes.chain(known, name, quality)]
    return Budget(steps, crops, side, seed, sum(own[1] * own[2] ** 2 for own in chain))


def _own(known: Mapping[str, recipes.Recipe], name: str, quality: str | int) -> tuple[int, int, int, int]:
    """Steps, crops, side of a crop, seed of one training without its starts."""
    own, shared = recipes.entry(known, name, quality), known[name]
    batch = own.batch or shared.batch or defaults.BATCH
    side = own.crop or shared.crop or defaults.CROP
    seeds = [seed for seed in (own.seed, shared.seed, defaults.SEED) if seed is not None]
    return own.steps, own.steps * batch, side, seeds[0]
