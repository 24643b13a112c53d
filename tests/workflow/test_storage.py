"""Runs without a shared file system: the results in a storage, and jobs that have nothing but what they declare."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tiny_study import ROOT, Run, Study, environment, make_study

pytestmark = pytest.mark.study

PLUGINS = ROOT / "tests/support/plugins"
KEYS = ("--storage-s3-access-key", "key", "--storage-s3-secret-key", "secret")
HYPER = "tiny-bmshj2018-hyperprior-mse"
CELL = f"crops/{HYPER}/1"
STAMP = ".snakemake_timestamp"  # Snakemake writes one into each folder that it stores


def _small(folder: Path) -> Study:
    """The tiny study with two cells, in a repository of git, whose files Snakemake deploys."""
    study = make_study(folder)
    study.config["codecs"] = {"jpeg": [30], "webp": [30]}
    return _deployed(study)


def _with_latents(folder: Path) -> Study:
    """The tiny study with an experiment on latents, in such a repository."""
    study = make_study(folder)
    study.config["codecs"] = {"jpeg": [30]}
    edits = {"like-suit": {"op": {"replace": "suit"}}, "negative": {"op": "negate"}}
    figures = {"atlas": False, "rate_map": False, "impulse": True}
    study.config["latents"] = {"lab": {"images": ["crops"], "codecs": {HYPER: [1]}, "edits": edits, "figures": figures}}
    shutil.copytree(ROOT / "models" / HYPER, folder / "models" / HYPER)
    shutil.copy(ROOT / "models/recipes.yaml", folder / "models")
    return _deployed(study)


def _deployed(study: Study) -> Study:
    del study.config["bd_rate"]
    study.write()
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *words], cwd=study.folder, check=True)
    return study


def _run(study: Study, *options: str) -> Run:
    known = environment() | {"PYTHONPATH": str(PLUGINS)}
    done = subprocess.run(
        study.command(*options), cwd=study.folder, env=known, capture_output=True, text=True, timeout=900
    )
    return Run(done.returncode, done.stdout + done.stderr)


def _in_folder(folder: Path) -> tuple[str, ...]:
    return "--default-storage-provider", "fs", "--default-storage-prefix", str(folder), "--shared-fs-usage", "none"


def _same(made: dict[str, bytes], finished: Study, count: int) -> None:
    """The pictures, bitstreams and scores of a run are those of the local one."""
    local = finished.products()
    made = {name: data for name, data in made.items() if not name.endswith(STAMP)}
    assert made == {name: local[name] for name in made} and len(made) == count


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of an S3 server on this machine."""
    pytest.importorskip("snakemake_storage_plugin_s3", reason="make storage installs it")
    from moto.server import ThreadedMotoServer

    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def _by_s3(server: str) -> tuple[str, ...]:
    where = ("--default-storage-prefix", "s3://studies/mine", "--storage-s3-endpoint-url", server, *KEYS)
    chosen = ("--executor", "elsewhere", "--jobs", "2", "--default-storage-provider", "s3")
    return *chosen, *where, "--shared-fs-usage", "none"


def _stored(server: str) -> dict[str, bytes]:
    """What the server holds, by its path in the study's folder."""
    import boto3

    bucket = boto3.resource(
        "s3", endpoint_url=server, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1"
    ).Bucket("studies")
    return {one.key.removeprefix("mine/"): one.get()["Body"].read() for one in bucket.objects.all()}


def test_jobs_without_shared_files_make_the_same_by_s3(server: str, finished: Study, tmp_path: Path) -> None:
    """Each job runs in an empty folder, has the deployed sources, and takes the rest from S3."""
    study = _small(tmp_path / "s3")
    options = (*_by_s3(server), "--", "results/studies/tiny/means.csv")
    done = _run(study, *options)
    assert done.status == 0, done.output
    assert "the study's folder in the storage (s3): s3://studies/mine/results/studies/tiny" in done.output
    stored = _stored(server)
    wanted = {
        name: data
        for name, data in stored.items()
        if name.split("/")[1] in ("bitstreams", "decoded", "images", "scores")
        and not name.endswith(("encoded.csv", "decoded.csv"))
    }
    _same(wanted, finished, 2 + 1 + 4 + 4 + 2)
    assert "results/studies/tiny/means.csv" in stored
    assert _run(study, "-n", *options).jobs == {}, "what the storage has is up to date"


