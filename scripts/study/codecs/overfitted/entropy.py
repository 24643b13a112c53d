"""The entropy network, and the walk through the latents that encoder and decoder share.

For each element it gives the mean, linear in the contexts, and the scale's logarithm, a network of one hidden layer
over the contexts' magnitudes: the autoregressive network of Cool-Chic and C3 (Kim et al. 2024, arXiv 2312.02753), on
other contexts (`grids`). All numbers are multiples of powers of two and small enough that every sum and product is
exact in floats of 64 bits, in whatever order a machine computes them: so encoder and decoder agree everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from study.codecs.overfitted import grids, parameters, tables
from study.codecs.overfitted.coding import Coder
from study.core.errors import CodecError

_MAGNITUDE_BITS = 4
_EXACT = 2.0**52
_BLOCK = 2**15


def magnitudes() -> np.ndarray:
    """log2(1 + |k|) of every latent k from 0 to the largest, in sixteenths, float64 [k]."""
    return np.rint(np.log2(1.0 + np.arange(tables.LARGEST + 1)) * 2**_MAGNITUDE_BITS) / 2**_MAGNITUDE_BITS


def check_exact(values: Mapping[str, np.ndarray]) -> None:
    """Raise CodecError where products of these parameters might not be exact."""
    curve = magnitudes()
    largest = curve[-1] * np.abs(values["context.w"]).sum(axis=-1).max() + np.abs(values["context.b"]).max()
    largest = largest * np.abs(values["scale.w"]).sum() + np.abs(values["scale.b"]).max()
    if not largest * 2.0 ** (_MAGNITUDE_BITS + 2 * parameters.FINEST) < _EXACT:
        raise CodecError(f"the entropy network's parameters are too large ({largest:g}) to be computed exactly")


def code(
    coder: Coder, form: Sequence[grids.Grid], values_of: Mapping[str, np.ndarray], given: Sequence[np.ndarray] | None
) -> list[np.ndarray]:
    """Write the latents `given`, int64 [rows, columns] in the order of `form`, or read them where there are none."""
    raw: dict[grids.Key, np.ndarray] = {}
    curve = magnitudes()
    known: dict[grids.Key, np.ndarray] = {}
    latents = []
    for index, grid in enumerate(form):
        values = np.zeros((grid.rows, grid.columns), dtype=np.int64)
        raw[grid.key], known[grid.key] = (grids.padded(values).astype(float) for _ in range(2))
        for number in range(len(grids.PASSES)):
            part = grids.elements(number)
            if not values[part].size:
                continue
            shape = values[part].shape
            mean = grids.contexts(grid, number, raw.get)
            size = grids.contexts(grid, number, known.get)
            eighths, scales = predicted(_rows(mean), _rows(size), values_of, number, index)
            wanted = None if given is None else given[index][part].ravel()
            coded = coder.code(wanted, eighths, scales).reshape(shape)
            values[part] = np.clip(coded, -tables.LARGEST, tables.LARGEST)
            grids.inner(raw[grid.key])[part] = values[part]
            grids.inner(known[grid.key])[part] = curve[np.abs(values[part])]
        latents.append(values)
    return latents


def _rows(contexts: list[np.ndarray]) -> np.ndarray:
    rows = np.empty((len(contexts), contexts[0].size))
    for row, values in zip(rows, contexts):
        row.reshape(values.shape)[...] = values
    return rows


def predicted(
    mean: np.ndarray, size: np.ndarray, values_of: Mapping[str, np.ndarray], number: int, index: int
) -> tuple[np.ndarray, np.ndarray]:
    """Means in eighths and numbers of scales, int64 [N], from contexts [CONTEXTS, N]."""
    count = mean.shape[1]
    eighths, scales = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    weights, bias = values_of["context.w"][number], values_of["context.b"][number][:, None]
    for first in range(0, count, _BLOCK):
        block = slice(first, first + _BLOCK)
        units = np.maximum(weights @ size[:, block] + bias, 0)
        logarithm = values_of["scale.w"] @ units + values_of["scale.b"][index]
        step = np.floor((logarithm - tables.SMALLEST) * tables.OCTAVE + 0.5)
        scales[block] = np.clip(step, 0, tables.SCALES - 1)
        most = tables.LARGEST * tables.FRACTIONS
        eighths[block] = np.clip(
            np.floor(values_of["mean.w"][number] @ mean[:, block] * tables.FRACTIONS + 0.5), -most, most
        )
    return eighths, scales
