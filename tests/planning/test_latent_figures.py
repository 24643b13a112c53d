"""Which figures of an experiment are planned, under which names, and what they depend on."""

import json
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest

from latent_records import EDITS
from study.core import paths, typed
from study.figures.latents import drawing
from study.figures.latents import names as figure_names
from study.figures.latents.names import FigureChoice
from study.latents import edits
from study.metrics import registry as metric_registry
from study.planning import cells as planning_cells
from study.planning import config
from study.planning.latents import figure_choice
from study.planning.latents import figures as latent_figures
from study.planning.study import Experiment

ROOT = paths.ROOT


def _plan(study=(), **experiment):
    written = {
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
    return planning_cells.Plan(config.checked(written, "t.yaml"))


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
    assert latent_figures.tables(whole, job) == ["references/epfl2021.csv"] and latent_figures.tables(few, job) == []
    assert not any("jpeg" in path for path in inputs)
    assert all(not Path(path).is_absolute() for path in inputs)
    more = _plan({"webp": [5]}, progressive="strongest", report=True, impulse=True)
    assert latent_figures.inputs(more, job) == inputs
    assert latent_figures.payload(more, job) == latent_figures.payload(whole, job)
    assert str(ROOT) not in json.dumps(typed.plain(latent_figures.payload(whole, job)))


def test_a_job_is_known_by_its_path():
    drawn = _plan(interpolation=["to"], equivariance=["roll"], atlas=False, rate_map=False, sheet=False)
    job = latent_figures.jobs(drawn)[0]
    assert latent_figures.job(drawn, job.experiment, job.part, job.codec, job.quality) == job
    assert latent_figures.payload(drawn, job)["others"] == {"photos": ["photos"]}
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
    def experiment(chosen):
        return Experiment(["photos"], {}, edits=edits.all_parsed(EDITS), figures=FigureChoice(**{figure: chosen}))

    (problem,) = figure_choice.problems("latents.lab", experiment(edit))
    assert problem.startswith(f"latents.lab.figures.{figure}: found") and "allowed: " in problem
    assert not list(figure_choice.problems("latents.lab", experiment(fits)))


def test_every_figure_has_a_caption_and_a_title():
    caption = jinja2.Template((ROOT / "rules/report/latent_figures.rst").read_text())
    for figure in (*figure_names.OF_LATENTS, *figure_names.OF_EDITS):
        words = caption.render(snakemake=SimpleNamespace(wildcards=SimpleNamespace(figure=figure)))
        assert words.endswith(".") and len(words) > 80
        assert drawing.KINDS[figure].TITLE
