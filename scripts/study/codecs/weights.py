"""Files of weights: downloaded once, checked, and verified ever after against a record of all that were downloaded.

Most publishers state no sha256 of their weights. So the first download of a URL is trusted if the file is whole as far
as its format tells, and its sha256 is written to the record, a text file with a line `<sha256>  <URL>` for each.
From then on another file is refused, wherever it comes from. Committed, the record holds for everybody.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from study.core.errors import StudyError
from study.core.paths import ROOT, cache_folder
from study.images import cache as images_cache
from study.images.http import PATIENT, Patience

RECORD = ROOT / "models" / "published.sha256"


def obtain(
    url: str,
    out: str | Path,
    sha256: str | None = None,
    *,
    check: Callable[[Path], None] | None = None,
    record: str | Path = RECORD,
    mirror: str | Path | None = None,
    cache: str | Path | None = None,
    patience: Patience = PATIENT,
) -> str:
    """Put the weights at `url` at `out` and return their sha256, which the record then has.

    `sha256` is what the publisher states: the digest or the start of it. `check` is called with the path of the file
    before anybody else sees it and raises StudyError for one that isn't whole. In the mirror the file may lie as
    `<name>` or `weights/<name>`. Raises StudyError, and keeps nothing, where there is no such file.
    """
    record, name = Path(record), url.rsplit("/", 1)[-1]
    recorded = _read(record).get(url)
    if recorded and sha256 and not recorded.startswith(sha256.lower()):
        raise StudyError(
            f"{record} has sha256 {recorded} for {url}, whose publisher states {sha256}; correct the record"
        )
    places: dict[str, Any] = {
        "mirror": mirror,
        "cache": cache,
        "names": (name, f"weights/{name}"),
        "patience": patience,
    }
    wanted = recorded or sha256
    try:
        source = images_cache.local_copy(url, wanted, **places)
    except StudyError as error:
        hint = f"\n  The sha256 is that of an earlier download, by {record}." if recorded else ""
        raise StudyError(f"{error}{hint}") from None
    if check is not None and not recorded:
        _checked(check, source, cache)
    digest = images_cache.fetch(url, out, wanted, **places)
    if not recorded:
        _add(record, url, digest)
    return digest


def _checked(check: Callable[[Path], None], source: Path, cache: str | Path | None) -> None:
    try:
        check(source)
    except StudyError:
        if source.is_relative_to(cache_folder(cache)):
            source.unlink(missing_ok=True)
        raise


def _read(record: Path) -> dict[str, str]:
    if not record.is_file():
        return {}
    return _parsed(record.read_text(encoding="utf-8"), record)


def _parsed(text: str, record: Path) -> dict[str, str]:
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    if any(len(line) != 2 or len(line[0]) != 64 for line in lines):
        raise StudyError(f"{record} is damaged: each line must be a sha256 of 64 digits and a URL")
    return {url: digest for digest, url in lines}


def _add(record: Path, url: str, digest: str) -> None:
    """Add a line to the record, or raise if another process has recorded another file in the meantime."""
    record.parent.mkdir(parents=True, exist_ok=True)
    with record.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = _parsed(file.read(), record).get(url)
        if known is None:
            file.write(f"{digest}  {url}\n")
        elif known != digest:
            raise StudyError(
                f"{url} gave sha256 {digest}, and to another process at the same time {known}: start again"
            )
