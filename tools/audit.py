"""Audit a study's determinism: what of each codec is bit-exact, as a table and as results/studies/<study>/audit.csv.

Every codec encodes an image twice, and other processes with other thread counts encode and decode it once more; where
the study has been run, its bitstreams and images are compared, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import atomic_io, errors, paths, readers, results
from study.core.cell import Cell
from study.jobs import determinism

if TYPE_CHECKING:
    from study.planning.cells import Plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", type=Path, default=Path("config.yaml"), help="study (default: %(default)s)")
    parser.add_argument("--images", type=int, default=1, help="of each image set, the first (default: %(default)s)")
    parser.add_argument(
        "--qualities", type=int, default=3, help="of each codec, from lowest to highest; 0 for all (%(default)s)"
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 3], help="thread counts beside 1 (default: 2 3)")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        determinism.answer()
        return
    from study.planning import environment

    study = planned(arguments.configfile)
    rows = []
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        for codec in study.codecs:
            chosen = list(cells(study, codec, arguments.qualities, arguments.images))
            python = environment.python(study.environment(codec))
            python = python if python == "python" else str(paths.ROOT / python)
            rows.append(determinism.row(codec, study.codecs[codec], python, chosen, arguments.threads, Path(folder)))
            print(f"{codec}: {in_words(rows[-1])}", flush=True)
    out = Path(results.study(study.name), "audit.csv")
    atomic_io.write_rows(out, determinism.COLUMNS, rows)
    print(f"\n{table(rows)}\n\n{out}")


def planned(configfile: Path) -> Plan:
    """The study's plan. Raises StudyError for a config that means nothing."""
    from study.core import readers
    from study.planning import cells as planning_cells
    from study.planning import config, environment

    checked = config.checked(readers.read_yaml(configfile), str(configfile))
    environment.prepare(checked)
    return planning_cells.Plan(checked)


def cells(study: Plan, codec: str, qualities: int, images: int) -> Iterable[determinism.Cell]:
    """The cells of a codec to audit, with what the study has of them."""
    for part in study.part_names():
        record = Path(results.images(part))
        if not record.is_file():
            raise errors.StudyError(f"there are no images to audit: {record} is missing; run the study first")
        for quality in spread(study.qualities[codec], qualities):
            weights = study.weights(codec, str(quality))
            weights = weights and str(paths.resolved(weights))
            cell = Cell(part, part, codec, str(quality))
            bitstreams, decoded = kept(Path(cell.encoded())), kept(Path(cell.decoded()))
            for row in readers.read_rows(record)[:images]:
                name = row["image"]
                image = str(record.parent / row["file"])
                yield determinism.Cell(quality, image, weights, bitstreams.get(name), decoded.get(name))


def kept(record: Path) -> dict[str, str]:
    """The files that a record tells of and that are there, by image."""
    rows = readers.read_rows(record) if record.is_file() else []
    files = {row["image"]: record.parent / row["file"] for row in rows if row["file"]}
    return {image: str(path) for image, path in files.items() if path.is_file()}


def spread(chosen: Sequence, count: int) -> list:
    """So many of the qualities, from the first to the last."""
    if count in (0, 1) or count >= len(chosen):
        return list(chosen[:1] if count == 1 else chosen)
    return [chosen[round(index * (len(chosen) - 1) / (count - 1))] for index in range(count)]


def in_words(row: Mapping) -> str:
    """A row in words: exact, or what is not."""
    return row["reason"] or "bit-exact"


def table(rows: Sequence[Mapping]) -> str:
    """The rows for a terminal, and below what the columns mean."""
    names = [name for name in determinism.COLUMNS if name != "reason"]
    lines = [names, *([str(row[name]) if row[name] is not None else "-" for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    shown = ["  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join([*shown, "", *(f"{name}: {meaning}" for name, meaning in determinism.CHECKS.items())])


if __name__ == "__main__":
    errors.guarded(main)
