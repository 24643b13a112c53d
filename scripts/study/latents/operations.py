"""What an edit does to the selected elements of a latent. A new operation is one decorated function.

    @operation(limit=POSITIVE)
    def clip(values, chosen, around, limit):
        \"\"\"Limit values to ±`limit`.\"\"\"
        return np.where(chosen, np.clip(values, -limit, limit), values)

It gets the latent float32 [channels, rows, columns] and the selected elements (bool, same shape), and returns a new
latent; it changes neither argument and leaves elements that are not chosen as they were. `around` is what else it may
ask for (`Around`). Its parameters are those of the decorator, each with what is allowed; one with a default may be left
out, one given as a list is a sweep. tests/test_operations.py holds every operation of the registry to that.
Those marked `moves` exchange elements between places: the selected ones must form a box (spans, lists of channels).
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from study.core.errors import CodecError, allowed

ALL = "all"


class Around(Protocol):
    """What an operation may ask for beside the latent itself."""

    def latent(self, image: str, image_set: str | None) -> np.ndarray:
        """The same site of another image, of this set or another; CodecError if there is none."""

    def components(self, image_set: str) -> tuple[np.ndarray, np.ndarray]:
        """Mean [C] and principal components [C, C], strongest first in rows, of the channel vectors of a set."""

    def centroid(self, image_set: str, per: str) -> np.ndarray:
        """The mean latent of a set's images: [C, 1, 1] per channel, [C, R, W] per position."""


@dataclass(frozen=True)
class Kind:
    """What a parameter may be: in words, and as a test."""

    words: str
    allows: Callable[[Any], bool]


@dataclass(frozen=True)
class Operation:
    """An operation: its function, its parameters with their kinds and defaults, whether it moves elements.

    `on_image` does to an image [H, W, 3] what the operation does to the latent, if there is such a thing; it gets the
    image, the stride (pixels per element) and the parameters.
    """

    name: str
    apply: Callable[..., np.ndarray]
    kinds: Mapping[str, Kind]
    defaults: Mapping[str, Any]
    moves: bool
    on_image: Callable[..., np.ndarray] | None

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.apply.__doc__ or "").strip().splitlines()[0]


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


NUMBER = Kind("a finite number", _finite)
POSITIVE = Kind("a number above 0", lambda value: _finite(value) and value > 0)
WHOLE = Kind("a whole number", _whole)
INDEX = Kind("a whole number, 0 or more", lambda value: _whole(value) and value >= 0)
COUNT = Kind(
    "a whole number, 1 or more, or all (a sweep)", lambda value: value == ALL or (_whole(value) and value >= 1)
)
NAME = Kind("a name", lambda value: isinstance(value, str) and bool(value))
NAME_OR_NONE = Kind("a name, or null", lambda value: value is None or (isinstance(value, str) and bool(value)))
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
QUARTERS = Kind("90, 180, 270", lambda value: value in (90, 180, 270))


def one_of(*choices: str) -> Kind:
    """A parameter that is one of some words."""
    return Kind(", ".join(choices), lambda value: value in choices)


REGISTRY: dict[str, Operation] = {}


def operation(
    _moves: bool = False, _on_image: Callable[..., np.ndarray] | None = None, **kinds: Kind
) -> Callable[[Callable], Callable]:
    """Register a function as the operation of its name; `kinds` says what its parameters may be.

    `_on_image` does to an image uint8 [H, W, 3] what the operation does to a latent [C, R, W] (see `Operation`).
    """

    def register(function: Callable) -> Callable:
        own_name = function.__name__.rstrip("_")
        parameters = list(inspect.signature(function).parameters.values())
        all_defaults = {parameter.name: parameter.default for parameter in parameters}
        defaults = {name: default for name, default in all_defaults.items() if default is not inspect.Parameter.empty}
        REGISTRY[own_name] = Operation(own_name, function, kinds, defaults, _moves, _on_image)
        return function

    return register


