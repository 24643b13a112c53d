"""Make the page to browse a study, index.html, with images and bitstreams beside it.

The plan is a JSON object: what the study consists of, its commands, hashes and files
(`Plan.page` in study/planning/cells.py).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from study.core.errors import StudyError, guarded
from study.page import build


def read_plan(path: str) -> dict:
    """The plan in a JSON file, or from standard input for `-`."""
    try:
        return json.loads(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"can't read the plan {path}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise StudyError(f"the plan {path} is not valid JSON: {error}") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--plan", default="-", help="JSON file that says what the study consists of; - (default) reads standard input")
    add("--results", type=Path, default=Path("results"), help="folder of the records (default: results)")
    add("--out", type=Path, required=True, help="page to write, in the study's folder (index.html)")
    arguments = parser.parse_args()
    build.build(read_plan(arguments.plan), arguments.results, arguments.out)


if __name__ == "__main__":
    guarded(main)
