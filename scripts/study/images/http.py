"""Downloading one file from a web server that may fail: tries again, and goes on where it broke off."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from study.core import readers

if TYPE_CHECKING:
    import requests

_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
_BLOCK = 2**16


@dataclass(frozen=True)
class Patience:
    """How long to try: `tries` in a row without 1 MiB of progress, waiting `wait` s, doubled up to `longest_wait` s.

    A server's Retry-After is kept up to `longest_wait`; beyond that the download fails. `connect` and `stall` are the
    seconds without a connection and without data after which a try counts as broken; `slowest` is the rate in bytes
    per second under which a connection counts as stalled; `largest` is the greatest size of a file in bytes.
    """

    tries: int = 5
    wait: float = 1.0
    longest_wait: float = 60.0
    connect: float = 20.0
    stall: float = 30.0
    slowest: float = 200.0
    largest: int = 8 * 2**30


PATIENT = Patience()


class DownloadError(Exception):
    """A download that no further try will mend."""


def download(url: str, partial: Path, sha256: str, patience: Patience, tell: Callable[[str], None]) -> str:
    """Bring the file at `url` to `partial` and return its sha256, which begins with `wanted`.

    What `partial` holds already is taken as the file's beginning. `tell` gets a line for every try that broke, every
    5 s of a long download, and at the end. Raises DownloadError with the reason; what came so far is kept.
    """
    transfer = _Transfer(url, partial, sha256, patience, tell)
    failures, mismatches, began = 0, 0, time.monotonic()
    furthest = transfer.size()
    while True:
        try:
            _attempt(transfer)
            digest = readers.sha256(transfer.partial)
            if digest.startswith(transfer.wanted):
                break
            mismatches += 1
            transfer.restart()
            reason = f"it has sha256 {digest}, not {transfer.wanted}: another file, or one damaged on the way"
            if mismatches > 1:
                raise DownloadError(f"{reason} (downloaded twice)")
            raise _TransientError(reason)
        except _TransientError as error:
            failures = 1 if transfer.size() - furthest >= 2**20 else failures + 1
            furthest = max(furthest, transfer.size())
            if failures >= patience.tries:
                raise DownloadError(f"{error} ({failures} tries)") from error
            pause = min(patience.wait * 2 ** (failures - 1), patience.longest_wait) * random.uniform(1, 1.25)
            if error.pause is not None:
                if error.pause > patience.longest_wait:
                    raise DownloadError(f"{error}; the server asks to wait {error.pause:.0f} s") from error
                pause = error.pause
            transfer.tell(f"{transfer.url}: {error}; again in {pause:.0f} s")
            time.sleep(pause)
    size = transfer.size()
    transfer.tell(f"{transfer.url}: {size:,} bytes in {time.monotonic() - began:.1f} s")
    return digest


@dataclass
class _Transfer:
    """One download and what is known of it so far."""

    url: str
    partial: Path
    wanted: str
    patience: Patience
    tell: Callable[[str], None]
    total: int | None = None
    validator: str | None = None
    reported: float = field(default_factory=time.monotonic)

    def size(self) -> int:
        return self.partial.stat().st_size if self.partial.exists() else 0

    def restart(self) -> None:
        self.partial.unlink(missing_ok=True)
        self.total = self.validator = None


class _TransientError(Exception):
    """A try that broke; another may do better, after `pause` seconds if the server says so."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def _attempt(transfer: _Transfer) -> None:
    """One request, which goes on where the last broke off; raises unless the file is whole afterwards."""
    import requests  # slow to import, and seldom needed
    import urllib3

    start = transfer.size()
    if transfer.total is not None and start == transfer.total:
        return
    headers = {"Accept-Encoding": "identity", "User-Agent": "image-compression-study"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if transfer.validator:
            headers["If-Range"] = transfer.validator
    timeout = (transfer.patience.connect, transfer.patience.stall)
    try:
        with requests.get(transfer.url, headers=headers, stream=True, timeout=timeout) as response:
            if response.status_code == 416 and _whole_already(transfer, response.headers, start):
                return
            begin = _begin(transfer, response, start)
            _receive(transfer, response.raw.read1, begin)
    except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise DownloadError(_cause(error)) from error
        raise _TransientError(_cause(error)) from error
    except (requests.RequestException, ValueError) as error:
        raise DownloadError(_cause(error)) from error


def _whole_already(transfer: _Transfer, headers: Mapping[str, str], start: int) -> bool:
    """Whether a 416 means that all bytes are here; if not, drop them and raise."""
    if headers.get("Content-Range", "").replace(" ", "") == f"bytes*/{start}":
        return True
    transfer.restart()
    raise _TransientError(f"the server has no byte {start:,} (HTTP 416)")


def _begin(transfer: _Transfer, response: requests.Response, start: int) -> int:
    """The offset at which the answer's bytes begin; raises for an answer that is no file."""
    status = response.status_code
    if status in _TRANSIENT:
        raise _TransientError(f"HTTP {status} {response.reason}", _retry_after(response.headers.get("Retry-After")))
    if status not in (200, 206):
        raise DownloadError(f"HTTP {status} {response.reason}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise DownloadError(f"the server sends it encoded as {response.headers['Content-Encoding']}")
    length = response.headers.get("Content-Length", "")
    length = int(length) if length.isdigit() else None
    if status == 200:
        begin, total = 0, length
    else:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if not match or int(match[1]) != start:
            transfer.restart()
            raise _TransientError("the server sent another part than asked for")
        begin, total = start, transfer.total if match[2] == "*" else int(match[2])
    if begin and transfer.total not in (None, total):
        transfer.restart()
        raise _TransientError("the file changed on the server between two tries")
    transfer.total = total
    etag = response.headers.get("ETag", "")
    strong = etag if etag and not etag.startswith("W/") else None
    transfer.validator = strong or response.headers.get("Last-Modified")
    if (total or 0) > transfer.patience.largest:
        raise DownloadError(f"{total:,} bytes; at most {transfer.patience.largest:,} are taken")
    return begin


def _receive(transfer: _Transfer, read: Callable[[int], bytes], begin: int) -> None:
    """Write what the server sends from offset `begin` on, until it ends or stalls."""
    patience, size = transfer.patience, begin
    mark, marked = time.monotonic(), size
    with transfer.partial.open("r+b" if transfer.partial.exists() else "wb") as file:
        file.truncate(begin)
        file.seek(begin)
        while block := read(_BLOCK):
            file.write(block)
            size += len(block)
            if size > patience.largest:
                raise DownloadError(f"more than the {patience.largest:,} bytes that are taken")
            now = time.monotonic()
            if now - mark > patience.stall:
                if size - marked < patience.slowest * (now - mark):
                    raise _TransientError(f"stalled: {size - marked:,} bytes in {now - mark:.0f} s")
                mark, marked = now, size
            if now - transfer.reported > 5:
                transfer.reported = now
                transfer.tell(f"{transfer.url}: {size:,}{f' of {transfer.total:,}' if transfer.total else ''} bytes")


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait by a Retry-After header: a number of seconds or a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _cause(error: BaseException) -> str:
    """The innermost reason of a chain of network errors, in words."""
    while True:
        inner = getattr(error, "reason", None)
        inner = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
        if inner is None:
            break
        error = inner
    if type(error).__name__ == "IncompleteRead":
        return "the connection ended before the file did"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
