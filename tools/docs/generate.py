"""Make the parts of the documentation that follow from the code: reference tables, diagrams, messages, API pages.

`make docs` calls it before the site is built; what it writes isn't kept in git.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import api
import diagrams
import mistakes
import reference

from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/generated", help="folder of fragments and diagrams")
    parser.add_argument("--api", type=Path, default=ROOT / "docs/api", help="folder of the API's pages")
    arguments = parser.parse_args()
    parts = {arguments.out: [reference.files, diagrams.files, mistakes.files], arguments.api: [api.files]}
    for folder, makers in parts.items():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for maker in makers:
            for name, text in maker(ROOT).items():
                (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    guarded(main)
