"""The entropy tables in a file of weights, checked before the coder's C++ sees them, which believes what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from study.core.errors import StudyError

if TYPE_CHECKING:
    import torch

PRECISION = 16  # bits of the coder's probabilities
LARGEST_OFFSET = 2**20
WIDEST = 2**15  # of a latent's range, whose table is yet to be made
_PARTS = ("_quantized_cdf", "_cdf_length", "_offset")
_SOURCES = ("quantiles", "scale_table")
_KINDS = ("torch.int32", "torch.int64")


def check(weights: Mapping[str, torch.Tensor], origin: str) -> None:
    """Raise StudyError unless the tables of all entropy models, where there are any, are whole.

    A row must rise strictly from 0 to 2^16, lengths be those of the rows and at least 3, offsets within ±2^20. A row is
    padded in a table of two axes, and follows the one before it in a table of one. `origin` names the file.
    """
    strange = next((name for name in weights if not isinstance(name, str)), None)
    if strange is not None:
        raise StudyError(f"{origin}: its tensors must have names; found {strange!r}{_AGAIN}")
    owners = {name.rpartition(".")[0]: name for name in weights if name.rpartition(".")[2] in (*_PARTS, *_SOURCES)}
    for model in owners:
        stored = {part: weights[f"{model}.{part}"] for part in _PARTS if f"{model}.{part}" in weights}
        if any(tensor.numel() for tensor in stored.values()):
            _check_model(model, stored, origin)
        _check_quantiles(model, weights, origin)
        _check_scales(model, weights, origin)


_AGAIN = "; get or train the weights anew"


def _check_model(model: str, stored: Mapping[str, torch.Tensor], origin: str) -> None:
    import torch

    def wrong(what: str) -> StudyError:
        return StudyError(f"{origin}: the entropy tables {model} can't be used: {what}{_AGAIN}")

    missing = [part for part in _PARTS if part not in stored]
    if missing:
        raise wrong(f"{missing[0]} is missing beside the others")
    kinds = {str(tensor.dtype) for tensor in stored.values()}
    if not kinds <= set(_KINDS):
        raise wrong(f"found {', '.join(sorted(kinds))}; allowed: whole numbers ({', '.join(_KINDS)})")
    table, lengths, offsets = (stored[part] for part in _PARTS)
    if lengths.ndim != 1 or offsets.shape != lengths.shape or not lengths.numel():
        raise wrong(f"{list(lengths.shape)} lengths and {list(offsets.shape)} offsets; allowed: one of each for a row")
    if int(offsets.abs().max()) > LARGEST_OFFSET or int(offsets.min()) < -LARGEST_OFFSET:
        raise wrong(f"offsets from {int(offsets.min())} to {int(offsets.max())}; allowed: within ±{LARGEST_OFFSET}")
    counts = lengths.tolist()
    if min(counts) < 3 or max(counts) > 2**PRECISION + 1:
        raise wrong(f"rows of {min(counts)} to {max(counts)} entries; allowed: 3 to {2**PRECISION + 1}")
    if table.ndim == 1:
        if sum(counts) != table.numel():
            raise wrong(f"rows of {sum(counts)} entries in all, of which it has {table.numel()}")
        rows = torch.split(table, counts)
    elif table.ndim == 2 and table.shape[0] == len(counts) and max(counts) <= table.shape[1]:
        rows = tuple(row[:count] for row, count in zip(table, counts))
    else:
        raise wrong(f"a table of shape {list(table.shape)} for {len(counts)} rows of up to {max(counts)} entries")
    for number, row in enumerate(rows):
        if int(row[0]) != 0 or int(row[-1]) != 2**PRECISION or not bool((row[1:] > row[:-1]).all()):
            raise wrong(f"row {number} doesn't rise strictly from 0 to {2**PRECISION}")


def _check_quantiles(model: str, weights: Mapping[str, torch.Tensor], origin: str) -> None:
    """The table of a bottleneck without one is made over the range of its quantiles."""
    quantiles = weights.get(f"{model}.quantiles")
    if quantiles is None or not quantiles.numel() or quantiles.ndim != 3 or quantiles.shape[-1] != 3:
        return
    if not bool(quantiles.isfinite().all()):
        return  # told of every tensor that isn't finite
    if float(quantiles.abs().max()) > WIDEST or bool((quantiles[..., 1:] < quantiles[..., :-1]).any()):
        raise StudyError(
            f"{origin}: the quantiles of {model} must rise within ±{WIDEST}; "
            f"found {float(quantiles.min()):g} to {float(quantiles.max()):g}{_AGAIN}"
        )


def _check_scales(model: str, weights: Mapping[str, torch.Tensor], origin: str) -> None:
    scales = weights.get(f"{model}.scale_table")
    if scales is None or not scales.numel():
        return
    rows = weights.get(f"{model}._cdf_length")
    if (
        scales.ndim != 1
        or not bool((scales > 0).all())
        or not bool((scales[1:] > scales[:-1]).all())
        or (rows is not None and rows.numel() != scales.numel())
    ):
        raise StudyError(
            f"{origin}: {model}.scale_table must hold rising scales above 0, one for each row of the "
            f"tables; found shape {list(scales.shape)}{_AGAIN}"
        )
