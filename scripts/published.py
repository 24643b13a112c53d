"""Compare a study's means with published averages over the same images: published.csv, published_check.csv and
published_bd.csv.

The plan is a JSON object with the keys `sets` (for each image set the table of published points), `curves` (the table
that describes the curves), `codecs` (for each codec its curves, each with `quality` or `rate`), `metrics`, `tolerance`
(in dB), `rate_tolerance` (in percent) and `draw` (ids of curves, or patterns of ids).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis import published_bd, published_check, published_curves
from study.core import atomic_io, paths, readers
from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--means", type=Path, required=True, help="the study's means.csv")
    parser.add_argument("--plan", required=True, metavar="FILE", help="what to compare (JSON)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the three tables to")
    arguments = parser.parse_args()
    plan = readers.plan(arguments.plan)
    about = {row["curve"]: row for row in readers.table(paths.resolved(plan["curves"]), "the repository")}
    drawn = published_curves.chosen(plan["draw"], about)
    points = [
        point
        for image_set, path in plan["sets"].items()
        for point in published_curves.points(
            image_set,
            readers.table(paths.resolved(path), "the repository"),
            about,
            plan["metrics"],
            plan["codecs"],
            drawn,
        )
    ]
    means = readers.table(arguments.means, "scripts/aggregate.py")
    scored = {curve: row["scored"] for curve, row in about.items()}
    checked = published_check.rows(
        means,
        points,
        plan["codecs"],
        scored,
        plan["tolerance"],
        plan["rate_tolerance"],
    )
    atomic_io.write_rows(arguments.out / "published.csv", published_curves.COLUMNS, points)
    atomic_io.write_rows(arguments.out / "published_check.csv", published_check.COLUMNS, checked)
    differences = published_bd.rows(means, points, scored)
    atomic_io.write_rows(arguments.out / "published_bd.csv", published_bd.COLUMNS, differences)
    print("\n".join(published_check.summary(checked)) or "no codec of this study has a published curve")


if __name__ == "__main__":
    guarded(main)
