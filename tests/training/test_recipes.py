"""The recipes of the bundled codecs: complete, without circles, and of the networks that the catalogue says."""

import argparse
import dataclasses
import json
import subprocess
import sys

import pytest
import yaml

from study.core import paths
from study.core.errors import StudyError
from study.planning import entries
from study.training import loop, recipes

ALL = recipes.load()


def recipe(name, quality):
    """The Recipe that scripts/train.py makes of the options."""
    parser = argparse.ArgumentParser()
    for key, field in loop.Recipe.__dataclass_fields__.items():
        kind = {"n": json.loads, "h": json.loads, "model": str, "metric": str, "precision": str, "init": str}.get(key)
        default = None if field.default is field.default_factory else field.default
        parser.add_argument(
            f"--{key}",
            type=kind or (int if isinstance(field.default, int) or key in ("m", "steps") else float),
            default=default,
        )
    parser.add_argument("--start")
    given = vars(
        parser.parse_args(
            [word for key, value in recipes.options(ALL, name, quality).items() for word in (f"--{key}", value)]
        )
    )
    assert (given.pop("start") is None) == (recipes.start(ALL, name, quality) == [])
    return loop.Recipe(**given)


def test_files_of_weights_are_known_by_their_training():
    known = ("tiny-b2018-gdn-48", "2")
    assert recipes.of_weights(ALL, "models/tiny-b2018-gdn-48/2.safetensors") == known
    assert recipes.of_weights(ALL, "results/training/tiny-b2018-gdn-48/2.safetensors") == known
    for other in (None, "models/tiny-b2018-gdn-48/9.safetensors", "elsewhere/tiny-b2018-gdn-48/2.safetensors"):
        assert recipes.of_weights(ALL, other) is None


def test_the_first_training_of_a_chain_decides_how_channels_are_ordered():
    shared = {"model": "bmshj2018-factorized", "metric": "mse", "n": 32, "m": 48}
    training = {"lam": 0.01, "steps": 10}
    known = {
        "a": recipes.recipe("a", {**shared, "qualities": {1: training, 2: {**training, "init": "random"}}}),
        "b": recipes.recipe("b", {**shared, "qualities": {q: {**training, "start": f"a/{q}"} for q in (1, 2)}}),
        "c": recipes.recipe("c", {**shared, "model": "cheng2020-anchor", "qualities": {1: training}}),
    }
    assert recipes.from_components(known, "b", 1) and not recipes.from_components(known, "b", 2)
    assert not recipes.from_components(known, "c", 1)


@pytest.mark.parametrize("name", ALL)
def test_every_recipe_is_valid_and_ends_in_photos(name):
    lams = []
    for quality in ALL[name].qualities:
        one = recipe(name, quality)
        lams.append(one.lam)
        first = recipes.chain(ALL, name, quality)[0]
        assert recipes.start(ALL, *first.rsplit("/", 1)) == []
    assert lams == sorted(lams)
    trained_for = name.removesuffix("-first").rsplit("-", 1)[1]
    assert ALL[name].model in name and ALL[name].metric in (trained_for, "mse", "perceptual")


def test_bundled_codecs_have_recipes_of_their_network():
    for name, entry in entries.codecs().items():
        if str(entry.settings.get("weights", "")).startswith("models/"):
            for key in ("model", "metric", "n", "m", "h"):
                assert getattr(ALL[name], key) == entry.settings.get(key), (name, key)
            for quality in entry.qualities:
                assert recipes.made(ALL, name, quality, str(paths.ROOT / "models")), (name, quality)


def test_what_is_to_be_trained_is_listed_after_what_it_starts_from(tmp_path):
    script = paths.ROOT / "tools" / "train_zoo.py"
    name = "tiny-bmshj2018-hyperprior-mse"
    command = [sys.executable, script, "--photos", "none", "--folder", tmp_path, "--list", f"{name}/1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == recipes.chain(ALL, name, 1) and len(done.stdout.split()) > 1


def test_nothing_of_the_catalogue_is_to_be_trained_nor_what_it_once_started_from():
    script = paths.ROOT / "tools" / "train_zoo.py"
    for names in ([], ["tiny-bmshj2018-hyperprior-mse"], ["tiny-mbt2018/3"]):
        command = [sys.executable, script, "--photos", "none", "--list", *names]
        assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=paths.ROOT).stdout == ""


def test_a_file_of_another_recipe_is_not_taken_for_made(tmp_path):
    from safetensors.torch import save_file

    content = {
        "a": {"model": "b2018-gdn", "metric": "mse", "n": [1, 2, 3], "m": 4, "qualities": {1: {"lam": 0.5, "steps": 5}}}
    }
    content = {name: recipes.recipe(name, data) for name, data in content.items()}
    said = {
        "model": "b2018-gdn",
        "metric": "mse",
        "n": "[1, 2, 3]",
        "m": "4",
        "lam": "0.5",
        "steps": "5",
        "start": "none",
    }
    assert not recipes.made(content, "a", 1, str(tmp_path))
    (tmp_path / "a").mkdir()
    save_file({}, tmp_path / "a" / "1.safetensors", metadata=said)
    assert recipes.made(content, "a", 1, str(tmp_path))
    whole = {"a": dataclasses.replace(content["a"], qualities={"1": recipes.Quality(lam=4, steps=5)})}
    save_file({}, tmp_path / "a" / "1.safetensors", metadata=said | {"lam": "4.0"})
    assert recipes.made(whole, "a", 1, str(tmp_path))
    for key, other in (("steps", "6"), ("lam", "0.25"), ("start", "a/2"), ("n", "[1, 2, 4]")):
        save_file({}, tmp_path / "a" / "1.safetensors", metadata=said | {key: other})
        assert not recipes.made(content, "a", 1, str(tmp_path)), key


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content["a"].update(lamda=1), "'lamda' is unknown"),
        (lambda content: content["a"]["qualities"][1].update(steps_=1), "did you mean 'steps'"),
        (lambda content: content["a"]["qualities"][1].update(start="b/1"), "recipe 'b' is unknown"),
        (lambda content: content["a"]["qualities"][1].update(start="a/7"), "no quality 7"),
    ],
)
def test_mistakes_are_named(tmp_path, change, message):
    content = {"a": {"model": "b2018-gdn", "metric": "mse", "n": 4, "m": 4, "qualities": {1: {"lam": 1.0, "steps": 5}}}}
    change(content)
    (tmp_path / "recipes.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(StudyError, match=message):
        recipes.load(tmp_path / "recipes.yaml")


def test_circles_are_named():
    qualities = {"1": recipes.Quality(1.0, 5, start="a/2"), "2": recipes.Quality(2.0, 5, start="a/1")}
    content = {"a": recipes.Recipe("b2018-gdn", "mse", 4, 4, qualities)}
    with pytest.raises(StudyError, match="circle"):
        recipes.chain(content, "a", 1)


def test_a_training_has_the_keys_of_what_trains_it():
    keys = {field.name for kind in (recipes.Recipe, recipes.Quality) for field in dataclasses.fields(kind)}
    assert keys - {"qualities", "start"} == {field.name for field in dataclasses.fields(loop.Recipe)}
