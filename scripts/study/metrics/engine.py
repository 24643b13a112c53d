"""From two images to the values of metrics: what computes a metric is named by a recipe and loaded when it is needed.

A job gets its recipes from the workflow, so that neither it nor what it computes depends on the registry as a whole:
an entry that is added there makes no other metric again.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from study.core.errors import StudyError, allowed

if TYPE_CHECKING:
    import numpy as np

ENGINES = ("fast", "library")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a job must know of a metric. Functions are named as `package.module:function`.

    `compute(reference, image, names, threads) -> {name: value}` gives the metrics `names` of an image against its
    reference, both uint8 [H, W, 3], of one size and large enough for each; metrics with the same function are asked
    for in one call, so that they can share work. NaN stands for an undefined value, whose reason is `empty`.
    `reference` is another such function by which to check it, empty where `compute` is the definition itself.
    `skip() -> str | None` says why the metric can't be computed here (a missing package, say), `versions() -> str`
    names the programs whose version isn't pinned; both may be empty.
    """

    compute: str
    smallest: int = 1
    empty: str = ""
    reference: str = ""
    skip: str = ""
    versions: str = ""

    def function(self, engine: str) -> str:
        """The name of the function that an engine uses."""
        return self.reference if engine == "library" and self.reference else self.compute


def recipes(text: str) -> dict[str, Recipe]:
    """The recipes of metrics by name from the JSON of `registry.recipes`. Raises StudyError for anything else."""
    try:
        return {name: Recipe(**fields) for name, fields in json.loads(text).items()}
    except (json.JSONDecodeError, AttributeError, TypeError) as error:
        raise StudyError(f"the metrics must be a JSON object of recipes, as the registry gives them: {error}") from None


def score(
    reference: np.ndarray, image: np.ndarray, recipes: Mapping[str, Recipe], engine: str = "fast", threads: int = 1
) -> tuple[dict[str, float], dict[str, str]]:
    """The metrics of an image against its reference, both uint8 [H, W, 3]: values by name, and reasons by name.

    Every name in `recipes` is in one of the two: an image that is too small for a metric, or for which it is undefined,
    has a reason instead of a value, and so has a metric that can't be computed here (`skipped: …`).
    Raises StudyError for images of different sizes, other arrays, and an unknown engine.
    """
    _check(reference, image, engine)
    height, width, _ = reference.shape
    reasons = {
        name: f"the image is {width}x{height}, both sides must be at least {recipe.smallest}"
        for name, recipe in recipes.items()
        if min(height, width) < recipe.smallest
    }
    reasons |= {name: f"skipped: {why}" for name, recipe in recipes.items() if (why := skip(recipe))}
    values: dict[str, float] = {}
    for function, names in _calls(recipes, reasons, engine).items():
        values |= load(function)(reference, image, names, threads)
    reasons |= {
        name: recipes[name].empty or "the value is not a number" for name, value in values.items() if math.isnan(value)
    }
    return {name: float(values[name]) for name in recipes if name in values and name not in reasons}, reasons


@cache
def skip(recipe: Recipe) -> str | None:
    """Why a metric can't be computed here, or None. It is asked once in a process."""
    return load(recipe.skip)() if recipe.skip else None


def versions(recipes: Iterable[Recipe]) -> str:
    """The programs that compute the metrics and their versions, each once, joined with `; `."""
    asked = dict.fromkeys(recipe.versions for recipe in recipes if recipe.versions and not skip(recipe))
    return "; ".join(dict.fromkeys(load(name)() for name in asked))


@cache
def load(name: str) -> Callable:
    """The function `package.module:function`. Raises ValueError for another form."""
    module, colon, function = name.partition(":")
    if not colon:
        raise ValueError(f"a function is named package.module:function; found {name!r}")
    return getattr(importlib.import_module(module), function)


def _calls(recipes: Mapping[str, Recipe], without: Iterable[str], engine: str) -> dict[str, list[str]]:
    """The functions to call, each with its metrics."""
    calls: dict[str, list[str]] = {}
    for name, recipe in recipes.items():
        if name not in without:
            calls.setdefault(recipe.function(engine), []).append(name)
    return calls


def _check(reference: np.ndarray, image: np.ndarray, engine: str) -> None:
    if engine not in ENGINES:
        raise StudyError(f"engine {engine!r} of the metrics is unknown; {allowed(engine, ENGINES)}")
    for what, rgb in (("reference", reference), ("image", image)):
        if rgb.dtype != "uint8" or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
            raise StudyError(f"the {what} to score must be uint8 [H, W, 3]; found {rgb.dtype} {list(rgb.shape)}")
    if reference.shape != image.shape:
        sizes = [f"{rgb.shape[1]}x{rgb.shape[0]}" for rgb in (reference, image)]
        raise StudyError(f"the reference is {sizes[0]}, the image {sizes[1]}; only images of one size can be compared")
