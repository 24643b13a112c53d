"""Command-line options that limit what one image may take, for every command that works in child processes."""

from __future__ import annotations

import argparse
import math
import os

from study.core.errors import StudyError
from study.core.isolation import Limit

LIMITS = {"seconds": "wall-clock time in seconds", "memory_gb": "memory in GiB"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that say what an image may take, before the process that works on it is stopped."""
    for name, kind in LIMITS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_positive,
            default=_of_environment(f"STUDY_CELL_{name.upper()}"),
            help=f"largest {kind} of one image (default: $STUDY_CELL_{name.upper()}, else none)",
        )
    parser.add_argument(
        "--again", type=int, default=0, help="how often a scheduler would try this job again, with more memory"
    )


def _positive(text: str) -> float:
    """A number above 0. Raises ArgumentTypeError for other text."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"found {text!r}; allowed: a number above 0")
    return value


def _of_environment(name: str) -> float | None:
    """The limit in an environment variable, None without one. Raises StudyError for what is no limit."""
    text = os.environ.get(name)
    try:
        return _positive(text) if text else None
    except argparse.ArgumentTypeError as error:
        raise StudyError(f"the environment variable {name}: {error}") from None


def limit(arguments: argparse.Namespace) -> Limit:
    """The limit that the options of `add_options` give."""
    return Limit(arguments.seconds, arguments.memory_gb, arguments.again)
