"""Command-line options that several scripts share."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.codecs import base
from study.codecs import registry as codec_registry
from study.core import paths, readers
from study.core.errors import StudyError


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
        type=paths.resolved,
        help="file of weights, for a codec that needs one; looked for in the working folder, then in the repository",
    )


def add_job(parser: argparse.ArgumentParser, record: str, beside: str) -> None:
    """Options of a job that writes a record, such as encoded.csv, and files beside it."""
    parser.add_argument(
        "--out", type=Path, required=True, help=f"record to write ({record}); the {beside} are put beside it"
    )
    parser.add_argument("--generation", type=int, default=0, help="how often this job's lost files were made again")


def add_images(parser: argparse.ArgumentParser) -> None:
    """The option that names an image set's record."""
    parser.add_argument(
        "--images", type=Path, required=True, help="record of the image set (results/images/<set>/images.csv)"
    )


def codec(arguments: argparse.Namespace) -> tuple[str, int | float | str, codec_registry.CodecSpec, Path | None]:
    """The arguments of `registry.load` from the options of `add_codec`. Raises StudyError for an unknown codec."""
    return arguments.codec, readers.number(arguments.quality), spec(arguments), arguments.weights


def learned(arguments: argparse.Namespace) -> base.LearnedCodec:
    """The learned codec that the options of `add_codec` name. Raises StudyError for one without latents."""
    loaded = codec_registry.load(*codec(arguments))
    if not isinstance(loaded, base.LearnedCodec):
        raise StudyError(f"codec {arguments.codec} has no latents; a learned codec is needed (tiny-…, tfci-…)")
    return loaded


def spec(arguments: argparse.Namespace) -> codec_registry.CodecSpec:
    """What `--spec` says of the codec (a JSON object: `backend`, and `settings` if it has any), or the catalogue.

    Raises StudyError for a file without `backend`, and for a codec that the catalogue lacks.
    """
    if arguments.spec is not None:
        data = readers.plan(arguments.spec)
        if not isinstance(data.get("backend"), str):
            raise StudyError(f"the specification {arguments.spec} names no `backend`; see --help")
    else:
        from study.planning import catalogue

        data = catalogue.entry("codec", arguments.codec, catalogue.read("codecs"))
    known = {key: data[key] for key in ("range", "step") if key in data}
    return codec_registry.CodecSpec(backend=data["backend"], settings=data.get("settings") or {}, **known)
