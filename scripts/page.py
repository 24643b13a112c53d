"""Make the page to browse a study, index.html, with images and bitstreams beside it.

The plan is a JSON object: what the study consists of, its commands, hashes and files
(`page` in study/planning/payloads.py).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import readers
from study.core.errors import guarded
from study.page import build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--plan", required=True, metavar="FILE", help="what the study consists of (JSON)")
    add("--results", type=Path, default=Path("results"), help="folder of the records (default: results)")
    add("--out", type=Path, required=True, help="page to write, in the study's folder (index.html)")
    arguments = parser.parse_args()
    build.build(readers.plan(arguments.plan), arguments.results, arguments.out)


if __name__ == "__main__":
    guarded(main)
