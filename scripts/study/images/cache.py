"""Downloads: from a mirror folder, else from a cache shared by all checkouts, else from the URL, always verified.

A mirror is a folder that the user fills (config key `mirror`, or the environment variable STUDY_MIRROR). A file in it
that has another sha256 than wanted is never used: that is told, and the search goes on.

The cache is a folder of the user (environment variable STUDY_CACHE, else image-compression-study in XDG_CACHE_HOME or
~/.cache):

    sha256/<sha256 of the content>       whole files; each is hashed again whenever it is used
    urls/<sha256 of the URL>             the sha256 of what the URL gave, for URLs without a full hash of their own
    partial/<key>, partial/<key>.lock    a download under way; the lock lets one process at a time work on it

A download with a full hash goes on where an earlier one, even of a killed process, broke off. One without starts anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.core.paths import cache_folder
from study.images.http import PATIENT, DownloadError, Patience, download

_CACHE_REMEDY = "free some space, correct the rights, or name another folder in the environment variable STUDY_CACHE"


def on_stderr(message: str) -> None:
    """Tell the user on stderr."""
    print(message, file=sys.stderr, flush=True)


def mirror_folder(given: str | Path | None = None) -> Path | None:
    """The mirror: `given`, else the environment variable STUDY_MIRROR, else None.

    Raises StudyError if it is named but is no folder.
    """
    name = given or os.environ.get("STUDY_MIRROR")
    if not name:
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        origin = "the key `mirror`" if given else "the environment variable STUDY_MIRROR"
        raise StudyError(f"mirror {folder} is not a folder; correct {origin}, or leave it out to download")
    return folder


def fetch(
    url: str,
    destination: str | Path,
    sha256: str | None = None,
    *,
    mirror: str | Path | None = None,
    cache: str | Path | None = None,
    names: Iterable[str] = (),
    patience: Patience = PATIENT,
    tell: Callable[[str], None] = on_stderr,
) -> str:
    """Put the file at `url` (http or https) at `destination` and return its sha256.

    `sha256` is the digest or the first 8 or more digits of it, None where nobody published one: then a file that the
    server itself cuts short can't be told. `names` are paths relative to the mirror where the file may lie, by default
    the last part of the URL. The destination is written whole or not at all.
    Raises StudyError, which says what to get, from where, and where to put it.
    """
    source = local_copy(url, sha256, mirror=mirror, cache=cache, names=names, patience=patience, tell=tell)
    with _writing(destination, "free some space or correct the rights"), atomic_io.replacing(destination) as temporary:
        shutil.copyfile(source, temporary)
        digest = readers.sha256(temporary)
        if not digest.startswith(_checked(sha256)):
            raise StudyError(f"{source} changed while it was copied to {destination}; start again")
    return digest


def local_copy(
    url: str,
    sha256: str | None = None,
    *,
    mirror: str | Path | None = None,
    cache: str | Path | None = None,
    names: Iterable[str] = (),
    patience: Patience = PATIENT,
    tell: Callable[[str], None] = on_stderr,
) -> Path:
    """A verified copy of the file at `url` in the mirror or the cache, downloaded if neither has it; as `fetch`.

    Raises StudyError.
    """
    wanted, last_part = _checked(sha256), _last_part(url)
    names = list(names) or [last_part]
    mirror, cache = mirror_folder(mirror), cache_folder(cache)
    local = _in_mirror(mirror, names, wanted, tell) or _in_cache(cache, url, wanted, tell)
    if local:
        return local
    key = wanted if len(wanted) == 64 else _key(url)
    with _writing(cache), _locked(cache / "partial" / key, url, tell) as partial:
        local = _in_cache(cache, url, wanted, tell)
        if local:
            return local
        if len(wanted) < 64:
            partial.unlink(missing_ok=True)
        try:
            digest = download(url, partial, wanted, patience, tell)
        except DownloadError as error:
            raise StudyError(_advice(url, str(error), mirror, names, wanted)) from error
        whole = cache / "sha256" / digest
        whole.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(whole)
        if len(wanted) < 64:
            atomic_io.write_text(cache / "urls" / _key(url), digest + "\n")
        return whole


def _in_mirror(mirror: Path | None, names: list[str], sha256: str, tell: Callable[[str], None]) -> Path | None:
    for name in names if mirror else ():
        path = mirror / name
        if not path.is_file():
            continue
        with _reading(path):
            digest = readers.sha256(path)
        if digest.startswith(sha256):
            return path
        tell(f"warning: {path} in the mirror is not used: it has sha256 {digest}, not {sha256}")
    return None


def _in_cache(cache: Path, url: str, sha256: str, tell: Callable[[str], None]) -> Path | None:
    digest = sha256
    if len(sha256) < 64:
        entry = cache / "urls" / _key(url)
        with _reading(entry):
            digest = entry.read_text(errors="replace").strip() if entry.exists() else ""
        if not re.fullmatch("[0-9a-f]{64}", digest) or not digest.startswith(sha256):
            return None
    path = cache / "sha256" / digest
    with _reading(path):
        if not path.is_file():
            return None
        if readers.sha256(path) == digest:
            return path
    tell(f"warning: {path} in the cache is damaged and is downloaded again")
    with _writing(path):
        path.unlink(missing_ok=True)
    return None


@contextlib.contextmanager
def _locked(partial: Path, url: str, tell: Callable[[str], None]) -> Iterator[Path]:
    """Hold the lock of a download; the lock ends with the process that holds it, however that ends."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    with partial.with_name(partial.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"{url}: waiting for another process that is downloading it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield partial


@contextlib.contextmanager
def _writing(path: str | Path, remedy: str = _CACHE_REMEDY) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StudyError(f"can't write {error.filename or path}: {error.strerror or error}; {remedy}") from error


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror or error}") from error


def _advice(url: str, reason: str, mirror: Path | None, names: list[str], sha256: str) -> str:
    lines = [f"can't download {url}: {reason}"]
    digest = f" (sha256 {sha256}{'' if len(sha256) == 64 else '...'})" if sha256 else ""
    if mirror:
        lines.append(f"  Start again later, or get the file{digest} elsewhere and put it at {mirror / names[0]}.")
    else:
        lines.append(
            f"  Start again later, or get the file{digest} elsewhere, put it at {names[0]} in a folder of "
            "yours, and name that folder in the config key `mirror` or the environment variable STUDY_MIRROR."
        )
    return "\n".join(lines)


def _last_part(url: str) -> str:
    """The last part of the URL's path, or the host where there is none; raises for what is no URL of the web."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return PurePosixPath(parts.path).name or parts.hostname
    raise StudyError(f"URL {url!r} can't be downloaded; allowed: http://host/path and https://host/path")


def _checked(sha256: str | None) -> str:
    digest = (sha256 or "").lower()
    if digest and not re.fullmatch("[0-9a-f]{8,64}", digest):
        raise StudyError(f"sha256 {sha256!r} is not 8 to 64 hexadecimal digits")
    return digest


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
