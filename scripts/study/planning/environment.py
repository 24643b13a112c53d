"""What a run's jobs inherit: interpreters, and environment variables. None of it is a parameter of a job."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from study.core import limits
from study.core.paths import ROOT
from study.planning.study import Study

CHECKOUT = "STUDY_CHECKOUT"
CONTAINER = "STUDY_CONTAINER"


def prepare(study: Study) -> None:
    """Set what the jobs of this process inherit: `python` is that of Snakemake; mirror, cache and limits the config's.

    A limit that the config leaves open is that of the environment, if it has one. None of this is a parameter of a job:
    a moved checkout, another mirror or another limit reruns nothing. Raises StudyError for what is no limit.
    """
    given = _limits()
    os.environ[CHECKOUT] = str(ROOT)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name, folder in (("STUDY_MIRROR", study.mirror), ("STUDY_CACHE", study.cache)):
        if folder:
            os.environ[name] = str(Path(folder).expanduser())
    os.environ.setdefault("STUDY_STARTED", str(time.time()))
    for name in limits.LIMITS:
        value = getattr(study.cell_limit, name) or getattr(given, name)
        os.environ[f"STUDY_CELL_{name.upper()}"] = "" if value is None else str(value)


def _limits() -> argparse.Namespace:
    """The limits that the environment names. Raises StudyError for what is none."""
    parser = argparse.ArgumentParser()
    limits.add_options(parser)
    return parser.parse_args([])


@cache
def python(environment: str) -> str:
    """The interpreter of an environment, relative to the checkout, if it was built; else `python`, the workflow's.

    With the latter a codec that needs the environment tells how to build it.
    """
    own = Path(f".venv-{environment}", "bin", "python")
    return str(own) if (ROOT / own).exists() else "python"


def container() -> str | None:
    """The container of all jobs for `--sdm apptainer`: a file or URL that the user's environment names."""
    return os.environ.get(CONTAINER)


def origin(configfiles: Iterable[str | Path]) -> str:
    """What to call a config in messages, by the files that were given for it."""
    return ", ".join(os.path.relpath(file) for file in configfiles) or "config.yaml"
