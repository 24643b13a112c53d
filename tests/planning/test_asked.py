"""Files that a command line asks for and that the study can't make: one sentence each, and no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from study.core import paths
from study.core.errors import StudyError
from study.planning import asked, config
from study.planning.cells import Plan
from waiting import LONGEST_S

STUDY = {
    "study": "asked",
    "images": ["photos-8"],
    "codecs": {"jpeg": [50, 90], "webp": {"target": {"metric": "psnr_rgb", "values": [35]}}},
    "metrics": ["psnr_rgb"],
    "figures": {"panels": ["psnr_rgb"]},
    "latents": {
        "one": {
            "images": ["photos-8"],
            "codecs": {"tiny-mbt2018-mean-mse": [3]},
            "edits": {"half": {"op": {"scale": 0.5}}},
        }
    },
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(config.checked(STUDY))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("results/scores/photos-8/jpeg/51/cheap.csv", "no quality '51' of jpeg; .*allowed: 50, 90; .*`codecs.jpeg`"),
        ("results/scores/photos-8/webp/psnr_rgb=36/cheap.csv", "did you mean 'psnr_rgb=35'"),
        ("results/bitstreams/photos-8/jpgg/50/encoded.csv", "no codec 'jpgg'; did you mean 'jpeg'"),
        ("results/decoded/photos-8/avif/50/decoded.csv", "no codec 'avif'; allowed: jpeg, webp"),
        ("results/latents/photos-8/tiny-mbt2018-mean-mse/4/latents.csv", "no quality '4' of tiny-mbt2018-mean-mse"),
        ("results/scores/photo-8/jpeg/50/cheap.csv", "no image set 'photo-8'; did you mean 'photos-8'"),
        ("results/images/kodak/images.csv", "no image set 'kodak'; allowed: photos-8"),
        ("results/scores/photos-8/jpeg/50/chaep.csv", "no record chaep.csv; did you mean 'cheap'"),
        ("results/studies/other/rd.csv", "this run is of the study 'asked'; give the config of 'other'"),
    ],
)
def test_what_the_study_has_not_is_told(plan, file, message):
    with pytest.raises(StudyError, match=message) as caught:
        asked.check(plan, ["-n", file])
    assert str(caught.value).startswith(file) and "\n" not in str(caught.value)


def test_what_it_has_and_what_is_no_such_file_passes(plan):
    cells = [path for cell in plan.cells() for path in (cell.encoded(), cell.decoded(), *plan.scores.records([cell]))]
    others = ["all", "-n", "results/images/photos-8/images.csv", "results/studies/asked/rd.csv", "mine.csv"]
    asked.check(plan, [*cells, *others, "results/latents/photos-8/tiny-mbt2018-mean-mse/3/latents.csv"])


@pytest.mark.slow
def test_the_workflow_says_so_without_a_traceback(tmp_path):
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "-s",
        paths.ROOT / "Snakefile",
        "--directory",
        tmp_path,
        "--cores",
        "1",
    ]
    done = subprocess.run(
        [*command, "results/scores/photos-8/jpeg/77/cheap.csv"], capture_output=True, text=True, timeout=LONGEST_S
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "has no quality '77' of jpeg; allowed: 5, 10, " in said
    assert "Traceback" not in said and "KeyError" not in said