def parsed(op: object) -> tuple[Operation, dict[str, Any]]:
    """The operation that a config names, and its parameters; a sweep is still a list. Raises CodecError.

    `zero`; `{scale: 2}` for the first parameter; `{noise: {std: 0.5, seed: 3}}` for several.
    """
    if isinstance(op, str):
        name, options = op, {}
    elif isinstance(op, Mapping) and len(op) == 1:
        name, options = next(iter(op.items()))
    else:
        raise CodecError(f"op: found {op!r}; allowed: a name, or a name with its parameters, like {{scale: 2}}")
    if name not in REGISTRY:
        raise CodecError(f"op: {name!r} is unknown; {allowed(name, REGISTRY)}")
    chosen_operation = REGISTRY[name]
    if not isinstance(options, Mapping):
        if not chosen_operation.kinds:
            raise CodecError(f"op.{name}: found {options!r}; it has no parameters")
        options = {next(iter(chosen_operation.kinds)): options}
    for key in options:
        if key not in chosen_operation.kinds:
            raise CodecError(f"op.{name}.{key}: this parameter is unknown; {allowed(key, chosen_operation.kinds)}")
    parameters = {**chosen_operation.defaults, **options}
    for key, kind in chosen_operation.kinds.items():
        if key not in parameters:
            raise CodecError(f"op.{name}: the parameter {key!r} is missing; allowed: {kind.words}")
        values = parameters[key] if isinstance(parameters[key], list) else [parameters[key]]
        for value in values:
            if not kind.allows(value):
                raise CodecError(f"op.{name}.{key}: found {value!r}; allowed: {kind.words}, or a list for a sweep")
        if not values:
            raise CodecError(f"op.{name}.{key}: found an empty list; allowed: {kind.words}, or a list for a sweep")
    return chosen_operation, {key: parameters[key] for key in chosen_operation.kinds}


def perform(
    values: np.ndarray, chosen: np.ndarray, performed: Operation, parameters: Mapping, around: Around
) -> np.ndarray:
    """The edited latent, float32 [C, R, W]. Raises CodecError where the operation can't be done on this latent."""
    where = _box(chosen, performed.name) if performed.moves else chosen
    result = performed.apply(values, where, around, **parameters)
    return np.ascontiguousarray(result, dtype=np.float32)


def _box(chosen: np.ndarray, name: str) -> tuple[np.ndarray, ...]:
    """The selected elements as an index of rows of each axis. Raises CodecError if they form no box."""
    lines = [chosen.any(tuple(axis for axis in range(3) if axis != own)) for own in range(3)]
    box = np.ix_(*(np.flatnonzero(line) for line in lines))
    if not chosen.any() or not chosen[box].all():
        raise CodecError(f"{name} moves elements, so what is selected must be a box: spans of axes, lists of channels")
    return box


def _replaced(values: np.ndarray, box: tuple, block: np.ndarray) -> np.ndarray:
    result = values.copy()
    result[box] = block
    return result


def _fitting(other: np.ndarray, values: np.ndarray, what: str) -> np.ndarray:
    if other.shape != values.shape:
        raise CodecError(
            f"{what} has a latent of {list(other.shape)}, this image one of {list(values.shape)}; "
            "images of equal size are needed"
        )
    return other


@operation()
def zero(values: np.ndarray, chosen: np.ndarray, around: Around) -> np.ndarray:
    """Set to 0."""
    return np.where(chosen, 0, values)


@operation(value=NUMBER)
def fill(values: np.ndarray, chosen: np.ndarray, around: Around, value: float) -> np.ndarray:
    """Set to `value`."""
    return np.where(chosen, np.float32(value), values)


@operation(factor=NUMBER)
def scale(values: np.ndarray, chosen: np.ndarray, around: Around, factor: float) -> np.ndarray:
    """Multiply by `factor`."""
    return np.where(chosen, values * np.float32(factor), values)


