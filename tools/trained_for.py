"""Which metric prefers codecs that were trained for MS-SSIM to those trained for MSE? From a finished study's rd.csv.

Codecs whose ids differ in `-msssim` and `-mse` alone are compared at equal rate on every image
(`rank_agreement.preferred`). With `--cells`, cells are compared instead, image by image, whatever their rates: a codec
that decodes the payload of another, say. Prints a table of Markdown; the documentation includes some.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import rank_agreement
from study.core import readers
from study.core.errors import StudyError, allowed, guarded
from study.metrics import registry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rd", type=Path, help="a study's table (results/studies/<study>/rd.csv), of one image set")
    parser.add_argument(
        "--cells", nargs=2, action="append", metavar="CODEC/QUALITY", help="two cells to compare; may be given again"
    )
    parser.add_argument("--out", type=Path, help="file to write the table to")
    arguments = parser.parse_args()
    rows = readers.read_rows(arguments.rd)
    text = table_of_cells(rows, arguments.cells) if arguments.cells else table(rows)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def table(rows: list[dict[str, str]]) -> str:
    """The table of Markdown from rows of rd.csv. Raises StudyError without a pair, or for several image sets."""
    metrics = measured(rows)
    codecs = {row["codec"] for row in rows}
    first = sorted(name for name in codecs if "-msssim" in name and name.replace("-msssim", "-mse") in codecs)
    if not first:
        raise StudyError("no two codecs of rd.csv have ids that differ in -msssim and -mse alone: nothing to compare")
    pairs = [(name, name.replace("-msssim", "-mse")) for name in first]
    counts = {name: of for name, of in rank_agreement.preferred(rows, metrics, pairs).items() if of[1]}
    if not counts:
        raise StudyError("the codecs of a pair share no rate: nothing to compare")
    rates = ", ".join(f"{rate:g}" for rate in rank_agreement.RATES)
    names = ", ".join(f"`{second.replace('-mse', '-*')}`" for _, second in pairs)
    note = f"Images: {images(rows)}. Codecs: {names}. At {rates} bpp, where the curves of both reach."
    return markdown("MS-SSIM-trained better", counts) + f"\n\n{note}\n"


def table_of_cells(rows: list[dict[str, str]], pairs: list[list[str]]) -> str:
    """The table of Markdown of pairs of cells, `codec/quality`. Raises StudyError for one that rd.csv lacks."""
    cells: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        cells.setdefault(f"{row['codec']}/{row['quality']}", {})[row["image"]] = row
    for name in (name for pair in pairs for name in pair):
        if name not in cells:
            raise StudyError(f"rd.csv has no cell {name!r}; {allowed(name, cells)}")
    counts, ratios = {}, []
    for metric in measured(rows):
        sign = registry.entry(metric).sign
        gains = [
            sign * (float(row[metric]) - float(cells[second][image][metric]))
            for first, second in pairs
            for image, row in cells[first].items()
            if row[metric] and cells[second][image][metric]
        ]
        if gains:
            counts[metric] = (sum(gain > 0 for gain in gains), len(gains))
    for first, second in pairs:
        bits = [sum(int(row["bytes"]) for row in cells[name].values() if row["bytes"]) for name in (first, second)]
        ratios.append(f"`{first}` against `{second}` ({100 * (bits[0] / bits[1] - 1):+.1f} % of the bytes)")
    return markdown("the first better", counts) + f"\n\nImages: {images(rows)}. {', '.join(ratios)}.\n"


def measured(rows: list[dict[str, str]]) -> list[str]:
    """The metrics of rows of rd.csv. Raises StudyError for several image sets."""
    if len({row["image_set"] for row in rows}) != 1:
        raise StudyError("rd.csv must be of one image set; compare each by itself")
    return [name for name in registry.REGISTRY if name in rows[0]]


def images(rows: list[dict[str, str]]) -> int:
    """How many images the rows are of."""
    return len({row["image"] for row in rows})


def markdown(head: str, counts: dict[str, tuple[int, int]]) -> str:
    """The lines of a table: metrics with how often the first was better, of how many comparisons."""
    lines = [f"| metric | {head} | of | share |", "| --- | --- | --- | --- |"]
    for name, (wins, known) in sorted(counts.items(), key=lambda item: -item[1][0] / item[1][1]):
        lines.append(f"| `{name}` | {wins} | {known} | {100 * wins / known:.0f} % |")
    return "\n".join(lines)


if __name__ == "__main__":
    guarded(main)
