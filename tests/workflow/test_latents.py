"""The latent laboratory in the workflow: a tiny experiment through every job, its tables, reruns and refusals."""

from __future__ import annotations

import shutil

import pytest

from study.core import readers
from study.core.errors import StudyError
from study.planning import config
from tiny_nets import BUNDLED
from tiny_study import ROOT, Study

HYPER = "tiny-bmshj2018-hyperprior-mse"
EXPERIMENT = {
    "images": ["crops"],
    "codecs": {HYPER: [1]},
    "include": ["report2021"],
    "edits": {"like-suit": {"op": {"replace": "suit"}}, "strong": {"select": {"top": {"k": [1, 4]}}, "op": "negate"}},
    "figures": {"atlas": False, "rate_map": False, "sheet": False},
}
pytestmark = [
    pytest.mark.study,
    pytest.mark.skipif(
        not any(name == HYPER for name, *_ in BUNDLED), reason=f"the weights of {HYPER} are not bundled"
    ),
]


def with_experiment(study: Study, **changed: object) -> Study:
    shutil.copytree(ROOT / "models", study.folder / "models", dirs_exist_ok=True)
    study.config["codecs"] = {HYPER: [1], "jpeg": [10, 30, 60, 90]}
    study.config["latents"] = {"lab": {**EXPERIMENT, **changed}}
    return study


def test_an_experiment_in_the_workflow(study: Study) -> None:
    study = with_experiment(study)
    edits = "results/studies/tiny/latents/lab/edits.csv"
    done = study.run(edits, f"results/bitstreams/crops/{HYPER}/1/encoded.csv")
    assert done.status == 0, done.output
    rows = readers.read_rows(study.folder / edits)
    assert len(rows) == 2 * 2 * (1 + 6 + 1 + 2)
    plain = {
        row["image"]: row for row in readers.read_rows(study.folder / f"results/bitstreams/crops/{HYPER}/1/encoded.csv")
    }
    written = readers.read_rows(study.folder / f"results/edits/tiny/lab/crops/{HYPER}/1/bitstreams/encoded.csv")
    for row in written:
        if row["edit"] == "none":
            assert row["sha256"] == plain[row["source"]]["sha256"]
    cells = {(row["image"], row["edit"], row["value"], row["side_information"]): row for row in rows}
    assert float(cells["face", "x100", "", "keep"]["bpp"]) > float(cells["face", "x100", "", "recompute"]["bpp"]) > 1
    assert "images of equal size" in cells["face", "like-suit", "", "keep"]["reason"]
    assert float(cells["suit", "like-suit", "", "keep"]["delta_bpp"]) == 0
    assert float(cells["face", "strong", "1", "recompute"]["delta_psnr_rgb"]) < -1
    channels = readers.read_rows(study.folder / "results/studies/tiny/latents/lab/channels.csv")
    assert sum(row["site"] == "y" for row in channels) == 2 * 192

    again = study.run("-n", edits)
    assert not again.jobs, again.output
    study.config["latents"]["lab"]["edits"]["other"] = {"op": "negate"}
    jobs = study.run("-n", edits).jobs
    assert set(jobs) == {"latent_edit", "latent_decode", "latent_score", "latent_table", "total"} - {"total"}
    (study.folder / f"results/edits/tiny/lab/crops/{HYPER}/1/bitstreams" / written[0]["file"]).unlink()
    del study.config["latents"]["lab"]["edits"]["other"]
    assert "latent_edit" in study.run("-n", edits).jobs


@pytest.mark.parametrize(
    "changed,words",
    [
        ({"images": ["crips"]}, "the image set 'crips' is unknown; did you mean 'crops'"),
        ({"codecs": {"jpeg": [10]}}, "latents.lab.codecs.jpeg: this codec has no latent to edit"),
        ({"codecs": {"tiny-nothing": [1]}}, "this codec is unknown"),
        ({"include": ["report2022"]}, "did you mean 'report2021'"),
        ({"edits": {"x100": {"op": "zero"}}}, "is there twice"),
        ({"edits": {"none": {"op": "zero"}}}, "taken by the baseline"),
        ({"edits": {"a": {"op": {"scale": float("nan")}}}}, "a finite number"),
        ({"edits": {"a": {"select": {"channels": [192]}, "op": "zero"}}}, "which has 192: 0 to 191"),
        ({"edits": {"a": {"select": {"rows": {"from": 0.5, "to": 1.5}}, "op": "zero"}}}, "from 0.0 to 1.0"),
        ({"edits": {"a": {"op": {"replace": "fase"}}}}, "the image 'fase' is unknown; did you mean 'face'"),
        ({"edits": {"a": {"op": {"project": {"k": 2, "of": "nowhere"}}}}}, "the image set 'nowhere' is unknown"),
        ({"edits": {"a b": {"op": "zero"}}}, "matches"),
        ({"edits": {"a": {"op": "zero", "sight": "y"}}}, "sight"),
        ({"figures": {"attribution": "channel"}}, "the edit 'channel' is unknown"),
        ({"side_information": ["discard"]}, "recompute, keep"),
    ],
)
def test_nonsense_is_refused_before_any_job(study: Study, changed: dict, words: str) -> None:
    study = with_experiment(study, **changed)
    given = {**study.config, "define": {"images": {"crops": {"folder": str(study.folder / "photos")}}}}
    with pytest.raises(StudyError) as caught:
        config.checked(given)
    assert words in str(caught.value)


def test_a_factorized_prior_has_no_z(study: Study) -> None:
    study = with_experiment(
        study, codecs={"tiny-bmshj2018-factorized-mse": [1]}, edits={"side": {"site": "z", "op": "zero"}}
    )
    given = {**study.config, "define": {"images": {"crops": {"folder": str(study.folder / "photos")}}}}
    with pytest.raises(StudyError, match="this codec has no hyperprior"):
        config.checked(given)
