"""Which metric prefers codecs that were trained for MS-SSIM to those trained for MSE? From a finished study's rd.csv.

Codecs whose ids differ in `-msssim` and `-mse` alone are compared at equal rate on every image
(`rank_agreement.preferred`). Prints a table of Markdown; the documentation includes the one of the Kodak study.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import rank_agreement
from study.core import readers
from study.core.errors import StudyError, guarded
from study.metrics import registry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rd", type=Path, help="a study's table (results/studies/<study>/rd.csv), of one image set")
    parser.add_argument("--out", type=Path, help="file to write the table to")
    arguments = parser.parse_args()
    text = table(readers.read_rows(arguments.rd))
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def table(rows: list[dict[str, str]]) -> str:
    """The table of Markdown from rows of rd.csv. Raises StudyError without a pair, or for several image sets."""
    if len({row["image_set"] for row in rows}) != 1:
        raise StudyError("rd.csv must be of one image set; compare each by itself")
    metrics = [name for name in registry.REGISTRY if name in rows[0]]
    codecs = {row["codec"] for row in rows}
    first = sorted(name for name in codecs if "-msssim" in name and name.replace("-msssim", "-mse") in codecs)
    if not first:
        raise StudyError("no two codecs of rd.csv have ids that differ in -msssim and -mse alone: nothing to compare")
    pairs = [(name, name.replace("-msssim", "-mse")) for name in first]
    found = {name: of for name, of in rank_agreement.preferred(rows, metrics, pairs).items() if of[1]}
    if not found:
        raise StudyError("the codecs of a pair share no rate: nothing to compare")
    images = len({row["image"] for row in rows})
    lines = ["| metric | MS-SSIM-trained better | of | share |", "| --- | --- | --- | --- |"]
    for name, (wins, known) in sorted(found.items(), key=lambda item: -item[1][0] / item[1][1]):
        lines.append(f"| `{name}` | {wins} | {known} | {100 * wins / known:.0f} % |")
    rates = ", ".join(f"{rate:g}" for rate in rank_agreement.RATES)
    names = ", ".join(f"`{second.replace('-mse', '-*')}`" for _, second in pairs)
    told = f"Images: {images}. Codecs: {names}. At {rates} bpp, where the curves of both reach."
    return "\n".join(lines) + f"\n\n{told}\n"


if __name__ == "__main__":
    guarded(main)
