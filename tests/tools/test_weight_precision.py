"""Quantised weights: the steps, the sizes, and the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import weight_precision
from study.core import paths

NAME = "tiny-b2018-gdn-48"
FILE = paths.ROOT / "models" / NAME / "1.safetensors"


def test_kernels_are_rounded_to_steps_of_their_largest_value() -> None:
    kernels = torch.randn(3, 2, 5, 5) * torch.tensor([1.0, 10.0, 0.0])[:, None, None, None]
    rounded = weight_precision.quantised(kernels, 8)
    for kernel, result in zip(kernels, rounded):
        step = kernel.abs().max() / 127
        assert (kernel - result).abs().max() <= step / 2 * 1.001
        assert len(result.unique()) <= 255
    assert torch.equal(rounded[2], torch.zeros(2, 5, 5))


def test_files_keep_all_else_and_need_fewer_bytes(tmp_path: Path) -> None:
    size = weight_precision.requantised(FILE, tmp_path / "1.safetensors", 8)
    before, after = load_file(FILE), load_file(tmp_path / "1.safetensors")
    assert before.keys() == after.keys()
    for name, values in before.items():
        assert after[name].dtype == values.dtype
        assert torch.equal(after[name], values) == (values.ndim != 4), name
    assert 0.4 < size / FILE.stat().st_size < 0.8
    with safe_open(FILE, "pt") as one, safe_open(tmp_path / "1.safetensors", "pt") as other:
        assert one.metadata() == other.metadata()


@pytest.mark.slow
def test_coarse_weights_cost_rate(tmp_path: Path) -> None:
    photos = [skimage.data.astronaut()[:192, 100:292], skimage.data.coffee()[100:292, 100:292]]
    np.savez(tmp_path / "photos.npz", *photos)
    command = [sys.executable, paths.ROOT / "tools" / "weight_precision.py", "--photos", tmp_path / "photos.npz"]
    done = subprocess.run([*command, "--bits", "8", "7", "--", NAME], capture_output=True, text=True, check=True)
    rates = [float(line.split("|")[4]) for line in done.stdout.splitlines()[2:]]
    assert -0.5 < rates[0] < rates[1]
    done = subprocess.run([*command, "--", "webp"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("error: codec 'webp' has no bundled weights")
