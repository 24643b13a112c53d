"""Command-line options that several scripts share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from study.errors import StudyError


def add_codec(parser: argparse.ArgumentParser) -> None:
    """Options that say which codec at which quality."""
    parser.add_argument("--codec", required=True, help="id of the codec, as in codecs.yaml")
    parser.add_argument("--quality", required=True, help="quality on the codec's own scale")
    parser.add_argument("--spec", help="the codec's entry as JSON; without it, the entry in codecs.yaml")
    parser.add_argument("--weights", type=Path, help="file of weights, for a codec that needs one")


def codec(arguments: argparse.Namespace) -> tuple[str, int | float | str, dict, Path | None]:
    """The arguments for `codecs.load` from the options of `add_codec`. Raises StudyError for an unknown codec."""
    return arguments.codec, number(arguments.quality), spec(arguments), arguments.weights


def spec(arguments: argparse.Namespace) -> dict:
    """The codec's entry: that of `--spec`, or that of the catalogue."""
    if arguments.spec is not None:
        try:
            return json.loads(arguments.spec)
        except json.JSONDecodeError as error:
            raise StudyError(f"--spec is not valid JSON: {error}") from None
    from study import catalogue

    return catalogue.entry("codec", arguments.codec, catalogue.codecs())


def number(text: str) -> int | float | str:
    """A quality as YAML would read it: a whole number, a number, or a name."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
