"""Reading what a command is given: a table of the study, and a plan as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from study import files
from study.errors import StudyError


def table(path: Path, maker: str) -> list[dict[str, str]]:
    """The rows of a CSV table. Raises StudyError, which names the script that writes it, where it can't be read."""
    try:
        return files.read_rows(path)
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
