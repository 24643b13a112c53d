"""Write down where, when and from what a study's records were made, and what this run made and reused.

The plan is a JSON object with the keys `sets` (for each image set its parts) and `codecs` (for each id an object with
its `qualities`); `config`, `code`, `scoring` and `locks` are written down as they are, others are ignored.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from study.analysis import provenance
from study.core import atomic_io, readers
from study.core.cell import Cell
from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--results", type=Path, default=Path("results"), help="folder of the records (default: results)")
    add("--plan", required=True, metavar="FILE", help="what the study consists of (JSON)")
    add("--out", type=Path, required=True, help="file to write (JSON)")
    arguments = parser.parse_args()
    plan = readers.plan(arguments.plan)
    parts = [part for listed in plan["sets"].values() for part in listed]
    cells = [
        Cell(image_set, part, codec, str(quality))
        for image_set, listed in plan["sets"].items()
        for part in listed
        for codec, entry in plan["codecs"].items()
        for quality in entry["qualities"]
    ]
    facts = provenance.facts(arguments.results, parts, cells, provenance.started())
    facts["images"] = provenance.image_hashes(arguments.results, plan["sets"])
    facts |= {key: plan[key] for key in ("config", "code", "scoring", "locks") if key in plan}
    atomic_io.write_text(arguments.out, json.dumps(facts, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    guarded(main)
