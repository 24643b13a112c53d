"""Reading what a command is given: a table of the study, and a plan as JSON."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path

from study.core import readers
from study.core.errors import StudyError


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
        found = json.loads(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"can't read the plan {path}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise StudyError(f"the plan {path} is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise StudyError(f"a plan must be a JSON object; found {type(found).__name__}")
    return found


def read_yaml(path: str | Path) -> dict:
    """The mapping in a YAML file. Raises StudyError for a file that isn't there or isn't a mapping."""
    import yaml  # which most jobs do without

    try:
        content = yaml.load(
            Path(path).read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise StudyError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if content is not None and not isinstance(content, dict):
        raise StudyError(f"{path} must hold keys and values; found a {type(content).__name__}")
    return content or {}


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """Read a CSV table as a list of rows, every cell a string."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sha256(path: str | Path) -> str:
    """The sha256 of a file as 64 hex digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
