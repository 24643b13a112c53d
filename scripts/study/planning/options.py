"""Command-line options that several scripts share."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

from study.codecs import base
from study.codecs import registry as codec_registry
from study.core import paths, readers
from study.core.errors import StudyError
from study.core.isolation import Limit

LIMITS = {"seconds": "wall-clock time in seconds", "memory_gb": "memory in GiB"}


def add_codec(parser: argparse.ArgumentParser) -> None:
    """Options that say which codec at which quality."""
    parser.add_argument("--codec", required=True, help="id of the codec, as in catalogue/codecs.yaml")
    parser.add_argument("--quality", required=True, help="quality on the codec's own scale")
    parser.add_argument(
        "--spec",
        metavar="FILE",
        help="the codec's backend and settings (JSON; default: those in catalogue/codecs.yaml)",
    )
    parser.add_argument(
        "--weights",
        type=paths.found,
        help="file of weights, for a codec that needs one; looked for in the working folder, then in the repository",
    )


def add_limit(parser: argparse.ArgumentParser) -> None:
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
    """The limit that the options of `add_limit` give."""
    return Limit(arguments.seconds, arguments.memory_gb, arguments.again)


def codec(arguments: argparse.Namespace) -> tuple[str, int | float | str, dict, Path | None]:
    """The arguments for `codecs.load` from the options of `add_codec`. Raises StudyError for an unknown codec."""
    return arguments.codec, readers.number(arguments.quality), spec(arguments), arguments.weights


def learned(arguments: argparse.Namespace) -> base.LearnedCodec:
    """The learned codec that the options of `add_codec` name. Raises StudyError for one without latents."""
    found = codec_registry.load(*codec(arguments))
    if not isinstance(found, base.LearnedCodec):
        raise StudyError(f"codec {arguments.codec} has no latents; a learned codec is needed (tiny-…, tfci-…)")
    return found


def spec(arguments: argparse.Namespace) -> dict:
    """The codec's entry: that of `--spec`, or that of the catalogue."""
    if arguments.spec is not None:
        return readers.plan(arguments.spec)
    from study.planning import catalogue

    return catalogue.entry("codec", arguments.codec, catalogue.codecs())