@operation()
def negate(values: np.ndarray, chosen: np.ndarray, around: Around) -> np.ndarray:
    """Change the sign."""
    return np.where(chosen, -values, values)


@operation(std=POSITIVE, kind=one_of("normal", "uniform"), seed=INDEX)
def noise(
    values: np.ndarray, chosen: np.ndarray, around: Around, std: float, kind: str = "normal", seed: int = 0
) -> np.ndarray:
    """Add noise of standard deviation `std`, by NumPy's PCG64 with `seed`."""
    random = np.random.default_rng(seed)
    drawn = random.standard_normal(values.shape) if kind == "normal" else random.uniform(-1, 1, values.shape) * 3**0.5
    return np.where(chosen, values + std * drawn, values)


@operation(step=POSITIVE)
def round_(values: np.ndarray, chosen: np.ndarray, around: Around, step: float) -> np.ndarray:
    """Round to multiples of `step`: a coarser quantisation, for a step above 1."""
    return np.where(chosen, np.rint(values / np.float64(step)) * step, values)


@operation(limit=POSITIVE)
def clip(values: np.ndarray, chosen: np.ndarray, around: Around, limit: float) -> np.ndarray:
    """Limit values to ±`limit`."""
    return np.where(chosen, np.clip(values, -limit, limit), values)


def _roll_image(image: np.ndarray, stride: int, rows: int, columns: int, channels: int) -> np.ndarray | None:
    return None if channels else np.roll(image, (rows * stride, columns * stride), (0, 1))


@operation(_moves=True, _on_image=_roll_image, rows=WHOLE, columns=WHOLE, channels=WHOLE)
def roll(
    values: np.ndarray, box: tuple, around: Around, rows: int = 0, columns: int = 0, channels: int = 0
) -> np.ndarray:
    """Shift cyclically by elements of each axis."""
    return _replaced(values, box, np.roll(values[box], (channels, rows, columns), (0, 1, 2)))


@operation(_moves=True, rows=WHOLE, columns=WHOLE, channels=WHOLE)
def shift(
    values: np.ndarray, box: tuple, around: Around, rows: int = 0, columns: int = 0, channels: int = 0
) -> np.ndarray:
    """Shift by elements of each axis; what comes in from outside is 0."""
    block = values[box]
    moved = np.zeros_like(block)
    to, source = zip(*(_overlap(length, by) for length, by in zip(block.shape, (channels, rows, columns))))
    moved[to] = block[source]
    return _replaced(values, box, moved)


def _overlap(length: int, by: int) -> tuple[slice, slice]:
    by = max(-length, min(length, by))
    return slice(max(by, 0), length + min(by, 0)), slice(max(-by, 0), length - max(by, 0))


def _flip_image(image: np.ndarray, stride: int, axis: str) -> np.ndarray | None:
    return None if axis == "channels" else np.flip(image, ("rows", "columns").index(axis))


@operation(_moves=True, _on_image=_flip_image, axis=one_of("rows", "columns", "channels"))
def flip(values: np.ndarray, box: tuple, around: Around, axis: str) -> np.ndarray:
    """Reverse an axis."""
    return _replaced(values, box, np.flip(values[box], ("channels", "rows", "columns").index(axis)))


