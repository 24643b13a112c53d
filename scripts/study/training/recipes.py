"""The recipes of trained codecs (`models/recipes.yaml`): the files they need, the options of `scripts/train.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.codecs.compressai import architectures
from study.core import paths, readers, results, typed
from study.core.errors import StudyError, allowed
from study.training import defaults

FILE = paths.ROOT / "models" / "recipes.yaml"
FOLDER = results.training("").rstrip("/")
BUNDLED = "models"


@dataclass(frozen=True)
class Quality:
    """One training: `lam`, the weight of the distortion, `steps`, and where it differs from `loop.Recipe`'s defaults.

    `start`: id/quality of the training whose weights it starts from; without it, it starts from the photos.
    """

    lam: float
    steps: int
    start: str | None = None
    batch: int | None = None
    crop: int | None = None
    lr: float | None = None
    warmup: int | None = None
    decay: float | None = None
    seed: int | None = None
    precision: str | None = None
    init: str | None = None
    average: float | None = None


@dataclass(frozen=True)
class Recipe:
    """The trainings of one codec by quality, and what they share: the network (see `architectures.build`), the metric.

    What a quality says itself comes before what stands here.
    """

    model: str
    metric: str
    n: int | list[int]
    m: int
    qualities: dict[str, Quality]
    h: int | list[int] | None = None
    crop: int | None = None
    batch: int | None = None
    seed: int | None = None
    precision: str | None = None
    lpips: float | None = None
    adversarial: float | None = None
    pretraining: float | None = None
    pattern: float | None = None


def load(path: Path = FILE) -> dict[str, Recipe]:
    """Every recipe by id. Raises StudyError for a key that is none or missing, and for a start that isn't there."""
    recipes = {name: recipe(name, data) for name, data in readers.read_yaml(path, numeric_keys=True).items()}
    for trainings in recipes.values():
        for training in trainings.qualities.values():
            if training.start is not None:
                entry(recipes, *training.start.rsplit("/", 1))
    return recipes


def recipe(name: str, data: Mapping[str, Any]) -> Recipe:
    """The recipe that the keys of an id mean; qualities may be numbers. Raises StudyError for keys that are none."""
    qualities = {str(quality): own for quality, own in data.get("qualities", {}).items()}
    return typed.built(Recipe, {**data, "qualities": qualities}, f"recipe {name}")


def entry(recipes: Mapping[str, Recipe], name: str, quality: str | int) -> Quality:
    """One training. Raises StudyError for an unknown one."""
    if name not in recipes:
        raise StudyError(f"recipe {name!r} is unknown; {allowed(name, recipes)}")
    qualities = recipes[name].qualities
    if str(quality) not in qualities:
        raise StudyError(f"recipe {name} has no quality {quality}; {allowed(quality, qualities)}")
    return qualities[str(quality)]


def entry_qualities(recipes: Mapping[str, Recipe], name: str) -> list[str]:
    """The qualities of a recipe, as text. Raises StudyError for an unknown one."""
    if name not in recipes:
        raise StudyError(f"recipe {name!r} is unknown; {allowed(name, recipes)}")
    return list(recipes[name].qualities)


def weights(name: str, quality: str | int, folder: str = FOLDER) -> str:
    """Where the weights of a training are put."""
    return f"{folder}/{name}/{quality}.safetensors"


def of_weights(recipes: Mapping[str, Recipe], path: str | None) -> tuple[str, str] | None:
    """The id and quality of the training that makes a file of weights, bundled or trained here; None for any other."""
    folder, _, name = str(path or "").rpartition("/")
    training, quality = Path(folder).name, Path(name).stem
    ours = path in (weights(training, quality, BUNDLED), weights(training, quality))
    known = ours and training in recipes and quality in recipes[training].qualities
    return (training, quality) if known else None


def from_components(recipes: Mapping[str, Recipe], name: str, quality: str | int) -> bool:
    """Whether a training, or the first of those that it starts from, began with the photos' principal components."""
    first, first_quality = chain(recipes, name, quality)[0].rsplit("/", 1)
    init = entry(recipes, first, first_quality).init or defaults.INIT
    return init == defaults.INIT and recipes[first].model in architectures.SLICED


def start(recipes: Mapping[str, Recipe], name: str, quality: str | int, folder: str = FOLDER) -> list[str]:
    """The file that a training starts from, in a list; empty for one that starts from the photos."""
    before = entry(recipes, name, quality).start
    return [weights(*before.rsplit("/", 1), folder)] if before else []


def options(recipes: Mapping[str, Recipe], name: str, quality: str | int, folder: str = FOLDER) -> dict[str, str]:
    """The options of `scripts/train.py` that say what is trained and how: their values, as text, by name."""
    settings = _settings(recipes, name, quality)
    words = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    before = start(recipes, name, quality, folder)
    return words | ({"start": before[0]} if before else {})


def made(recipes: Mapping[str, Recipe], name: str, quality: str | int, folder: str) -> bool:
    """Whether the weights in `folder` are there and were trained by this recipe, as the file itself says."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights(name, quality, folder), "pt") as file:
            trained = architectures.from_metadata(file.metadata())
    except (OSError, SafetensorError):
        return False
    same = all(_same(trained.get(key), value) for key, value in _settings(recipes, name, quality).items())
    before = start(recipes, name, quality, folder)
    origin = f"{Path(before[0]).parent.name}/{Path(before[0]).stem}" if before else "none"
    return same and trained.get("start") == origin


def chain(recipes: Mapping[str, Recipe], name: str, quality: str | int) -> list[str]:
    """The trainings that one needs, itself last, as id/quality. Raises StudyError for a circle."""
    trainings = [f"{name}/{quality}"]
    while before := entry(recipes, *trainings[0].rsplit("/", 1)).start:
        if before in trainings:
            raise StudyError(f"recipe {name}/{quality}: its starts go round in a circle: {' <- '.join(trainings)}")
        trainings.insert(0, before)
    return trainings


def _settings(recipes: Mapping[str, Recipe], name: str, quality: str | int) -> dict[str, Any]:
    """What is set of a training, by the names of `loop.Recipe`: what its id shares, under its own; not the start."""
    own = typed.plain(entry(recipes, name, quality))
    shared = typed.plain(recipes[name])
    return {key: value for key, value in {**shared, **own}.items() if key not in ("qualities", "start")}


def _same(text: str | None, value: object) -> bool:
    """Whether a file of weights says of a key what the recipe does; numbers are compared as numbers."""
    if text is None or isinstance(value, bool) or not isinstance(value, int | float):
        return text == str(value)
    try:
        return float(text) == value
    except ValueError:
        return False
