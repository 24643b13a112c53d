"""The profile for other schedulers, with one that starts each job at once in a bare environment."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tiny_study import ROOT, Study, make_study

pytestmark = pytest.mark.study

# The kernels of BLAS round differently: where the caller chose some, the jobs take the same.
SCHEDULER = """#!/bin/sh
echo submitted "$@" >> submissions
kernels=${OPENBLAS_CORETYPE:+OPENBLAS_CORETYPE=$OPENBLAS_CORETYPE}
env -i HOME="$HOME" PATH=/usr/bin:/bin $kernels sh "$1" > job.log 2>&1 &
echo $!
"""


def test_another_scheduler_makes_the_same(finished: Study, tmp_path: Path) -> None:
    study = make_study(tmp_path / "cluster")
    study.config["codecs"] = {"jpeg": [30], "webp": [30]}
    del study.config["bd_rate"]
    scheduler = study.folder / "submit"
    scheduler.write_text(SCHEDULER)
    scheduler.chmod(0o755)
    study.write()
    profile = ("--workflow-profile", "profiles/cluster-generic", "--cluster-generic-submit-cmd", str(scheduler))
    done = study.run(*profile, "--latency-wait", "5", "--", "results/studies/tiny/means.csv")
    assert done.status == 0, done.output + (study.folder / "job.log").read_text()
    assert len((study.folder / "submissions").read_text().splitlines()) == 3, "images, cells, tables"
    made, local = study.products(), finished.products()
    assert made == {name: local[name] for name in made} and len(made) == 2 + 4 + 4 + 2 + 1


def test_the_profiles_for_clusters_differ_in_the_scheduler_alone() -> None:
    slurm, generic = (
        yaml.safe_load((ROOT / f"profiles/{name}/profile.yaml").read_text()) for name in ("slurm", "cluster-generic")
    )
    assert generic.pop("executor") == "cluster-generic" and slurm.pop("executor") == "slurm"
    assert {key: value for key, value in generic.items() if not key.startswith("cluster-generic-")} == slurm
