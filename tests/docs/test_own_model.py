"""The example of docs/codecs.md: a model is trained with CompressAI's trainer, then codes an image."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import yaml
from PIL import Image

from study.codecs import registry
from study.core import paths
from study.planning import config, entries
from study.planning.cells import Plan

pytestmark = pytest.mark.slow

EXAMPLE = paths.ROOT / "docs" / "examples" / "own_model"


def test_train_and_evaluate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photo = skimage.data.astronaut()
    for part in ("train", "test"):
        folder = tmp_path / "photos" / part
        folder.mkdir(parents=True)
        for number in range(2):
            Image.fromarray(photo[100 * number : 100 * number + 80, 150:240]).save(folder / f"{number}.png")
    command = shlex.split((EXAMPLE / "train.sh").read_text().replace("\\\n", ""), comments=True)
    done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    given = yaml.safe_load((EXAMPLE / "own.yaml").read_text())
    plan = Plan(config.checked(given))
    assert plan.weights("mine", "1") == "checkpoint_best_loss.pth.tar"
    before = plan.code("encode.py", "mine", "1")
    codec = registry.load("mine", 1, entries.codecs(plan.study.define.codecs)["mine"])
    assert codec.skip() is None
    rgb = np.ascontiguousarray(photo[:64, 150:246])
    data = codec.encode(rgb)
    assert codec.decode(data).shape == rgb.shape and len(data) > codec.payload_bytes(data) > 10
    assert before.count(" ") == 2  # code, lock, checkpoint
