"""Reading what a command is given: a table of the study, and a plan as JSON."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from collections.abc import Collection
from pathlib import Path

from study.core import readers
from study.core.errors import StudyError
from study.core.outcome import AGAIN

_COUNT = re.compile("[1-9][0-9]{0,6}")
_COUNTED = ("width", "height", "channels", "z_channels")


def table(path: Path, maker: str) -> list[dict[str, str]]:
    """The rows of a CSV table. Raises StudyError, which names the script that writes it, where it can't be read."""
    try:
        return readers.read_rows(path)
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; {maker} writes it") from None


def number(text: str) -> int | float | str:
    """A quality as it was in the config: a whole number, a number, or a name."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def plan(path: str) -> dict:
    """The JSON object in a file, or on standard input for `-`. Raises StudyError for anything else."""
    try:
        content = json.loads(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"can't read the plan {path}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise StudyError(f"the plan {path} is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise StudyError(f"a plan must be a JSON object; found {type(content).__name__}")
    return content


def read_yaml(path: str | Path, numeric_keys: bool = False) -> dict:
    """The mapping in a YAML file, read strictly (see `strict_yaml`). Raises StudyError for anything else."""
    from study.core import strict_yaml  # and with it a library that most jobs do without

    content = strict_yaml.read(path, numeric_keys)
    if content is not None and not isinstance(content, dict):
        raise StudyError(f"{path} must hold keys and values; found a {type(content).__name__}")
    if "__use_yte__" in (content or {}):
        raise StudyError(f"{path}: __use_yte__ would have Snakemake run the file as code; a study is data alone")
    return content or {}


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """Read a CSV table as a list of rows, every cell a string. Raises StudyError for a file that is no such table."""
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise StudyError(
            f"{path} is no table (CSV) of the study: not text in UTF-8 (byte {byte:#04x}); give the record that a "
            "job of the study wrote, such as results/images/<set>/images.csv"
        ) from None
    except csv.Error as error:
        raise StudyError(f"{path} is no table (CSV) of the study: {' '.join(str(error).split())}") from None


def read_record(path: str | Path, columns: Collection[str]) -> list[dict[str, str]]:
    """The rows of a job's record: each has `columns`, each its own `image`, and `file` is a name beside the record.

    Raises StudyError, which says what to do, for one that was edited, cut short or written by another version.
    """
    rows, seen = read_rows(path), set()
    for number, row in enumerate(rows, start=1):
        where = f"{path}: row {number}"
        lacking = [column for column in columns if row.get(column) is None]
        if lacking or None in row:
            fault = f"lacks {', '.join(lacking)}" if lacking else "has more cells than columns"
            raise StudyError(f"{where} {fault}: cut short, of another version, or no record of that kind; {AGAIN}")
        name = row.get("file") or ""
        if name in (".", "..") or "/" in name or "\0" in name:
            raise StudyError(f"{where} names the file {name!r}; allowed: a name beside the record; {AGAIN}")
        for column in _COUNTED:
            if column in columns and row[column] and not _COUNT.fullmatch(row[column]):
                raise StudyError(f"{where} has the {column} {row[column]!r}; allowed: a whole number above 0; {AGAIN}")
        if "image" in row:
            if row["image"] in seen or not row["image"] or "/" in row["image"]:
                raise StudyError(f"{where} has the image {row['image']!r}: none, twice, or no name; {AGAIN}")
            seen.add(row["image"])
    return rows


def sha256(path: str | Path) -> str:
    """The sha256 of a file as 64 hex digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
