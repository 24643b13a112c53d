"""Which figures of an experiment are planned, under which names, and what they depend on."""

import json
from pathlib import Path

import pytest

from latent_records import EDITS
from study.core import paths
from study.figures.latents import drawing
from study.figures.latents import names as figure_names
from study.metrics import registry as metric_registry
from study.planning import cells as planning_cells
from study.planning import config
from study.planning.latents import figure_choice
from study.planning.latents import figures as latent_figures

ROOT = paths.ROOT


def _plan(study=(), **experiment):
    told = {
        "study": "t",
        "images": ["photos"],
        "codecs": {"tiny-bmshj2018-hyperprior-mse": [1, 3], "jpeg": [10], **dict(study)},
        "metrics": list(metric_registry.REGISTRY),
        "latents": {
            "lab": {
                "images": ["photos"],
                "codecs": {"tiny-bmshj2018-hyperprior-mse": [2, 3]},
                "edits": {
                    "strongest": EDITS["strongest"],
                    "roll": EDITS["roll"],
                    "to": {"op": {"interpolate": {"image": "coffee", "t": [0.5]}}},
                },
                "figures": experiment,
            }
        },
    }
    return planning_cells.Plan(config.checked(told, "t.yaml"))


def test_figures_depend_on_no_more_than_they_need():
    few = _plan(sheet=False)
    job = latent_figures.jobs(few)[1]
    assert latent_figures.inputs(few, job) == [
        "results/images/photos/images.csv",
        "results/latents/photos/tiny-bmshj2018-hyperprior-mse/3/latents.csv",
    ]
    whole = _plan(progressive="strongest", report=True, impulse=True)
    inputs = latent_figures.inputs(whole, job)
    assert "results/scores/photos/tiny-bmshj2018-hyperprior-mse/1/cheap.csv" in inputs
    assert "results/edits/t/lab/photos/tiny-bmshj2018-hyperprior-mse/2/scores.csv" in inputs
    assert "references/epfl2021.csv" in inputs
    assert not any("jpeg" in path for path in inputs)
    assert all(not Path(path).is_absolute() for path in inputs)
    more = _plan({"webp": [5]}, progressive="strongest", report=True, impulse=True)
    assert latent_figures.inputs(more, job) == inputs
    assert latent_figures.option(more, job) == latent_figures.option(whole, job)
    assert str(ROOT) not in latent_figures.option(whole, job)


def test_names_are_known_before_the_run():
    drawn = _plan(interpolation=["to"], equivariance=["roll"], atlas=False, rate_map=False, sheet=False)
    job = latent_figures.jobs(drawn)[0]
    stems = [named.stem for named in latent_figures.drawn(drawn, job)]
    assert "interpolation-coffee-to" in stems and "equivariance-coffee" in stems and len(stems) == 10
    assert json.loads(latent_figures.option(drawn, job))["others"] == {"photos": ["photos"]}
    none = _plan(atlas=False, rate_map=False, sheet=False)
    assert latent_figures.jobs(none) == []


@pytest.mark.parametrize(
    ("figure", "edit", "fits"),
    [
        ("attribution", "strongest", "channel"),
        ("progressive", "channel", "strongest"),
        ("interpolation", ["roll"], ["blend"]),
        ("equivariance", ["roll", "blend"], ["roll", "turned"]),
    ],
)
def test_a_figure_of_an_edit_that_doesnt_fit_is_refused(figure, edit, fits):
    (problem,) = figure_choice.problems("latents.lab", {"edits": EDITS, "figures": {figure: edit}})
    assert problem.startswith(f"latents.lab.figures.{figure}: found") and "allowed: " in problem
    assert not list(figure_choice.problems("latents.lab", {"edits": EDITS, "figures": {figure: fits}}))


def test_every_figure_has_a_caption_and_a_title():
    schema = figure_names
    for figure in (*schema.PICTURED, *schema.DRAWN):
        assert (ROOT / f"rules/report/latent_{figure}.rst").is_file()
        assert drawing.KINDS[figure].TITLE
