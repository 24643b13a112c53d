"""The parameters of the two networks: their shapes, the values that a fit starts from, and how they are coded.

A parameter is coded as the difference from its start in whole steps; each group of parameters has a step of its own, a
power of two. The starts are multiples of 2^-8, so that sums and products of an entropy network's parameters are exact
in floats of 64 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from study.codecs.overfitted import grids, tables
from study.codecs.overfitted.coding import Coder

FINEST = 8  # steps are 2^-FINEST at least
COARSEST = 0
NEVER = 15  # in place of the exponent of a step: a group whose parameters are those of the start
ENTROPY_WIDTH, MIX_WIDTH = 4, 8
ENTROPY = ("context.w", "context.b", "scale.w", "scale.b", "mean.w")

_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))  # ITU-T T.871


@dataclass(frozen=True)
class Form:
    """What decides the parameters' number and their start.

    `start_step` is the quantisation step of all bands at the start, in quarters of an octave above one level of 255.
    """

    grids: tuple[grids.Grid, ...]
    start_step: int


def start(form: Form) -> dict[str, np.ndarray]:
    """The parameters that a fit starts from, float64, the same on every machine."""
    chance = np.random.Generator(np.random.PCG64(2024))

    def random(*shape: int, span: float) -> np.ndarray:
        return chance.integers(-128, 129, shape) / 128 * span

    width, passes = ENTROPY_WIDTH, len(grids.PASSES)
    context = random(passes, width, grids.CONTEXTS, span=0.25)
    context[:, 0] = 1 / 4  # one hidden unit is the mean of all contexts' magnitudes, others begin at random
    scale = np.zeros(width)
    scale[0] = 0.5
    to_rgb = np.rint(np.array(_TO_RGB) * 256) / 256
    return {
        "context.w": context,
        "context.b": np.zeros((passes, width)),
        "scale.w": scale,
        "scale.b": np.array([-2.0 + 0.5 * grid.level for grid in form.grids]),
        "mean.w": np.zeros((passes, grids.CONTEXTS)),
        "gain": np.full(len(form.grids), form.start_step / 4),
        "colour.w": to_rgb,
        "mix.w1": random(MIX_WIDTH, grids.CHANNELS, span=0.5),
        "mix.b1": random(MIX_WIDTH, span=0.5),
        "mix.w2": np.zeros((3, MIX_WIDTH)),
        "mix.b2": np.zeros(3),
    }


@dataclass(frozen=True)
class Steps:
    """Of each group by name: the exponent of its step, 2^-exponent or NEVER, and the number of its table's scale."""

    exponents: dict[str, int]
    scales: dict[str, int]


def exponents_near(exponent: int, reach: int | None) -> list[int]:
    """The exponents to try for a group: every second one, or those within `reach` of one that was chosen; and NEVER."""
    if reach is None:
        return [*range(COARSEST, FINEST + 1, 2), NEVER]
    if exponent == NEVER:
        return [NEVER]
    return [*range(max(COARSEST, exponent - reach), min(FINEST, exponent + reach) + 1), NEVER]


def quantised(values: np.ndarray, start_values: np.ndarray, exponent: int) -> np.ndarray:
    """The differences from the start in whole steps, int64 of the same shape."""
    if exponent == NEVER:
        return np.zeros(values.shape, dtype=np.int64)
    return np.rint((values - start_values) * 2.0**exponent).astype(np.int64)


def best_scale(whole: np.ndarray, exponent: int) -> tuple[int, float]:
    """The number of the scale whose table codes whole steps, of any shape, in the fewest bits, and these bits."""
    if exponent == NEVER:
        return 0, 0.0
    lengths = tables.bits()[:, tables.FRACTIONS // 2]
    symbols = np.where(np.abs(whole) > tables.REACH, tables.ESCAPE, whole + tables.REACH).ravel()
    costs = lengths[:, symbols].sum(axis=1)
    return int(costs.argmin()), float(costs.min())


def code(
    coder: Coder, form: Form, given: tuple[Steps, dict[str, np.ndarray]] | None
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Write the steps and whole steps `given`, or read them where there are none.

    Gives the parameters' values by name, and the whole steps.
    """
    values, coded = {}, []
    for name, first in start(form).items():
        exponent = coder.number(given and given[0].exponents[name], NEVER + 1)
        values[name] = first
        if exponent != NEVER:
            scale = coder.number(given and given[0].scales[name], tables.SCALES)
            zeros = np.zeros(first.size, dtype=np.int64)
            whole = coder.code(given and given[1][name].ravel(), zeros, zeros + scale)
            coded.append(whole)
            values[name] = first + whole.reshape(first.shape) * 2.0**-exponent
    return values, coded
