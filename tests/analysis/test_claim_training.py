"""Verdicts on trained codecs name their budgets and seeds."""

from __future__ import annotations

import pytest

from study.analysis import claim_training
from study.analysis.claim_training import Trained
from study.core import paths, readers
from study.planning import config, payloads
from study.planning.cells import Plan

KNOWN = {
    "a": Trained([100.0, 200.0], [1]),
    "b": Trained([105.0, 190.0], [1]),
    "c": Trained([50.0, 200.0], [2, 3]),
}


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("a", "b")], "100 to 200 against 105 to 190 megapixels (equal budgets); one seed."),
        ([("a", "b"), ("c", "b")], "50 to 200 against 105 to 190 megapixels (unequal budgets); 3 seeds."),
        ([("a", "jpeg")], "starts included: 100 to 200 megapixels; one seed."),
    ],
)
def test_budgets_of_both_sides_are_told(pairs: list[tuple[str, str]], words: str) -> None:
    sentence = claim_training.describe(pairs, KNOWN)
    assert words in sentence and sentence.endswith("about these models, not about their architectures.")


def test_codecs_that_nobody_trained_here_have_none() -> None:
    assert claim_training.describe([("webp", "jpeg")], KNOWN) == ""


def test_the_kodak_studys_plan_has_the_budgets_of_every_bundled_codec_and_of_no_other() -> None:
    made = payloads.claims(Plan(config.checked(readers.read_yaml(paths.ROOT / "studies/kodak.yaml"))))
    assert set(made.trained) == {name for name, kind in made.weights.items() if kind == "bundled"}
    assert made.trained["tiny-bmshj2018-hyperprior-mse"].seeds == [1]
    (claim,) = (claim for claim in made.claims if claim.claim == "report2021-3")
    pairs = [(pair[0], pair[1]) for part in claim.parts for pair in part.pairs]
    assert "unequal budgets" in claim_training.describe(pairs, made.trained)
