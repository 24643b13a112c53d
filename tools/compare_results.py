"""Compare two results folders: is what was computed the same?

Images, bitstreams and decoded files are compared byte for byte; tables (scores and the records beside the files) by
value, row by row, without what is measured anew in every run. Columns of one side alone are listed, not counted as a
difference. Prints a table of the parts and the first differences of each; the exit status is 1 if there is any.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import errors, readers

PARTS = ("images", "bitstreams", "decoded", "scores", "edits", "latents")
MARK = ".snakemake_timestamp"  # which Snakemake puts into the folders of a run with a storage
# Seconds and bytes of memory of a job, and how often its files were made again.
MEASURED = {"encode_s", "decode_s", "encode_rss", "decode_rss", "peak_rss", "remade", "generation", "fetched"}


@dataclass
class Compared:
    """What the comparison of one part found."""

    part: str
    same: int = 0
    different: list[str] = field(default_factory=list)
    only_first: list[str] = field(default_factory=list)
    only_second: list[str] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        return not (self.different or self.only_first or self.only_second)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, help="a results folder")
    parser.add_argument("second", type=Path, help="another one, of the same study")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS, help="what to compare (default: all)")
    parser.add_argument("--show", type=int, default=5, help="differences to print of each part (default: %(default)s)")
    arguments = parser.parse_args()
    parts = [compare(arguments.first, arguments.second, part) for part in arguments.parts]
    print(report(parts, arguments.show))
    if not all(one.equal for one in parts):
        raise SystemExit(1)


def compare(first: Path, second: Path, part: str) -> Compared:
    """Compare the files of one part of two results folders.

    Raises StudyError if one isn't a folder, or if neither has a file of the part.
    """
    for folder in (first, second):
        if not folder.is_dir():
            raise errors.StudyError(f"{folder} is not a folder; give the results folder of a finished study")
    names = [_names(folder / part) for folder in (first, second)]
    if not names[0] | names[1]:
        raise errors.StudyError(f"neither {first} nor {second} has files in {part}/; leave it out with --parts")
    compared = Compared(part, only_first=sorted(names[0] - names[1]), only_second=sorted(names[1] - names[0]))
    for name in sorted(names[0] & names[1]):
        pair = (first / part / name, second / part / name)
        difference = _table_difference(*pair, compared.columns) if name.endswith(".csv") else _difference(*pair)
        if difference:
            compared.different.append(f"{name}: {difference}")
        else:
            compared.same += 1
    return compared


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != MARK}


def _difference(first: Path, second: Path) -> str:
    one, other = first.read_bytes(), second.read_bytes()
    if one == other:
        return ""
    index = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    return f"{len(one)} and {len(other)} bytes, the first difference at byte {index}"


def _table_difference(first: Path, second: Path, columns: dict[str, int]) -> str:
    """The first difference of two tables in their common columns; columns of one side alone are counted."""
    one, other = readers.read_rows(first), readers.read_rows(second)
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} rows"
    if not one:
        return ""
    for name in sorted(one[0].keys() ^ other[0].keys()):
        side = "first" if name in one[0] else "second"
        columns[f"{name} ({side})"] = columns.get(f"{name} ({side})", 0) + 1
    common = [name for name in one[0] if name in other[0] and name not in MEASURED]
    if not common:
        return "no column in common"
    for number, (a, b) in enumerate(zip(one, other), 1):
        for name in common:
            if not _equal(a[name], b[name]):
                return f"row {number}, {name}: {a[name]!r} and {b[name]!r}"
    return ""


def _equal(one: str, other: str) -> bool:
    """The same text or the same number, exactly."""
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False


def report(parts: list[Compared], show: int) -> str:
    """The table of the parts and, under it, the first differences of each."""
    lines = [f"{'part':<12}{'same':>8}{'different':>11}{'only first':>12}{'only second':>13}"]
    for one in parts:
        counts = (len(one.different), len(one.only_first), len(one.only_second))
        lines.append(f"{one.part:<12}{one.same:>8}{counts[0]:>11}{counts[1]:>12}{counts[2]:>13}")
    for one in parts:
        for title, names in (("", one.different), (" only in the first", one.only_first),
                             (" only in the second", one.only_second)):  # fmt: skip
            lines += [f"{one.part}{title}: {name}" for name in names[:show]]
            if len(names) > show:
                lines.append(f"{one.part}{title}: {len(names) - show} more")
        if one.columns:
            lines.append(f"{one.part}, columns of one side alone: {', '.join(sorted(one.columns))}")
    lines.append("equal" if all(one.equal for one in parts) else "different")
    return "\n".join(lines)


if __name__ == "__main__":
    errors.guarded(main)
