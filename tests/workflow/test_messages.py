"""What `make study` says to a wrong name, a file that is no study, and a Python that isn't there: a sentence each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make study` reads before Snakemake does."""
    for name in ("Makefile", "config.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("studies", "profiles", "envs", "scripts", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def make(folder: Path, *arguments: str, environment: bool = True) -> list[str]:
    """The lines that `make study` says on stderr when it fails."""
    if environment:
        (folder / ".venv").symlink_to(sys.prefix)
    command = [
        "make",
        *(
            ["--old-file=.venv/.study", "--old-file=.venv/.perceptual", "--old-file=.venv/.chart"]
            if environment
            else []
        ),
        "study",
        *arguments,
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, env=dict(os.environ))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()


WRONG = {
    "STUDY=kodka": "error: STUDY=kodka: there is no studies/kodka.yaml; did you mean 'kodak'? allowed: ",
    "STUDY=studies/kodak.yaml": "error: STUDY=studies/kodak.yaml: give the name alone, STUDY=kodak",
    "STUDY=kodak.yaml": "error: STUDY=kodak.yaml: give the name alone, STUDY=kodak",
    "STUDY=../config": "error: STUDY=../config: there is no studies/../config.yaml; ",
    "PROFILE=slrum": "error: PROFILE=slrum: there is no such profile; did you mean 'slurm'? allowed: ",
}


@pytest.mark.parametrize("argument", WRONG)
def test_a_wrong_name_gives_the_nearest(argument: str, checkout: Path) -> None:
    said, *rest = make(checkout, argument)
    assert said.startswith(WRONG[argument]) and len(rest) == 1, (said, rest)


FILES = {
    "binary": (b"\x89PNG\r\n\x1a\n", "studies/mine.yaml:1: not a text file in UTF-8 (byte 0x89)"),
    "syntax": (b"study: mine\nimages: [photos\n", "studies/mine.yaml:3: not valid YAML"),
    "twice": (b"study: mine\nstudy: yours\n", "studies/mine.yaml:2: the key 'study' is given twice"),
    "code": (b"__use_yte__: true\n", "studies/mine.yaml: __use_yte__ would have Snakemake run the file as code"),
    "list": (b"- study\n", "studies/mine.yaml must hold keys and values; found a list"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_study_is_refused_before_snakemake_reads_it(case: str, checkout: Path) -> None:
    content, message = FILES[case]
    (checkout / "studies" / "mine.yaml").write_bytes(content)
    said, *rest = make(checkout, "STUDY=mine")
    assert said.startswith(f"error: {message}") and len(rest) == 1, (said, rest)


def test_a_python_that_is_missing_or_another_version(checkout: Path) -> None:
    said, _ = make(checkout, "PYTHON=python3.99", environment=False)
    assert said.startswith("python3.99 isn't there: install Python 3.11, or name it, as in: make study PYTHON=")
    other = checkout / "python-of-another-version"
    other.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.12.1"\n')
    other.chmod(0o755)
    said, _ = make(checkout, f"PYTHON={other}", environment=False)
    assert said.startswith(f"{other} is Python 3.12.1, and the pinned packages are for Python 3.11; name another")
    other.write_text(
        "#!/bin/sh\nprintf 'pyenv: no such version\\n\\nIt is in:\\n  3.9' >&2\nexit 127\n"
    )  # as a shim does
    message, _ = make(checkout, f"PYTHON={other}", environment=False)
    assert message.startswith(
        f"{other} doesn't run (pyenv: no such version), and the pinned packages are for Python 3.11"
    )
    assert not (checkout / ".venv").exists()


@pytest.mark.slow
def test_no_network_at_the_install_says_how_to_do_without(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(checkout))
    said = make(checkout, f"PYTHON={sys.executable}", environment=False)[-2]
    assert said.startswith(
        "pip couldn't install envs/study.txt (see above). Without a network: 'pip download -d wheels"
    )
    assert not (checkout / ".venv" / ".study").exists()
