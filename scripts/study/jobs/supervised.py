"""What jobs share whose images are worked on in supervised processes (`core.isolation`)."""

from __future__ import annotations

import errno
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from study.codecs.base import Codec
from study.core import outcome
from study.core.errors import CodecError, StudyError, WriteError

ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit)  # what ends a process
_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # no fault of a cell, and another cell would have it too


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


def attempted(call: Callable[[], dict]) -> dict:
    """What a call says of a cell, or why the cell has no value, whatever a codec or a metric raises.

    Raises WriteError, and an OSError of a full or read-only disk: the run is to stop then. The working folder, which a
    codec may change and which every path of a job is relative to, is the same afterwards.
    """
    try:
        with same_folder():
            return call()
    except (WriteError, *ENDS):
        raise
    except CodecError as error:
        return outcome.without(outcome.REFUSED, error)
    except StudyError as error:
        return outcome.without(outcome.FAILED, error)
    except BaseException as error:  # a panic of a Rust library is no Exception
        if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
            raise
        traceback.print_exc()  # for who writes the codec: in the job's log
        return outcome.without(outcome.FAILED, f"{type(error).__name__}: {' '.join(str(error).split())[:500]}")


@contextmanager
def same_folder() -> Iterator[None]:
    """Come back to the working folder."""
    here = os.open(".", os.O_RDONLY)
    try:
        yield
    finally:
        os.fchdir(here)
        os.close(here)


def quietly(call: Callable[[], object]) -> None:
    """Make a call only for what a codec loads at its first one."""
    with warnings.catch_warnings(), same_folder():
        warnings.simplefilter("ignore")
        try:
            call()
        except ENDS:
            raise
        except BaseException:  # the call that counts will tell
            return


def check_bitstream(data: object) -> None:
    """Raise StudyError for what is no bitstream, or an empty one."""
    if not isinstance(data, bytes) or not data:
        actual = "an empty bitstream" if isinstance(data, bytes) else f"{type(data).__name__} as its bitstream"
        raise StudyError(f"the encoder gave {actual}; a codec's `encode` gives bytes, at least one")
