"""Measure what the bundled codecs took to train: CPU seconds of a step of each training, and core-hours of all.

A step is timed on one thread, in the mean of 20 after 10 others, on photos of scikit-image: its time doesn't depend on
what the weights start from or on what the crops show. Starts are counted with the codec whose training they are. Of a
training against a discriminator, steps before and after that joins are timed apart.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import provenance
from study.core import errors, paths
from study.training import crops, loop, recipes, trainers

UNTIMED, TIMED = 10, 20  # steps; the optimiser renews its preconditioner every tenth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID", help="ids of models/recipes.yaml (default: all)")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    known, images, timed, whole = recipes.load(), photos(), {}, 0.0
    print("| id | trainings | steps | CPU s of a step | core-hours |\n| --- | ---: | ---: | ---: | ---: |", flush=True)
    for name in arguments.ids or known:
        seconds, steps = [], []
        for quality in recipes.entry_qualities(known, name):
            steps.append(recipes.entry(known, name, quality).steps)
            seconds.append(mean_step(known, name, quality, images, timed))
        hours = float(np.dot(steps, seconds)) / 3600
        whole += hours
        of_step = " to ".join(dict.fromkeys(f"{value:.2f}" for value in (min(seconds), max(seconds))))
        print(f"| `{name}` | {len(steps)} | {sum(steps)} | {of_step} | {hours:.1f} |", flush=True)
    facts = provenance.machine()
    print(f"\nIn all {whole:.1f} core-hours. {facts['processor']}, one thread, PyTorch {torch.__version__}.")


def photos() -> list[np.ndarray]:
    """Photos of scikit-image, uint8 [H, W, 3]."""
    import skimage.data

    return [np.asarray(getattr(skimage.data, name)())[..., :3] for name in ("astronaut", "coffee", "chelsea")]


def mean_step(
    known: Mapping[str, recipes.Recipe], name: str, quality: str, images: list[np.ndarray], timed: dict
) -> float:
    """CPU seconds of a step of a training, in the mean of all its steps; `timed` keeps what is measured by its kind."""
    recipe = own_recipe(known, name, quality)
    if recipe.metric != "perceptual":
        return kept(timed, recipe, images, None)
    start = paths.ROOT / recipes.start(known, name, quality, "models")[0]
    before, after = (kept(timed, replace(recipe, pretraining=share), images, start) for share in (1.0, 0.0))
    return recipe.pretraining * before + (1 - recipe.pretraining) * after


def own_recipe(known: Mapping[str, recipes.Recipe], name: str, quality: str) -> loop.Recipe:
    """The recipe of one training with all that its id shares."""
    options = recipes.options(known, name, quality, "models")
    texts = ("model", "metric", "precision", "init")
    values = {key: text if key in texts else json.loads(text) for key, text in options.items() if key != "start"}
    return loop.Recipe(**{"h": None} | values | {"init": "random"})


def kept(timed: dict, recipe: loop.Recipe, images: list[np.ndarray], start: Path | None) -> float:
    """CPU seconds of a step by its kind: the network, the metric, the batch."""
    widths = (recipe.model, str(recipe.n), recipe.m, str(recipe.h))
    kind = (*widths, recipe.metric, recipe.batch, recipe.crop, recipe.precision, recipe.pretraining)
    if kind not in timed:
        timed[kind] = step_seconds(recipe, images, start)
    return timed[kind]


def step_seconds(recipe: loop.Recipe, images: list[np.ndarray], start: Path | None) -> float:
    """CPU seconds of a step of a recipe, in the mean of `TIMED`: from one step's asking for its crops to another's."""
    asked, given = [], crops.Crops.batch

    def noted(self: crops.Crops, step: int, count: int) -> np.ndarray:
        asked.append(time.process_time())
        return given(self, step, count)

    trainer = trainers.of_metric(recipe.metric)
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(crops.Crops, "batch", noted):
        whole = crops.Crops(images, recipe.crop, recipe.seed)
        trainer.train(recipe, whole, Path(folder) / "checkpoint", start, stop=UNTIMED + TIMED + 1)
    return (asked[-1] - asked[-1 - TIMED]) / TIMED


if __name__ == "__main__":
    errors.guarded(main)
