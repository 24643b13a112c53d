"""The cost of trainings: steps times what one takes, of every recipe, with the discriminator's share of a GAN's."""

from __future__ import annotations

import sys

import pytest

import training_cost
from study.training import recipes


def test_core_hours_are_steps_times_seconds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    seen = []

    def step_seconds(recipe, images, start):
        seen.append((recipe.model, start is None))
        return 0.5 if recipe.metric == "perceptual" and recipe.pretraining == 0 else 0.25

    monkeypatch.setattr(training_cost, "step_seconds", step_seconds)
    monkeypatch.setattr(sys, "argv", ["training_cost.py", "tiny-cae", "tiny-hific"])
    training_cost.main()
    known = recipes.load()
    steps = {name: sum(one.steps for one in known[name].qualities.values()) for name in ("tiny-cae", "tiny-hific")}
    share = training_cost.own_recipe(known, "tiny-hific", "lo").pretraining
    of_gan = 0.25 * share + 0.5 * (1 - share)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `tiny-cae` | 4 | {steps['tiny-cae']} | 0.25 | {steps['tiny-cae'] * 0.25 / 3600:.1f} |",
        f"| `tiny-hific` | 3 | {steps['tiny-hific']} | {of_gan:.2f} | {steps['tiny-hific'] * of_gan / 3600:.1f} |",
    ]
    assert seen.count(("hific", False)) == 2 and ("cae", True) in seen, "each kind is timed once; a GAN has its start"


def test_every_recipe_can_be_timed() -> None:
    known = recipes.load()
    for name in known:
        for quality in recipes.entry_qualities(known, name):
            own = training_cost.own_recipe(known, name, quality)
            assert (own.model, own.metric, own.lam) == (known[name].model, known[name].metric,
                                                        recipes.entry(known, name, quality).lam)  # fmt: skip


def test_a_step_is_timed_where_it_asks_for_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    """The untimed steps don't count: here they take long."""
    clock = iter([10.0 * step for step in range(11)] + [100 + 0.5 * step for step in range(1, 21)])
    monkeypatch.setattr(training_cost.time, "process_time", lambda: next(clock))

    def train(recipe, crops, checkpoint, start, stop):
        for step in range(stop):
            assert crops.batch(step, 2).shape == (2, 64, 64, 3)

    monkeypatch.setattr(training_cost.loop, "train", train)
    recipe = training_cost.own_recipe(recipes.load(), "tiny-cae", "3")
    small = training_cost.replace(recipe, crop=64)
    assert training_cost.step_seconds(small, training_cost.photos(), None) == pytest.approx(0.5)
