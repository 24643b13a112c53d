"""The metrics of ffmpeg: the same as by its documented command line, and what is known of each."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from distortions import blocky, photo, smeared
from study.core.errors import StudyError
from study.metrics import ffmpeg_metrics

NAMES = ("vmaf", "vmaf_neg", "ciede2000", "psnr_hvs", "cambi", "xpsnr")


def score(reference: np.ndarray, image: np.ndarray, *names: str) -> dict[str, float]:
    return ffmpeg_metrics.compute(reference, image, names, 1)


def test_two_files_and_the_documented_command_line_give_the_same(tmp_path: Path) -> None:
    reference = photo("chelsea")
    image = blocky(reference, 40)
    paths = [tmp_path / "reference.png", tmp_path / "image.png"]
    for path, rgb in zip(paths, (reference, image)):
        Image.fromarray(rgb).save(path)
    yuv = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv444p10le"
    log = tmp_path / "log.json"
    options = "feature='name=psnr_hvs|name=ciede|name=cambi':log_fmt=json"
    graph = f"[1:v]{yuv}[image];[0:v]{yuv}[reference];[image][reference]libvmaf={options}:log_path={log}"
    command = [ffmpeg_metrics.program(), "-i", paths[0], "-i", paths[1], "-lavfi", graph, "-f", "null", "-"]
    subprocess.run(command, capture_output=True, check=True)
    theirs = json.loads(log.read_text())["frames"][0]["metrics"]
    ours = score(reference, image, *NAMES)
    for name in ("vmaf", "ciede2000", "psnr_hvs", "cambi"):
        assert ours[name] == pytest.approx(theirs[name], abs=1e-6), name


def test_one_call_gives_what_single_calls_give() -> None:
    reference = photo("astronaut")[:240, :251]
    image = smeared(reference, 1)
    together = score(reference, image, *NAMES)
    assert list(together) == list(NAMES)
    for name in NAMES:
        assert score(reference, image, name) == {name: together[name]}


@pytest.mark.parametrize("width", [17, 250, 256, 264, 333])
def test_identical_images(width: int) -> None:
    """XPSNR at 10 bits would have some 10 dB at the widths that are no multiple of 32."""
    reference = photo("astronaut")[:220, :width]
    values = score(reference, reference, "ciede2000", "psnr_hvs", "xpsnr", "vmaf")
    assert values.pop("vmaf") == pytest.approx(97.43, abs=0.01 if width > 200 else 0.3)
    assert set(values.values()) == {math.inf}


def test_xpsnr_of_a_small_error() -> None:
    """A change of every sample by one unit is one of 219/255 units of luma, rounded: 48 to 54 dB."""
    reference = photo("astronaut")[:200, :264]
    assert 48 < score(reference, reference ^ 1, "xpsnr")["xpsnr"] < 54


def test_neg_does_not_reward_sharpening() -> None:
    reference = photo("chelsea")
    soft = smeared(reference, 1).astype(int)
    sharpened = np.clip(2 * reference.astype(int) - soft, 0, 255).astype(np.uint8)
    values = score(reference, sharpened, "vmaf", "vmaf_neg")
    assert values["vmaf"] > values["vmaf_neg"] + 3


def test_cambi_sees_bands_in_the_image_alone() -> None:
    ramp = np.broadcast_to(np.linspace(60, 76, 512)[None, :, None], (256, 512, 3))
    banded = np.rint(ramp).astype(np.uint8)
    dithered = np.rint(ramp + np.random.default_rng(1).normal(0, 0.6, (256, 512, 1))).astype(np.uint8)
    assert score(dithered, banded, "cambi")["cambi"] > score(dithered, dithered, "cambi")["cambi"] + 1
    assert score(banded, dithered, "cambi") == score(dithered, dithered, "cambi")


def test_ciede2000_sees_colour_that_luma_does_not() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    tinted = grey + np.array([20, -12, 20], np.int8).astype(np.uint8)  # nearly the same luma
    values = score(grey, tinted, "ciede2000", "xpsnr")
    assert values["ciede2000"] < 32 and values["xpsnr"] > 35


def test_ffmpegs_refusal_names_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    small = photo("astronaut")[:8, :8]
    with pytest.raises(StudyError, match=r"ffmpeg (can't score|gave no) .*8x8"):
        score(small, small, "vmaf")


def test_a_missing_filter_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho ' .. libvmaf  VV->V  score'\n")
    program.chmod(0o755)
    monkeypatch.setattr(ffmpeg_metrics, "program", lambda: str(program))
    assert ffmpeg_metrics.skip.__wrapped__() == f"{program} has no filter xpsnr"
    program.write_text("#!/bin/sh\nexit 3\n")
    assert ffmpeg_metrics.skip.__wrapped__().startswith("ffmpeg doesn't run")


def test_the_version_is_told() -> None:
    assert ffmpeg_metrics.versions().startswith("ffmpeg version ")
