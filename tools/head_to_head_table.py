"""Print the head-to-head matrix of a finished study as Markdown: each codec against each, on the range that both cover.

A cell is the BD-rate of the row's codec against the column's in per cent (mean over the images of each image's, PCHIP);
below 0 the row's needs less rate. Bold: the 95 % interval excludes 0. ↺: the order is the other way round by BD-rates
against the study's first anchor. –: some image has no figure.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import head_to_head
from study.core import errors, readers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--study", type=Path, default=Path("results/studies/kodak"), help="folder of its tables (default: %(default)s)"
    )
    parser.add_argument("--metric", default="psnr_rgb", help="default: %(default)s")
    parser.add_argument("--codecs", nargs="+", metavar="ID", help="the matrix's codecs (default: all)")
    arguments = parser.parse_args()
    rows = readers.table(arguments.study / "head_to_head.csv", "scripts/head_to_head.py")
    anchor = readers.table(arguments.study / "bd.csv", "scripts/bd_rate.py")[0]["anchor"]
    mine = [row for row in rows if row["metric"] == arguments.metric]
    if not mine:
        known = dict.fromkeys(row["metric"] for row in rows)
        hint = errors.allowed(arguments.metric, known)
        raise errors.StudyError(f"head_to_head.csv has no metric {arguments.metric!r}; {hint}")
    if len(sets := dict.fromkeys(row["image_set"] for row in mine)) > 1:
        raise errors.StudyError(f"head_to_head.csv has {len(sets)} image sets ({', '.join(sets)}); a table needs one")
    for line in lines(mine, anchor, arguments.codecs):
        print(line)


def lines(rows: Sequence[Mapping[str, str]], anchor: str, chosen: Sequence[str] | None = None) -> Iterator[str]:
    """The matrix of the rows of one image set and metric, those that beat most others first, and what it says.

    Raises StudyError for a codec that isn't there.
    """
    rates = {(row["codec"], row["anchor"]): row for row in rows}
    known = list(dict.fromkeys(row["codec"] for row in rows))
    for name in chosen or ():
        if name not in known:
            raise errors.StudyError(f"head_to_head.csv has no codec {name!r}; {errors.allowed(name, known)}")
    turned = head_to_head.reversed_pairs(rows, anchor)
    shown = sorted(chosen or known, key=lambda codec: -_won(codec, rates, known))
    yield "| | " + " | ".join(f"{number}" for number in range(1, len(shown) + 1)) + " |"
    yield "| --- |" + " ---: |" * len(shown)
    for number, codec in enumerate(shown, start=1):
        cells = ["" if codec == other else _cell(rates[codec, other], turned) for other in shown]
        yield f"| {number} `{codec}` | " + " | ".join(cells) + " |"
    pairs = [(one, other) for number, one in enumerate(known) for other in known[number + 1 :]]
    ok = [pair for pair in pairs if rates[pair]["bd_rate"]]
    undecided = sum(not _decided(rates[pair]) for pair in ok)
    yield ""
    yield (
        f"Of all {len(pairs)} pairs of the study's {len(known)} codecs, {len(pairs) - len(ok)} have no figure, "
        f"{undecided} have an interval that holds 0, and {sum(pair in turned for pair in ok)} are ranked otherwise by "
        f"BD-rates against `{anchor}`."
    )


def _won(codec: str, rates: Mapping[tuple[str, str], Mapping[str, str]], known: Sequence[str]) -> int:
    cells = [rates[codec, other]["bd_rate"] for other in known if other != codec]
    return sum(float(cell) < 0 for cell in cells if cell)


def _cell(row: Mapping[str, str], turned: set[tuple[str, str]]) -> str:
    if not row["bd_rate"]:
        return "–"
    text = f"{float(row['bd_rate']):+.1f}".replace("-", "−")
    text = f"**{text}**" if _decided(row) else text
    return f"{text} ↺" if (row["codec"], row["anchor"]) in turned else text


def _decided(row: Mapping[str, str]) -> bool:
    ends = [row["bd_rate_lo"], row["bd_rate_hi"]]
    return all(ends) and float(ends[0]) * float(ends[1]) > 0


if __name__ == "__main__":
    errors.guarded(main)