def _rotate_image(image: np.ndarray, stride: int, degrees: int) -> np.ndarray:
    return np.rot90(image, degrees // 90, (0, 1))


@operation(_moves=True, _on_image=_rotate_image, degrees=QUARTERS)
def rotate(values: np.ndarray, box: tuple, around: Around, degrees: int) -> np.ndarray:
    """Turn anticlockwise; a quarter turn of the whole latent turns the image's size, too."""
    return _turned(values, box, np.rot90(values[box], degrees // 90, (1, 2)), "rotate")


def _transpose_image(image: np.ndarray, stride: int) -> np.ndarray:
    return image.transpose(1, 0, 2)


@operation(_moves=True, _on_image=_transpose_image)
def transpose(values: np.ndarray, box: tuple, around: Around) -> np.ndarray:
    """Exchange rows and columns; of the whole latent, the image's height and width, too."""
    return _turned(values, box, values[box].transpose(0, 2, 1), "transpose")


def _turned(values: np.ndarray, box: tuple, block: np.ndarray, name: str) -> np.ndarray:
    if block.shape == values[box].shape:
        return _replaced(values, box, block)
    if block.size == values.size:
        return block.copy()
    raise CodecError(f"{name}: a block of {list(values[box].shape[1:])} can't be turned in place; select a square one")


@operation(_moves=True, seed=INDEX, inverse=FLAG)
def permute(values: np.ndarray, box: tuple, around: Around, seed: int = 0, inverse: bool = False) -> np.ndarray:
    """Put the selected channels into a random order (PCG64 with `seed`), or back with `inverse`."""
    order = np.random.default_rng(seed).permutation(len(box[0]))
    return _replaced(values, box, values[box][np.argsort(order) if inverse else order])


@operation(first=INDEX, second=INDEX)
def swap(values: np.ndarray, chosen: np.ndarray, around: Around, first: int, second: int) -> np.ndarray:
    """Exchange two channels, where elements of both are selected."""
    if max(first, second) >= len(values):
        raise CodecError(f"swap: channel {max(first, second)} is unknown; the latent has {len(values)}")
    result = values.copy()
    both = chosen[first] & chosen[second]
    result[first] = np.where(both, values[second], values[first])
    result[second] = np.where(both, values[first], values[second])
    return result


@operation(image=NAME, set=NAME_OR_NONE)
def replace(values: np.ndarray, chosen: np.ndarray, around: Around, image: str, set: str | None = None) -> np.ndarray:
    """Take the elements of another image's latent."""
    return np.where(chosen, _fitting(around.latent(image, set), values, f"image {image}"), values)


@operation(image=NAME, t=NUMBER, set=NAME_OR_NONE)
def interpolate(
    values: np.ndarray, chosen: np.ndarray, around: Around, image: str, t: float, set: str | None = None
) -> np.ndarray:
    """Go the part `t` of the way to another image's latent: (1 - t) · own + t · other."""
    other = _fitting(around.latent(image, set), values, f"image {image}")
    return np.where(chosen, (1 - t) * values.astype(np.float64) + t * other, values)


@operation(k=COUNT, of=NAME)
def project(values: np.ndarray, chosen: np.ndarray, around: Around, k: int, of: str) -> np.ndarray:
    """Project the channel vectors on the first `k` principal components of those of a set's latents."""
    mean, components = around.components(of)
    if k > len(components) or len(mean) != len(values):
        raise CodecError(f"project: found k {k}; the latents of {of} have {len(components)} components")
    centred = values.reshape(len(values), -1) - mean[:, None]
    kept = components[:k]
    projected = (mean[:, None] + kept.T @ (kept @ centred)).reshape(values.shape)
    return np.where(chosen, projected, values)


@operation(start=NAME, end=NAME, amount=NUMBER, per=one_of("channel", "position"))
def arithmetic(
    values: np.ndarray,
    chosen: np.ndarray,
    around: Around,
    start: str,
    end: str,
    amount: float = 1.0,
    per: str = "channel",
) -> np.ndarray:
    """Add `amount` times the difference of two sets' centroids: a direction from set `start` to set `end`."""
    direction = around.centroid(end, per) - around.centroid(start, per)
    if per == "position":
        _fitting(direction, values, f"the centroid of {start} and {end}")
    return np.where(chosen, values + amount * direction, values)


def sets_needed(chosen_operation: Operation, parameters: Mapping) -> Iterator[str]:
    """The image sets whose latents an operation asks for, beside the set of the image itself."""
    for key, kind in chosen_operation.kinds.items():
        if kind in (NAME, NAME_OR_NONE) and key != "image":
            values = parameters[key] if isinstance(parameters[key], list) else [parameters[key]]
            yield from (value for value in values if value is not None)
