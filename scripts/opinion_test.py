"""Write the page of a study's opinion test, index.html, with its images beside it.

The plan is a JSON object: image sets with their parts, and the test's settings (`opinion_test` in
study/planning/payloads.py).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import readers
from study.core.errors import guarded
from study.opinions import build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--plan", required=True, metavar="FILE", help="the study's image sets and the test's settings (JSON)")
    add("--rd", type=Path, required=True, help="rd.csv of the study, from aggregate.py")
    add("--results", type=Path, default=Path("results"), help="folder of the records (default: results)")
    add("--out", type=Path, required=True, help="page to write (index.html)")
    arguments = parser.parse_args()
    rows = readers.table(arguments.rd, "scripts/aggregate.py")
    build.build(readers.plan(arguments.plan), rows, arguments.results, arguments.out)


if __name__ == "__main__":
    guarded(main)
