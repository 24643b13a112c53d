"""Times of codecs, measured apart."""

from __future__ import annotations

import os

import numpy as np
import pytest

from study.codecs import registry as codec_registry
from study.codecs.registry import CodecSpec
from study.core import atomic_io, columns, readers
from study.figures import times
from study.images import png
from study.jobs import timing


@pytest.fixture
def images(tmp_path):
    rows = []
    for number in range(3):
        rgb = np.random.default_rng(number).integers(0, 256, (64, 96, 3), np.uint8)
        path = tmp_path / f"i{number}.png"
        png.write(path, rgb)
        rows.append({"image": path.stem, "file": path.name, "width": 96, "height": 64, "sha256": readers.sha256(path)})
    atomic_io.write_rows(tmp_path / "images.csv", rows[0], rows)
    return tmp_path / "images.csv"


def test_the_first_images_are_timed(images, tmp_path):
    cores = os.sched_getaffinity(0)
    codec = codec_registry.load("jpeg", 50, CodecSpec(backend="jpeg"))
    timing.time_set(codec, images, tmp_path / "out.csv", count=2, repeats=5, machine="here")
    rows = readers.read_rows(tmp_path / "out.csv")
    assert [(row["image"], row["repeats"], row["machine"], row["status"]) for row in rows] == [
        ("i0", "5", "here", "ok"),
        ("i1", "5", "here", "ok"),
    ]
    for row in rows:
        for stage in columns.TIMING_STAGES:
            low, middle, high = (float(row[f"{stage}_{name}"]) for name in ("s_lo", "s", "s_hi"))
            assert 0 < low <= middle <= high
            assert 0 <= float(row[f"{stage}_cpu_s"]) <= 2 * high + 0.02
    assert os.sched_getaffinity(0) == cores


def test_a_codec_counts_its_calls_after_one_warm_up(images, tmp_path):
    codec, calls = codec_registry.load("jpeg", 50, CodecSpec(backend="jpeg")), tmp_path / "calls"
    plain = codec.encode

    def counted(rgb):
        with calls.open("a") as file:
            file.write(f"{len(os.sched_getaffinity(0))}\n")
        return plain(rgb)

    codec.encode = counted
    timing.time_set(codec, images, tmp_path / "out.csv", count=1, repeats=6, machine="here")
    assert calls.read_text().split() == ["1"] * 7, "one warm-up and six calls, all on one core"


def test_processor_time_has_that_of_programs():
    import subprocess
    import sys

    work = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    wall, cpu = timing.measured(lambda: subprocess.run([sys.executable, "-c", work], check=True))
    assert wall >= 0.3 and cpu >= 0.3


def test_a_summary_is_the_median_and_the_spread():
    summary = timing.summary([(3.0, 1.0), (1.0, 1.0), (2.0, 0.5), (9.0, 4.0), (2.5, 1.0)])
    assert summary == {"s": 2.5, "s_lo": 1.0, "s_hi": 9.0, "cpu_s": 1.0}


def test_figures_take_the_timed_qualities_alone():
    means = [
        {"codec": "a", "quality": quality, "encode_s": "9", "decode_s": "9", "status": "ok", "reason": ""}
        for quality in "12"
    ]
    conditions = {"rounds": "3", "repeats": "5", "machine": "M"}
    clocked = {"width": "1000", "height": "500", "status": "ok", "reason": ""} | conditions
    rows = [
        clocked | {"codec": "a", "quality": "2", "image": image, "encode_s": seconds, "decode_s": "1"}
        for image, seconds in (("x", "2"), ("y", "4"))
    ]
    points, megapixels, source = times.timed(means, rows)
    assert [(row["quality"], row["encode_s"], row["decode_s"]) for row in points] == [("2", "3.0", "1.0")]
    assert megapixels == 0.5
    words = "the median of 3 rounds of 5 calls on one core of M"
    assert source == f"{words} with no other job of the run beside (2 images)"
    rows[0] |= {"encode_s": "", "decode_s": "", "status": "skipped", "reason": "no program"}
    (row,) = times.timed(means, rows)[0]
    assert (row["encode_s"], row["status"], row["reason"]) == ("", "skipped", "no program")
