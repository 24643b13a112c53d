"""An opinion test in the workflow: its page, simulated answers, and the tables, figure and page made of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import simulate_opinions
from tiny_study import Study

pytestmark = pytest.mark.study


def test_a_study_has_a_test_and_evaluates_its_answers(study: Study) -> None:
    done = study.run("opinion_test")
    assert done.status == 0, done.output
    folder = study.folder / "results/studies/tiny"
    test = json.loads((folder / "opinions/test.json").read_text())
    assert test["pairs"] and (folder / "opinions/index.html").is_file()
    assert study.plan() == {}  # a study without answers is as it was
    study.config["opinions"] = {"answers": "opinions/made-up", "resamples": 100}
    refused = study.run("-n")
    assert refused.status == 1 and "opinions.answers: 'opinions/made-up': there is no such folder" in refused.output
    answers = study.folder / "opinions/made-up"
    answers.mkdir(parents=True)
    for number in range(3):
        sheet = simulate_opinions.sheet(test, f"observer {number}", {"webp": 2}, np.random.default_rng(number))
        (answers / f"{number}.json").write_text(json.dumps(sheet))
    assert set(study.plan()) == {"opinions", "plot_opinions", "page", "check_cells", "provenance"}
    done = study.run()
    assert done.status == 0, done.output
    scale = (folder / "opinions_scale.csv").read_text().splitlines()
    assert {line.split(",")[2] for line in scale[1:]} == {"jpeg", "webp"}
    assert (folder / "figures/crops/opinions.pdf").is_file()
    page = (folder / "index.html").read_text()
    assert "Simulated observers." in page and "observer 2" in page
    (answers / "3.json").write_text((answers / "0.json").read_text())
    again = study.run("opinions")
    assert again.status == 1
    log = (study.folder / "results/logs/studies/tiny/opinions.log").read_text()
    assert log == "error: 3.json has the same answers as 0.json; remove one of the two\n"
