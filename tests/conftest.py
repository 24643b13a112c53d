"""Fixtures of the whole suite: the tiny study, run once."""

from __future__ import annotations

import copy
import gc
import importlib.util
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tiny_study import TINY, Study, make_study

os.environ["OMP_NUM_THREADS"] = "1"  # some tests fork after PyTorch has run, which its threads don't survive

if importlib.util.find_spec("hypothesis"):  # the environment of TensorFlow has none, nor tests that need it
    import hypothesis

    # The same examples in every run, however slow the machine is.
    hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
    hypothesis.settings.load_profile("repeatable")


COSTS = {"study": 15, "slow": 5, "browser": 3}  # seconds of a test of the kind, about
ANY = 0.1  # of any other


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Study:
    """The tiny study, run once, by whichever process of pytest-xdist comes first. Tests that change it take a copy."""
    import filelock

    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "study" / "repository"
    whole = shared / "study-is-whole"
    with filelock.FileLock(shared / "study.lock"):
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            study = make_study(folder)
            done = study.run()
            assert done.status == 0, done.output
            whole.touch()
    return Study(folder, copy.deepcopy(TINY))


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny networks' random weights, <model>.safetensors."""
    import tiny_nets

    folder = tmp_path_factory.mktemp("weights")
    tiny_nets.write_weights(folder)
    return folder


@pytest.fixture
def study(finished: Study, tmp_path: Path) -> Study:
    """A copy of the finished tiny study at another place."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Study(folder, copy.deepcopy(finished.config))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark who asks for the finished study, which waits for a run of the workflow."""
    if "finished" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.study)


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what is there for good; it took a fifteenth of the time."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files of the tests that were chosen first.

    A file of tests goes to one process, so that a long one that comes last leaves the others idle (`make test` keeps
    this order by `--no-loadscope-reorder`).
    """
    weights = Counter()
    for item in items:
        weights[item.path] += ANY + sum(cost for mark, cost in COSTS.items() if item.get_closest_marker(mark))
    items.sort(key=lambda item: -weights[item.path])
