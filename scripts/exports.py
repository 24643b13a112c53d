"""Write a study's results for other tools: CompressAI's plot, codec-compare, LaTeX (BD-rates) and BibTeX.

The plan is a JSON object with the keys `sets` (for each image set the folder of each image), `metrics`, `bd` (whether
the study has a bd.csv) and `commands` (for each codec those that `encode` and `decode`, with ${folder} and ${quality}).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from study.core import atomic_io, paths, readers
from study.core.errors import guarded
from study.exports import bibtex, codec_compare, compressai, latex
from study.metrics.registry import REGISTRY


def texts(study: Path, plan: dict, references: Path) -> Iterator[tuple[str, str]]:
    """The path of every export in the study's folder of exports, and its content."""
    maker = "scripts/aggregate.py"
    known, means, rd = (readers.table(study / f"{name}.csv", maker) for name in ("codecs", "means", "rd"))
    metrics = {name: f"{name}: {REGISTRY[name].definition}" for name in plan["metrics"]}
    for image_set, parts in plan["sets"].items():
        batches = {}
        for codec in known:
            name = codec["codec"]
            mine = [
                [row for row in rows if (row["image_set"], row["codec"]) == (image_set, name)] for rows in (means, rd)
            ]
            yield f"compressai/{image_set}/{name}.json", as_json(compressai.results(codec, mine[0], list(metrics)))
            batches[name] = codec_compare.batch(codec, image_set, mine[1], metrics, parts, plan["commands"][name])
            yield f"codec-compare/{image_set}/{name}.json", as_json(batches[name])
        yield f"codec-compare/{image_set}.json", as_json(codec_compare.listing(image_set, batches))
    if plan["bd"]:
        labels = {codec["codec"]: codec["label"] for codec in known}
        yield "bd_rate.tex", latex.tables(readers.table(study / "bd.csv", "scripts/bd_rate.py"), labels)
    citations = readers.read_yaml(references / "citations.yaml")
    wanted = bibtex.keys(citations, known, plan["metrics"], plan["sets"])
    yield "papers.bib", bibtex.bibliography((references / "papers.bib").read_text(encoding="utf-8"), wanted)


def as_json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", type=Path, required=True, help="the study's folder, with its tables")
    parser.add_argument("--plan", required=True, metavar="FILE", help="what the study has (JSON)")
    parser.add_argument("--references", type=Path, default=paths.REFERENCES, help="folder of papers.bib")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()
    for path, text in texts(arguments.study, readers.plan(arguments.plan), arguments.references):
        atomic_io.write_text(arguments.out / path, text)


if __name__ == "__main__":
    guarded(main)
