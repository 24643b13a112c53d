"""The errors that a user is meant to read, and how a script shows them."""

from __future__ import annotations

import sys
from collections.abc import Callable


class StudyError(Exception):
    """A problem with a message for the user: the thing, what was found, what is allowed, what to do."""


class ImageError(StudyError):
    """A picture that is not an 8-bit RGB picture under the rule of `study.images`."""


class BitstreamError(StudyError):
    """A bitstream that can't be decoded: damaged, cut short, or not of this codec."""


class CodecError(StudyError):
    """A picture that a codec can't encode (too small or too large for its format, say)."""


def guarded(main: Callable[[], None]) -> None:
    """Run a script's `main`; a `StudyError` becomes one message on stderr and exit status 1."""
    try:
        main()
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
