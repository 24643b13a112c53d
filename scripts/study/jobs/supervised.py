"""What jobs share whose images are worked on in supervised processes (`core.isolation`)."""

from __future__ import annotations

import sys

from study.codecs.base import Codec
from study.core import outcome


def state(codec: Codec) -> tuple[str | None, str]:
    """Why a codec can't run, or None, and the versions of its libraries."""
    skip = codec.skip()
    return skip, codec.versions() if skip is None else ""


def ended(codec: Codec, name: str, result: dict | str) -> dict:
    """The result of an image, or of an edit, called `name` as its part of a row; a text is why it failed.

    What a reader is told of the row goes to stderr too, which is the job's log.
    """
    row = outcome.without(outcome.FAILED, result) if isinstance(result, str) else result
    if sentence := outcome.sentence(row):
        print(f"{codec.name} {codec.quality} {name}: {sentence}", file=sys.stderr)
    return row
