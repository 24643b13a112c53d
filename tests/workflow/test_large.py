"""Large studies: the graph of a synthetic one, and what the plan answers to every job."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import graph as bench_graph
import pytest
import study_overhead as bench_study

from figure_files import check_figure
from study.core import atomic_io, paths, readers
from study.planning import cells as planning_cells
from study.planning import config
from study.planning.cells import generation

COLUMNS = ("image", "file", "status", "generation")
LIGHT = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from study.metrics import registry as metrics
from study.metrics import windows as filters
image = np.random.default_rng(0).integers(0, 256, (192, 192, 3), np.uint8)
cheap = metrics.groups(metrics.REGISTRY)[metrics.CHEAP]
values, _ = metrics.score(image, image[::-1], cheap)
heavy = {"scipy.linalg", "torch", "pandas", "matplotlib", "pytorch_msssim", "sewar"} & set(sys.modules)
assert not heavy, heavy
from scipy.linalg import blas
filters._dgemm.cache_clear()
assert filters._dgemm() is blas.dgemm
assert metrics.score(image, image[::-1], cheap)[0] == values
"""
SMALL = bench_graph.Size(codecs=4, qualities=2, images=5, part_size=2)


def record(folder: Path, *rows: tuple, there: tuple = ()) -> Path:
    atomic_io.write_rows(folder / "record.csv", COLUMNS, [dict(zip(COLUMNS, row)) for row in rows])
    for name in there:
        (folder / name).touch()
    return folder / "record.csv"


def test_nothing_is_remade_without_a_record(tmp_path: Path) -> None:
    assert generation(tmp_path / "nowhere" / "record.csv") == 0


@pytest.mark.parametrize("text", ["", "image,file,remade\na,a.png,3\n"])
def test_a_record_of_another_version_has_no_number(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.csv").write_text(text)
    assert generation(tmp_path / "record.csv") == 0


def test_whole_records_keep_their_number(tmp_path: Path) -> None:
    rows = ("a", "a.png", "ok", 3), ("b", "", "refused", 3)
    assert generation(record(tmp_path, *rows, there=("a.png",))) == 3


def test_lost_files_and_failed_cells_count_once(tmp_path: Path) -> None:
    lost = ("a", "a.png", "ok", 1), ("b", "b.png", "ok", 1)
    assert generation(record(tmp_path / "lost", *lost)) == 2
    failed = ("a", "a.png", "ok", 0), ("b", "", "failed", 0)
    assert generation(record(tmp_path / "failed", *failed, there=("a.png",))) == 1


def test_a_skipped_cell_counts_when_its_codec_runs(tmp_path: Path) -> None:
    path = record(tmp_path, ("a", "", "skipped", 0))
    assert generation(path) == 0
    assert generation(path, lambda: True) == 1


def test_a_record_of_images_has_no_status(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text("image,file,generation\na,a.png,2\n")
    (tmp_path / "a.png").touch()
    assert generation(tmp_path / "images.csv") == 2


@pytest.fixture(scope="module")
def large() -> planning_cells.Plan:
    return planning_cells.Plan(config.checked(bench_graph.make(bench_graph.Size())))


def test_the_synthetic_study_is_as_large_as_it_says(large: planning_cells.Plan) -> None:
    assert len(large.codecs) == 70 and {len(chosen) for chosen in large.qualities.values()} == {8}
    assert len(large.image_names("synthetic")) == 428
    assert [len(entry["images"]) for entry in large.parts["synthetic"].values()] == [214] * 2
    assert len(large.cells()) == 70 * 8 * 2
    assert len(large.weighted()) == 35 * 8


def test_every_download_has_its_job(large: planning_cells.Plan) -> None:
    wanted = {path for cell in large.weighted() for path in large.weights_from_jobs(*cell)}
    assert len(wanted) == 280
    for path in wanted:
        codec, quality = Path(path).stem.rsplit("-", 1)
        assert large.weights_of(Path(path).name) == (codec, quality)


def test_parts_split_a_set_without_loss() -> None:
    made = planning_cells.Plan(config.checked(bench_graph.make(SMALL)))
    parts = made.parts["synthetic"]
    assert list(parts) == ["synthetic@1", "synthetic@2", "synthetic@3"]
    assert [name for entry in parts.values() for name in entry["images"]] == made.image_names("synthetic")


@pytest.mark.study
def test_the_bench_of_the_graph(tmp_path: Path) -> None:
    row = bench_graph.measure(SMALL, tmp_path / "study")
    cells = 4 * 2 * 3
    assert row["cells"] == cells
    assert row["jobs"] >= 3 * cells + 3 + 2 * 2  # images in three parts, and weights of two codecs at two qualities
    assert row["noop_s"] > 0.5 and row["noop_mb"] > 50  # a child's peak begins with that of the tests
    bench_graph.draw([row | {"jobs": size * row["jobs"]} for size in (1, 2)], tmp_path / "graph")
    check_figure(tmp_path / "graph.png", tmp_path / "graph.pdf")


def test_scoring_loads_nothing_that_it_does_not_need() -> None:
    """Also that the routine loaded from its own file is SciPy's."""
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(paths.ROOT / "scripts")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.study
def test_batches_are_parts_of_the_jobs(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(json.dumps(bench_graph.make(SMALL)))
    part, whole = (
        bench_graph.snakemake(tmp_path, "--dry-run", "--quiet", "rules", *options).output
        for options in (("--batch", "aggregate=1/2"), ())
    )
    cells = 4 * 2 * 3
    assert f"score {cells}" in [" ".join(line.split()) for line in whole.splitlines()]
    (scored,) = {int(line.split()[1]) for line in part.splitlines() if line.startswith("score ")}
    assert 0 < scored <= (cells + 3) / 2 + 1
    assert "bd_rate" not in part


def test_a_thinned_study_keeps_its_codecs() -> None:
    study = bench_study.thinned(readers.read_yaml(paths.ROOT / "config.yaml"), 4)
    assert study["codecs"]["jpeg"] == [5, 30, 70] and "latents" not in study
    assert planning_cells.Plan(config.checked(study)).codecs


@pytest.mark.study
def test_the_bench_of_a_study(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    study = {
        "study": "tiny",
        "images": ["photos"],
        "codecs": {"jpeg": [50], "webp": [50]},
        "figures": {"panels": ["psnr_rgb"]},
    }
    ratio = bench_study.measure(study, tmp_path / "repository")
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert ratio > 1
    assert [lines[stage][0] for stage in ("encode", "decode", "score")] == ["2", "2", "2"]
    for stage in ("encode", "decode", "score"):
        spent, work, own, start = map(float, lines[stage][1:])
        assert work > 0 and spent > start >= 0 and own == pytest.approx(spent - work, abs=0.11)
    with (tmp_path / "repository/results/studies/tiny/rd.csv").open() as table:
        assert len(list(csv.DictReader(table))) == 10
