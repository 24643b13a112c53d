"""The benchmarks' page keeps the sections of what was not run; the bench of a large study makes one that is valid."""

from __future__ import annotations

import sys
from pathlib import Path

import entropy_coding as bench_entropy_coding
import large as bench_large
import learned as bench_learned
import numpy as np
import pytest
import run as bench_run

from study.core.errors import StudyError
from study.planning import cells, config

ORDER = ["First", "Second", "Third"]


def test_a_section_replaces_its_earlier_one_and_keeps_the_others(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    for name, number in (("Third", 3), ("First", 1), ("Third", 4)):
        text, status = bench_run.run(name, [sys.executable, "-c", f"print('## {number} s')"], "abc")
        assert status == 0
        bench_run.write(page, name, text, ORDER)
    lines = [line for line in page.read_text().splitlines() if line.startswith("## ")]
    assert lines == ["## First", "## 1 s", "## Third", "## 4 s"]


def test_a_benchmark_that_fails_says_so_in_its_section() -> None:
    text, status = bench_run.run("First", [sys.executable, "-c", "print('slow'); raise SystemExit(3)"], "abc")
    assert status == 3 and "Exit status 3" in text and "slow" in text and "revision abc." in text


def test_figures_beyond_their_limits_are_named() -> None:
    figures = {"bpp_eval": 1.0, "bpp": 1.0005, "dpsnr": 0.0, "dmsssim": 0.0, "ratio": 0.69}
    assert bench_learned.beyond(figures, "mbt2018-mean") == []
    assert bench_learned.beyond(figures | {"bpp": 1.002, "dpsnr": 0.002, "ratio": 0.8}, "mbt2018-mean") == [
        "bpp",
        "dpsnr",
        "ratio",
    ]
    assert bench_learned.beyond(figures | {"ratio": 0.8}, "cae") == []


def test_every_benchmark_is_there() -> None:
    for command in bench_run.BENCHES.values():
        assert (Path(bench_run.paths.ROOT) / command[1]).is_file()


@pytest.mark.slow
def test_the_large_study_is_as_large_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = bench_large.Size()
    monkeypatch.chdir(tmp_path)
    bench_large.write(size, tmp_path)
    plan = cells.Plan(config.checked(bench_large.make(size)))
    assert 3 * len(plan.cells()) == 6720 and len(plan.cells()) // len(plan.parts["tiny"]) * size.images == 239680
    settings = [str(entry.settings) for entry in plan.codecs.values()]
    assert settings[:5] == settings[65:] and len(set(settings)) == len(bench_large.SETTINGS) == 5
    assert bench_large.image(3).shape == (16, 16, 3) and not np.array_equal(bench_large.image(3), bench_large.image(4))


def test_a_line_through_the_sizes() -> None:
    assert bench_large.fitted([500, 1000, 2000], [6, 11, 21], "cpu_s") == (
        "cpu_s: 1 + 10 for 1,000 jobs; 0.0% off the line at most"
    )
    with pytest.raises(StudyError, match="multiple of 5 codecs; found 7"):
        bench_large.write_player(Path("nowhere"), bench_large.Size(codecs=7))


@pytest.mark.parametrize("model", ["bmshj2018-factorized", "mbt2018"])
def test_what_is_not_the_transforms_is_a_part_of_coding(model: str) -> None:
    bpp, encode, decode = bench_entropy_coding.measure(model, 8, 12, (64, 128))
    assert bpp > 0.01
    for direction in (encode, decode):
        assert 0 < direction.transforms < direction.whole and direction.rest == direction.whole - direction.transforms
