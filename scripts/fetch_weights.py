"""Fetch the weights that a learned codec needs at a quality, or those at a URL, and verify them."""

from __future__ import annotations

import argparse

from study.codecs import registry as codec_registry
from study.codecs import weights
from study.core import readers
from study.core.errors import StudyError, guarded
from study.images import options as images_options
from study.planning import options


def main() -> None:
    arguments = _parse_arguments()
    if arguments.url:
        weights.obtain(arguments.url, arguments.out, arguments.sha256, **_places(arguments))
        return
    spec = options.spec(arguments)
    kind = codec_registry.backend(spec.backend, spec.settings)
    source = kind.weights_source(spec.settings, readers.number(arguments.quality))
    if source is None or source.url is None:
        origin = "none" if source is None else f"the file {source.path}"
        what = f"codec {arguments.codec} at quality {arguments.quality}"
        raise StudyError(f"{what} downloads no weights; it needs {origin}")
    weights.obtain(source.url, arguments.out, source.sha256, check=kind.check_weights, **_places(arguments))


def _places(arguments: argparse.Namespace) -> dict:
    return {"record": arguments.record, "mirror": arguments.mirror, "cache": arguments.cache}


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--codec", metavar="ID", help="id as in catalogue/codecs.yaml; its weights at --quality")
    what.add_argument("--url", help="address of the weights, instead of a codec")
    parser.add_argument("--quality", help="quality on the codec's own scale")
    parser.add_argument("--spec", metavar="FILE", help="the codec's backend and settings, JSON (default: catalogue's)")
    parser.add_argument("--sha256", help="with --url: the sha256 of the file, or the start of it, if it is published")
    images_options.add_folders(parser, "FOLDER/FILE and FOLDER/weights/FILE")
    parser.add_argument(
        "--record",
        default=weights.RECORD,
        metavar="FILE",
        help="list of the sha256 of all weights ever downloaded, which is added to (default: models/published.sha256)",
    )
    parser.add_argument("--out", required=True, metavar="FILE", help="where to put it, such as results/weights/FILE")
    arguments = parser.parse_args()
    if arguments.codec and arguments.quality is None:
        parser.error("--codec needs --quality")
    return arguments


if __name__ == "__main__":
    guarded(main)