@pytest.mark.skipif(shutil.which("rsync") is None, reason="the storage plugin fs runs rsync")
def test_a_whole_study_in_a_folder_as_storage(finished: Study, tmp_path: Path) -> None:
    pytest.importorskip("snakemake_storage_plugin_fs", reason="make storage installs it")
    study, store = _small(tmp_path / "fs"), tmp_path / "store"
    done = _run(study, *_in_folder(store))
    assert done.status == 0, done.output
    _same(Study(store, study.config).products(), finished, 2 + 1 + 4 + 4 + 2)
    made = store / "results/studies/tiny"
    assert (made / "complete.txt").read_text().startswith("4 of 4 cells have values")
    shown = made / "files/decoded/crops/webp/30/face.png"
    assert shown.read_bytes() == finished.products()["results/decoded/crops/webp/30/face.png"]
    assert {"page", "files", "index.html", "rd.csv"} <= {path.name for path in made.iterdir()}
    assert _run(study, "-n", *_in_folder(store)).jobs == {}
    shutil.rmtree(store / "results/decoded/crops/webp/30")
    lost = ("-n", *_in_folder(store), "--", "results/decoded/crops/webp/30/decoded.csv")
    assert _run(study, *lost).jobs == {"decode": 1}, "what is lost is made again when it is asked for"


def test_the_profile_of_kubernetes_plans_a_study(server: str, tmp_path: Path) -> None:
    study = _small(tmp_path / "kubernetes")
    planned = _run(study, "-n", "--workflow-profile", "profiles/kubernetes", "--storage-s3-endpoint-url", server, *KEYS)
    assert planned.status == 0, planned.output
    assert (planned.jobs["encode"], planned.jobs["decode"], planned.jobs["score"]) == (2, 2, 2)
    assert "s3://image-compression-study/results-of-mine/results/decoded/crops/webp/30" in planned.output
    assert "mem_mb=4000" in planned.output and "gpu_manufacturer=nvidia" in planned.output


def test_experiments_on_latents_are_the_same_by_s3(server: str, tmp_path: Path) -> None:
    """Latents, edits of them, responses to impulses, tables and figures, each job in an empty folder of its own."""
    wanted = (
        "results/studies/tiny/latents/lab/edits.csv",
        f"results/studies/tiny/figures/latents/lab/{CELL}/figures.csv",
    )
    local, study = (_with_latents(tmp_path / name) for name in ("local", "elsewhere"))
    done = local.run(*wanted)
    assert done.status == 0, done.output
    options = (*_by_s3(server), "--", *wanted)
    done = _run(study, *options)
    assert done.status == 0, done.output
    stored = _stored(server)
    made = local.folder / "results"
    beside = [path for kind in ("edits", "latents", "impulses") for path in (made / kind).rglob("*.*")]
    kept = {path.relative_to(local.folder).as_posix(): path.read_bytes() for path in beside if path.suffix != ".csv"}
    assert len(kept) == 2 + 1 + 2 * 10 and kept == {name: stored[name] for name in kept}
    drawn = {path.name for path in (made / f"studies/tiny/figures/latents/lab/{CELL}/drawn").iterdir()}
    folder = f"results/studies/tiny/figures/latents/lab/{CELL}/drawn/"
    there = {name.removeprefix(folder) for name in stored if name.startswith(folder)}
    assert drawn - {STAMP} == there - {STAMP} and len(drawn) > 4
    assert _run(study, "-n", *options).jobs == {}, "what the storage has is up to date"


def test_results_of_runs_without_storage_are_not_mixed_in(tmp_path: Path) -> None:
    pytest.importorskip("snakemake_storage_plugin_fs", reason="make storage installs it")
    study = _small(tmp_path / "mixed")
    (study.folder / "results").mkdir()
    done = _run(study, "-n", *_in_folder(tmp_path / "store"))
    assert done.status == 1 and "results/ holds the results of runs without storage" in done.output
    assert list((study.folder / "results").iterdir()) == [], "nothing is written"
