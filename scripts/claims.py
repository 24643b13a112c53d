"""Test a study's claims on its own data: claims.csv (verdicts) and claims_comparisons.csv (the figures behind them).

The plan is a JSON object, `ClaimPlan` of scripts/study/analysis/claim_pairs.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis import claim_verdicts
from study.analysis.claim_pairs import ClaimPlan
from study.core import atomic_io, readers, typed
from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rd", type=Path, required=True, help="the study's rd.csv")
    parser.add_argument("--plan", required=True, metavar="FILE", help="the claims (JSON)")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write claims.csv and claims_comparisons.csv to"
    )
    arguments = parser.parse_args()
    plan = typed.built(ClaimPlan, readers.plan(arguments.plan), "the plan")
    verdicts, comparisons = claim_verdicts.tables(readers.table(arguments.rd, "scripts/aggregate.py"), plan)
    atomic_io.write_rows(arguments.out / "claims_comparisons.csv", claim_verdicts.COMPARISON_COLUMNS, comparisons)
    atomic_io.write_rows(arguments.out / "claims.csv", claim_verdicts.CLAIM_COLUMNS, verdicts)
    for row in verdicts:
        about = f" ({row['weights']} weights)" if row.get("weights") else ""
        print(f"{row['image_set']}: {row['claim']}{about}: {row['verdict']}. {row['text']}")


if __name__ == "__main__":
    guarded(main)
