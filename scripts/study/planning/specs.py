"""What a job is to do, as a file: an argument of a command ends at 128 KiB on Linux.

A file is named by its content, so that it is never written again, a run that is under way keeps its own, and a job
reruns when its input has another name: when its content differs, whatever the dates of files. Each job's files have a
folder of their own: Snakemake lists the folder of a target's input once, and takes what is written there later for
missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from functools import cache
from pathlib import Path

from study.core import results, typed
from study.core.errors import StudyError, WriteError

SPACE = 4096  # bytes without which nothing begins


def write(whose: str, content: object) -> str:
    """The path of the file of a job's specification, which is written if it isn't there.

    `whose` tells people whose it is (codecs/jpeg, say), `content` is a mapping or a dataclass (`typed.plain`). Raises
    WriteError where it can't be written.
    """
    return _written(whose, json.dumps(typed.plain(content), ensure_ascii=False, allow_nan=False))


def prepare() -> None:
    """Make the folder of the specifications. Raises WriteError where nothing can be written into it."""
    folder = Path(results.spec("x")).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as tried:
            tried.write(bytes(SPACE))
    except OSError as error:
        raise WriteError(f"can't write {folder}: {error.strerror}; free some space or correct the rights") from None


def link_results(copies: str) -> None:
    """Have the folder of results be `copies`, a storage's local copies: commands then find them at their usual paths.

    Raises StudyError where there are results already that no storage holds, and WriteError.
    """
    folder = Path(results.FOLDER)
    if folder.is_dir() and not folder.is_symlink():
        raise StudyError(
            f"{folder}/ holds the results of runs without storage, and this run keeps its own in one: move the folder "
            "away, or work in another clone"
        )
    try:
        Path(copies).mkdir(parents=True, exist_ok=True)
        if folder.is_symlink() and folder.readlink() != Path(copies):
            folder.unlink()
        if not folder.is_symlink():
            folder.symlink_to(copies)
    except OSError as error:
        raise WriteError(f"can't link {folder}: {error.strerror}; free some space or correct the rights") from None


@cache
def _written(whose: str, text: str) -> str:
    path = Path(results.spec(f"{whose}/{hashlib.sha256(text.encode()).hexdigest()[:16]}"))
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Two runs that start at once write the same content, so neither may take away what the other one writes.
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
            os.close(handle)
            partial = Path(name)
            partial.write_text(text + "\n", encoding="utf-8")
            partial.chmod(0o644)
            partial.replace(path)
        except OSError as error:
            raise WriteError(f"can't write {path}: {error.strerror}; free some space or correct the rights") from None
    return str(path)
