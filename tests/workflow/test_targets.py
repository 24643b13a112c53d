"""A study whose codecs have targets: equal quality in the tables, what isn't reached, figures, exports and reruns."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path

import pytest

from tiny_study import Study, make_study

pytestmark = pytest.mark.slow

VALUES = [29, 31, 33, 35]


def table(study: Study, name: str) -> list[dict[str, str]]:
    with (study.folder / "results" / "studies" / "tiny" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_study_of_targets(tmp_path: Path) -> None:
    study = make_study(tmp_path / "repository")
    target = {"metric": "psnr_rgb", "values": VALUES, "tolerance": 0.4}
    unreachable = {"metric": "bpp", "values": [40]}
    study.config |= {
        "codecs": {
            "jpeg": {"target": target},
            "webp": {"target": target},
            "jpeg-444": {"target": unreachable},
            "jpeg-optimised": [50],  # to be timed
        },
        "metrics": ["psnr_rgb", "ssim"],
        "figures": {"panels": ["psnr_rgb", "ssim"]},
        "timing": {},
    }
    alone = study.run("-n", "timing")  # a rule as the target, in a folder without results
    assert alone.status == 0 and alone.jobs["time_codec"] == 3, alone.output
    done = study.run("--keep-going")
    assert done.status == 0, done.output
    assert [(row["codec"], row["rounds"]) for row in table(study, "timing.csv")] == [("jpeg-optimised", "3")] * 2
    rows = table(study, "rd.csv")
    reached = [row for row in rows if row["codec"] in ("jpeg", "webp")]
    assert len(reached) == 2 * 2 * len(VALUES)
    for row in reached:
        value = float(row["quality"].removeprefix("psnr_rgb=").removesuffix("+-0.4"))
        assert row["status"] == "ok" and abs(float(row["psnr_rgb"]) - value) <= 0.4
        assert float(row["reached"]) == pytest.approx(float(row["psnr_rgb"]), abs=1e-9)
        assert 0 <= float(row["parameter"]) <= 100 and 1 <= int(row["encodes"]) <= 12
    missed = [row for row in rows if row["codec"] == "jpeg-444"]
    assert {row["status"] for row in missed} == {"refused"} and {row["bpp"] for row in missed} == {""}
    assert all(row["reason"].startswith("bpp 40 within 0.1 isn't reached") for row in missed)
    assert any(row["codec"] == "webp" and row["bd_rate"] for row in table(study, "bd.csv"))
    folder = study.folder / "results" / "studies" / "tiny"
    exported = json.loads((folder / "exports" / "compressai" / "crops" / "jpeg.json").read_text())
    assert exported["results"]["quality"] == [f"psnr_rgb={value}+-0.4" for value in VALUES]
    assert (folder / "index.html").stat().st_size > 1000
    assert not study.plan()
    config = copy.deepcopy(study.config)
    study.config["codecs"]["webp"]["target"] = {**target, "tolerance": 0.5}
    assert study.plan()["encode"] == len(VALUES)  # the cells of webp alone
    study.config = copy.deepcopy(config)
    study.config["codecs"]["jpeg"]["target"] = {**target, "values": [*VALUES, 34]}
    assert study.plan()["encode"] == 1
    study.config = config
    metric = study.folder / "scripts" / "study" / "metrics" / "psnr.py"
    metric.write_text(metric.read_text() + "\nEDITED = True\n")
    assert study.plan()["encode"] == 2 * len(VALUES)  # not the cell of a rate
