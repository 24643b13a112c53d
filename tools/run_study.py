"""Check what `make study` is given, STUDY and PROFILE, and the study's YAML; then run Snakemake in this process.

Snakemake's arguments follow `--`; without them nothing is run. A signal at any moment, also while Snakemake is still
being loaded, ends the run with one line.
"""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # while what follows is loaded: Python's own would tell a traceback

import argparse
import logging
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1] / "scripts")

from study.planning import interruption

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, interruption.handle)

from study.core import readers
from study.core.errors import StudyError, allowed, guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="", help="name of a file in studies/ without .yaml; config.yaml if left out")
    parser.add_argument("--profile", default="default", help="name of a folder in profiles/")
    parser.add_argument("snakemake", nargs="*", help="arguments of Snakemake, after `--`")
    arguments = parser.parse_args()
    readers.read_yaml(file_of(arguments.study) if arguments.study else Path("config.yaml"))
    known = sorted(path.parent.name for path in Path("profiles").glob("*/profile.yaml")) or ["default"]
    if Path("profiles").is_dir() and arguments.profile not in known:
        raise StudyError(f"PROFILE={arguments.profile}: there is no such profile; {allowed(arguments.profile, known)}")
    if arguments.snakemake:
        from snakemake import cli

        logging.raiseExceptions = False  # a log file on a full disk is no reason for tracebacks: the error is told
        sys.argv = ["snakemake", *arguments.snakemake]
        cli.main()


def file_of(name: str) -> Path:
    """The file of a study by its name. Raises StudyError, with the nearest name, if there is none."""
    known = sorted(path.stem for path in Path("studies").glob("*.yaml"))
    if name in known:
        return Path("studies", f"{name}.yaml")
    short = Path(name).stem
    if ("/" in name or name.endswith((".yaml", ".yml"))) and short in known:
        raise StudyError(f"STUDY={name}: give the name alone, STUDY={short}")
    raise StudyError(f"STUDY={name}: there is no studies/{name}.yaml; {allowed(short, known)}")


if __name__ == "__main__":
    guarded(main)
