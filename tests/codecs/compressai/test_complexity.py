"""The table of learned codecs' costs: what it says, and which studies have it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from study.codecs import base
from study.codecs import registry as codec_registry
from study.codecs.compressai import architectures, complexity
from study.codecs.registry import CodecSpec
from study.core import readers
from study.planning import cells, config, payloads
from tiny_study import ROOT

TFCI = {"backend": "tfci", "settings": {"model": "some-model-{quality}"}}
WIDTHS = {
    "bmshj2018-factorized": (4, 6, None),
    "bmshj2018-hyperprior": (4, 6, None),
    "mbt2018": (4, 6, None),
    "checkerboard": ([4, 4, 4], 6, [4, 6, 9, 5, 12]),
    "cae": ([4, 6], 8, None),
}


def saved(folder: Path, model: str) -> base.Codec:
    """A codec with a file of fresh weights."""
    from safetensors.torch import save_file

    n, m, h = WIDTHS[model]
    net = architectures.build(model, n, m, h).eval()
    net.entropy_bottleneck.update(force=True)
    path = folder / f"{model}.safetensors"
    save_file(architectures.state(net), path)
    settings = {"model": model, "n": n, "m": m, "h": h, "weights": f"{folder}/{{quality}}.safetensors"}
    return codec_registry.load("codec", 2, CodecSpec(backend="compressai", settings=settings), path)


def macs(layers: list[tuple[int, int, int, int]]) -> float:
    """kMAC per pixel of convolutions: (inputs, outputs, kernel, how many times less positions than pixels per side)."""
    return sum(given * made * kernel**2 / apart**2 for given, made, kernel, apart in layers) / 1000


ANALYSIS = [(3, 4, 5, 2), (4, 4, 1, 2), (4, 4, 5, 4), (4, 4, 1, 4), (4, 4, 5, 8), (4, 4, 1, 8), (4, 6, 5, 16)]
HYPER_ANALYSIS = [(6, 4, 3, 16), (4, 4, 5, 32), (4, 4, 5, 64)]
HYPER_SYNTHESIS = [(4, 4, 5, 64), (4, 4, 5, 32), (4, 6, 3, 16)]
WIDER = [(4, 6, 5, 64), (6, 9, 5, 32), (9, 12, 3, 16)]  # the hyper synthesis of mbt2018
NARROWER = [(6, 5, 5, 16), (17, 12, 1, 16), (12, 12, 1, 16), (12, 12, 1, 16)]  # a context of 5 channels
CONTEXT = [(6, 12, 5, 16), (24, 20, 1, 16), (20, 16, 1, 16), (16, 12, 1, 16)]


@pytest.mark.parametrize(
    ("model", "encoder", "decoder"),
    [
        ("bmshj2018-factorized", [], []),
        ("bmshj2018-hyperprior", HYPER_ANALYSIS + HYPER_SYNTHESIS, HYPER_SYNTHESIS),
        ("mbt2018", HYPER_ANALYSIS + WIDER + CONTEXT, WIDER + CONTEXT),
        ("checkerboard", HYPER_ANALYSIS + WIDER + NARROWER, WIDER + NARROWER),
    ],
)
def test_operations_are_those_of_the_layers(tmp_path: Path, model: str, encoder: list, decoder: list) -> None:
    row = complexity.row(saved(tmp_path, model))
    assert list(row) and set(row) <= set(complexity.COLUMNS)
    assert row["encode_kmac_per_pixel"] == pytest.approx(macs(ANALYSIS + encoder), abs=6e-4)
    # a transposed convolution multiplies once for each of its inputs: the analysis turned round
    assert row["decode_kmac_per_pixel"] == pytest.approx(macs(ANALYSIS + decoder), abs=6e-4)
    assert row["model_bytes"] == (tmp_path / f"{model}.safetensors").stat().st_size


def test_operations_of_the_compressive_autoencoder(tmp_path: Path) -> None:
    blocks = 6 * [(6, 6, 3, 4)]
    row = complexity.row(saved(tmp_path, "cae"))
    down, up = [(3, 4, 5, 2), (4, 6, 5, 4), (6, 8, 5, 8)], [(8, 24, 3, 8), (6, 16, 3, 4), (4, 12, 3, 2)]
    assert row["encode_kmac_per_pixel"] == pytest.approx(macs(down + blocks), abs=6e-4)
    assert row["decode_kmac_per_pixel"] == pytest.approx(macs(up + blocks), abs=6e-4)


def test_parameters_of_the_factorized_prior(tmp_path: Path) -> None:
    weights = 2 * sum(given * made * kernel**2 for given, made, kernel, _ in ANALYSIS)
    biases = 6 * 4 + 6 + 6 * 4 + 3  # of layers and normalisations, both ways
    bottleneck = 6 * sum(a * b + b for a, b in ((1, 3), (3, 3), (3, 3), (3, 3), (3, 1))) + 6 * 4 * 3
    assert complexity.row(saved(tmp_path, "bmshj2018-factorized"))["parameters"] == weights + biases + bottleneck


def test_the_device_of_the_study_does_not_matter(tmp_path: Path) -> None:
    codec = saved(tmp_path, "bmshj2018-factorized")
    there = codec_registry.load(
        "codec", 2, CodecSpec(backend="compressai", settings=codec.settings | {"device": "cuda"}), codec.weights
    )
    assert complexity.row(there) == complexity.row(codec)


def test_a_metagraph_has_its_size_and_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "some-model-3.metagraph"
    path.write_bytes(b"x" * 1234)
    row = complexity.row(codec_registry.load("tfci-codec", 3, CodecSpec(**TFCI), path))
    assert (row["model"], row["model_bytes"]) == ("some-model-3", 1234)
    assert "parameters" not in row and row["reason"].startswith("parameters, encode_kmac_per_pixel, ")


def table(plan_: str, out: Path) -> subprocess.CompletedProcess:
    file = out.with_name("plan.json")
    file.write_text(plan_)
    command = [sys.executable, ROOT / "scripts" / "codec_table.py", "--plan", file, "--out", out]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_script_reads_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "weights.metagraph"
    path.write_bytes(b"12345")
    done = table(json.dumps({"a": {"spec": TFCI, "weights": {"1": str(path), "2.5": str(path)}}}), tmp_path / "c.csv")
    assert done.returncode == 0, done.stderr
    rows = readers.read_rows(tmp_path / "c.csv")
    assert [(row["codec"], row["quality"], row["model_bytes"], row["parameters"]) for row in rows] == [
        ("a", "1", "5", ""),
        ("a", "2.5", "5", ""),
    ]
    assert tuple(rows[0]) == complexity.COLUMNS


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("[1, 2]", "must be a JSON object"),
        ('{"a": 1}', "doesn't say which codecs there are"),
        ("{", "is not valid JSON"),
        (json.dumps({"a": {"spec": TFCI, "weights": {"1": "nowhere.metagraph"}}}), "nowhere.metagraph are missing"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, given: str, message: str) -> None:
    done = table(given, tmp_path / "c.csv")
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "c.csv").exists()


def planned(**keys: object) -> cells.Plan:
    minimal = {"study": "s", "images": ["photos"], "bd_rate": {"anchor": "jpeg"}}
    return cells.Plan(config.checked(minimal | keys))


def test_only_a_study_with_weights_has_the_table() -> None:
    with_weights = planned(codecs={"jpeg": [50], "tiny-bmshj2018-factorized-mse": [1, 3], "tfci-hific": "all"})
    assert "results/studies/s/complexity.csv" in payloads.products(with_weights)
    entries = payloads.complexity(with_weights)
    assert set(entries) == {"tiny-bmshj2018-factorized-mse", "tfci-hific"}
    weights = entries["tiny-bmshj2018-factorized-mse"]["weights"]
    assert weights == {quality: f"models/tiny-bmshj2018-factorized-mse/{quality}.safetensors" for quality in "13"}
    assert all(path.startswith("results/weights/") for path in entries["tfci-hific"]["weights"].values())
    assert "results/studies/s/complexity.csv" not in payloads.products(planned(codecs={"jpeg": [50]}))


def test_a_codec_trained_here_has_its_figure() -> None:
    study = cells.Plan(config.checked(readers.read_yaml(ROOT / "studies" / "training.yaml")))
    (model,) = study.trained()
    assert study.trained()[model] == ["1", "2", "3", "4"]
    assert [path for path in payloads.products(study) if "figures/training" in path] == [
        f"results/studies/training/figures/training/{model}.{kind}" for kind in ("png", "pdf")
    ]
    assert planned(codecs={"jpeg": [50], "tiny-bmshj2018-factorized-mse": [1]}).trained() == {}
