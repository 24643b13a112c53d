"""The tfci codecs in the catalogue, and the tests of their backend, which run in the TensorFlow environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from study.codecs import registry as codec_registry
from study.codecs.tfci.codec import Backend
from study.codecs.tfci.settings import PUBLISHED
from study.core.errors import StudyError
from study.planning import entries

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-tensorflow" / "bin" / "python"
FAMILIES = {
    "hific": ["lo", "mi", "hi"],
    **{f"mbt2018-mean-{metric}": range(1, 9) for metric in ("mse", "msssim")},
    **{
        f"bmshj2018-{prior}-{metric}": range(1, 9)
        for prior in ("factorized", "hyperprior")
        for metric in ("mse", "msssim")
    },
    **{f"b2018-{kind}-{filters}": range(1, 5) for kind in ("leaky_relu", "gdn") for filters in (128, 192)},
}


def test_catalogue_has_the_67_published_models():
    published = {name: entry for name, entry in entries.codecs().items() if entry.backend == "tfci"}
    expected = [f"{family}-{quality}" for family, qualities in FAMILIES.items() for quality in qualities]
    files = {}
    for name, entry in published.items():
        for quality in entry.qualities:
            source = Backend.weights_source(entry.settings, quality)
            model = codec_registry.load(name, quality, entry).model
            assert f"{name}-{quality}" == f"tfci-{model}"
            assert source.url == f"{PUBLISHED}/{model}.metagraph"
            files[model] = source.file
    assert len(expected) == 67
    assert sorted(files) == sorted(expected)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "model: found None"),
        ({"model": 3}, "model: found 3"),
        ({"model": "a/b"}, "path ending in .metagraph"),
        ({"model": "bmshj2018-mse-1", "tensor": {}}, "did you mean 'tensors'"),
        ({"model": "x", "tensors": {"q": "node:0"}}, "allowed: y, z, y_hat, z_hat"),
        ({"model": "x", "tensors": {"y": "node"}}, "like y: node:0"),
        ({"model": "x", "tensors": "y"}, "tensors: found 'y'"),
        ({"model": "x", "rd_parameter": "high"}, "rd_parameter: found 'high'"),
    ],
)
def test_wrong_settings_are_named(settings, reason):
    with pytest.raises(StudyError, match=re.escape(reason)):
        Backend("own", 1, settings)


def test_a_model_may_be_a_file_and_the_server_another():
    source = Backend.weights_source({"model": "models/own-{quality}.metagraph"}, 2)
    assert (source.file, source.path, source.url) == ("own-2.metagraph", "models/own-2.metagraph", None)
    assert Backend("own", 2, {"model": "models/own-{quality}.metagraph"}).model == "own-2"
    assert Backend.weights_source({"model": "m-{quality}", "url": "http://host/dir/"}, 1.5).url == (
        "http://host/dir/m-1.5.metagraph"
    )


def test_without_tensorflow_the_codec_skips_with_the_command_that_builds_it():
    assert "make tensorflow" in Backend("own", 1, {"model": "x"}).skip()


def test_the_module_needs_no_tensorflow_to_be_imported():
    code = "import sys; from study.codecs.tfci import codec; print([m for m in sys.modules if 'tensorflow' in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_lock_is_exact_and_its_conda_twin_the_same():
    lock = (ROOT / "envs" / "tensorflow.txt").read_text().split()
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line) for line in lock)
    twin = re.findall(r"- (\S+==\S+)", (ROOT / "envs" / "tensorflow.yaml").read_text())
    assert twin == [line.replace("tensorflow-cpu==", "tensorflow==") for line in lock]
    assert {"tensorflow-cpu==2.14.1", "tensorflow-compression==2.14.1"} <= set(lock)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Of each file of tests/tfc, run where TensorFlow is: the number of its tests, and what failed ones say."""
    if not PYTHON.exists():
        pytest.skip("there is no .venv-tensorflow: `make tensorflow` builds it")
    folder = tmp_path_factory.mktemp("tfc")
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        f"--basetemp={folder / 'temporary'}",
        f"--junitxml={folder / 'report.xml'}",
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [PYTHON, "-m", "pytest", *options, "tests/tfc"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout[-3000:] + done.stderr[-3000:]
    counts: dict[str, tuple[int, list[str]]] = {}
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        count, failures = counts.get(case.get("classname"), (0, []))
        failures += [f"{case.get('name')}: {part.text}" for part in case if part.tag in ("failure", "error", "skipped")]
        counts[case.get("classname")] = (count + 1, failures)
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("topic", ["coding", "latents", "damage"])
def test_backend(topic, outcomes):
    count, failures = outcomes[f"tests.tfc.test_{topic}"]
    assert not failures, f"{len(failures)} of {count} tests failed:\n\n" + "\n\n".join(failures)
    assert count > 10
