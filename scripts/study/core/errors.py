"""The errors that a user is meant to read, and how a script shows them."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterable


class StudyError(Exception):
    """A problem with a message for the user: the thing, what was found, what is allowed, what to do."""


class ImageError(StudyError):
    """An image that is not an 8-bit RGB image under the rule of `study.images`."""


class BitstreamError(StudyError):
    """A bitstream that can't be decoded: damaged, cut short, or not of this codec."""


class CodecError(StudyError):
    """An image that a codec can't encode (too small or too large for its format, say)."""


class WriteError(StudyError):
    """A file that can't be written: no space, no rights, a file system that is read-only."""


def message(error: BaseException) -> str | None:
    """What a user is told of a StudyError, or of an OSError that names a file; None for others."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; correct that and run the study again"
    return str(error) if isinstance(error, StudyError) else None


def guarded(main: Callable[[], None]) -> None:
    """Run a script's `main`; an error that has a `message` becomes that on stderr and exit status 1."""
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        sentence = message(error)
        if sentence is None:
            raise
        try:
            print(f"error: {sentence}", file=sys.stderr, flush=True)
        except OSError:  # a full disk, where the log is to go as well
            print(f"error: {sentence}", flush=True)
        sys.exit(1)


def allowed(value: object, choices: Iterable[object]) -> str:
    """`allowed: a, b, c`, headed by the nearest match if there is one; long lists are cut to the nearest."""
    names = [str(choice) for choice in choices]
    near = difflib.get_close_matches(str(value), names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    if not names:
        return hint + "none is allowed here"
    shown = names if len(names) <= 24 else difflib.get_close_matches(str(value), names, n=10, cutoff=0)
    return f"{hint}allowed: {', '.join(shown)}{', …' if len(shown) < len(names) else ''}"
