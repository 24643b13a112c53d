"""The recipes of trained codecs (`models/recipes.yaml`): the files they need, the options of `scripts/train.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from study.codecs.compressai import architectures
from study.core import paths, readers, results
from study.core.errors import StudyError, allowed

FILE = paths.ROOT / "models" / "recipes.yaml"
FOLDER = results.training("").rstrip("/")
SHARED = ("model", "metric", "n", "m", "h", "crop", "batch")
OWN = ("lam", "steps", "batch", "crop", "lr", "warmup", "decay", "seed", "precision", "init")


def load(path: Path = FILE) -> dict[str, dict]:
    """Every recipe by id. Raises StudyError for a key that is none, and for a start that isn't there."""
    recipes = readers.read_yaml(path, numeric_keys=True)  # qualities
    for name, recipe in recipes.items():
        for key in recipe:
            if key not in (*SHARED, "qualities"):
                raise StudyError(f"recipe {name}: {key!r} is unknown; {allowed(key, (*SHARED, 'qualities'))}")
        for quality, own in recipe["qualities"].items():
            for key in own:
                if key not in (*OWN, "start"):
                    raise StudyError(f"recipe {name}/{quality}: {key!r} is unknown; {allowed(key, (*OWN, 'start'))}")
            if "start" in own:
                entry(recipes, *own["start"].rsplit("/", 1))
    return recipes


def entry(recipes: Mapping[str, dict], name: str, quality: str | int) -> dict:
    """The keys of one training: those of its id, under those of its quality. Raises StudyError for an unknown one."""
    if name not in recipes:
        raise StudyError(f"recipe {name!r} is unknown; {allowed(name, recipes)}")
    qualities = {str(key): own for key, own in recipes[name]["qualities"].items()}
    if str(quality) not in qualities:
        raise StudyError(f"recipe {name} has no quality {quality}; {allowed(quality, qualities)}")
    shared = {key: value for key, value in recipes[name].items() if key != "qualities"}
    return {**shared, **qualities[str(quality)]}


def entry_qualities(recipes: Mapping[str, dict], name: str) -> list[str]:
    """The qualities of a recipe, as text. Raises StudyError for an unknown one."""
    if name not in recipes:
        raise StudyError(f"recipe {name!r} is unknown; {allowed(name, recipes)}")
    return [str(quality) for quality in recipes[name]["qualities"]]


def weights(name: str, quality: str | int, folder: str = FOLDER) -> str:
    """Where the weights of a training are put."""
    return f"{folder}/{name}/{quality}.safetensors"


def start(recipes: Mapping[str, dict], name: str, quality: str | int, folder: str = FOLDER) -> list[str]:
    """The file that a training starts from, in a list; empty for one that starts from the photos."""
    found = entry(recipes, name, quality).get("start")
    return [weights(*found.rsplit("/", 1), folder)] if found else []


def options(recipes: Mapping[str, dict], name: str, quality: str | int, folder: str = FOLDER) -> dict[str, str]:
    """The options of `scripts/train.py` that say what is trained and how: their values, as text, by name."""
    keys = {key: value for key, value in entry(recipes, name, quality).items() if key != "start"}
    words = {key: value if isinstance(value, str) else json.dumps(value) for key, value in keys.items()}
    before = start(recipes, name, quality, folder)
    return words | ({"start": before[0]} if before else {})


def made(recipes: Mapping[str, dict], name: str, quality: str | int, folder: str) -> bool:
    """Whether the weights in `folder` are there and were trained by this recipe, as the file itself says."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights(name, quality, folder), "pt") as file:
            said = architectures.said_by(file.metadata())
    except (OSError, SafetensorError):
        return False
    wanted = {key: value for key, value in entry(recipes, name, quality).items() if key != "start"}
    same = all(_same(said.get(key), value) for key, value in wanted.items())
    before = start(recipes, name, quality, folder)
    return same and said.get("start") == (f"{Path(before[0]).parent.name}/{Path(before[0]).stem}" if before else "none")


def chain(recipes: Mapping[str, dict], name: str, quality: str | int) -> list[str]:
    """The trainings that one needs, itself last, as id/quality. Raises StudyError for a circle."""
    found = [f"{name}/{quality}"]
    while before := entry(recipes, *found[0].rsplit("/", 1)).get("start"):
        if before in found:
            raise StudyError(f"recipe {name}/{quality}: its starts go round in a circle: {' <- '.join(found)}")
        found.insert(0, before)
    return found


def _same(said: str | None, value: object) -> bool:
    if said is None or isinstance(value, bool) or not isinstance(value, int | float):
        return said == str(value)
    try:
        return float(said) == value
    except ValueError:
        return False
