"""Bits of whole images against those of their tiles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import whole_images
from study.core import errors, paths
from study.images import png
from study.training import recipes
from tiny_nets import photo


def test_an_image_that_is_one_tile_has_its_own_bits() -> None:
    codec = whole_images.load(recipes.load(), "tiny-mbt2018-mean-mse", "2", "models")
    whole, tiles = whole_images.bits(codec, photo(128, 192), 192)
    assert whole == tiles > 100
    _, tiles = whole_images.bits(codec, photo(128, 192), 64)
    assert tiles != whole and tiles == pytest.approx(whole, rel=0.1)


def test_only_a_network_with_a_hyperprior_has_tiles() -> None:
    with pytest.raises(errors.StudyError, match=r"no recipe of a network with a hyperprior; .*allowed: tiny-bmshj"):
        whole_images.load(recipes.load(), "tiny-cae", "2", "models")
    with pytest.raises(errors.StudyError, match=r"aren't there; tools/train_zoo.py trains them"):
        whole_images.load(recipes.load(), "tiny-mbt2018", "2", "nowhere")


@pytest.mark.slow
def test_the_command_prints_a_row_for_each_quality(tmp_path: Path) -> None:
    png.write(tmp_path / "a.png", photo(64, 128))
    command = [sys.executable, paths.ROOT / "tools" / "whole_images.py", "--images", tmp_path, "--tile"]
    done = subprocess.run([*command, "64", "tiny-mbt2018-mean-mse"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("| `tiny-mbt2018-mean-mse` | ") == 4, done.stderr
    done = subprocess.run([*command, "100", "tiny-mbt2018-mean-mse"], capture_output=True, text=True)
    assert done.returncode == 2 and "--tile: found 100; allowed: multiples of 64" in done.stderr
