"""A training's budget is counted by its recipe, and with all that it started from."""

from __future__ import annotations

import pytest

from study.core.errors import StudyError
from study.training import budgets, recipes

SHARED = {"model": "bmshj2018-factorized", "metric": "mse", "n": 32, "m": 48}
KNOWN = {
    "first": recipes.recipe("first", {**SHARED, "qualities": {1: {"lam": 0.01, "steps": 100}}}),
    "second": recipes.recipe(
        "second",
        {
            **SHARED,
            "crop": 192,
            "batch": 4,
            "qualities": {
                1: {"lam": 0.01, "steps": 10, "start": "first/1"},
                2: {"lam": 0.02, "steps": 5, "start": "second/1", "crop": 64, "seed": 0},
            },
        },
    ),
}


def test_what_a_recipe_leaves_out_is_the_trainers_default() -> None:
    seen = budgets.budget(KNOWN, "first", 1)
    assert (seen.steps, seen.crops, seen.side, seen.seed) == (100, 800, 128, 1)
    assert seen.pixels == seen.pixels_with_starts == 800 * 128**2


def test_a_quality_comes_before_what_its_recipe_shares_and_starts_are_added() -> None:
    assert budgets.budget(KNOWN, "second", "1").crops == 40 and budgets.budget(KNOWN, "second", 1).side == 192
    seen = budgets.budget(KNOWN, "second", 2)
    assert (seen.crops, seen.side, seen.seed) == (20, 64, 0)
    assert seen.pixels_with_starts == 800 * 128**2 + 40 * 192**2 + 20 * 64**2


def test_an_unknown_training_is_told() -> None:
    with pytest.raises(StudyError, match="no quality 9"):
        budgets.budget(KNOWN, "first", 9)
