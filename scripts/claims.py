"""Test a study's claims on its own data: claims.csv (verdicts), and the figures behind them.

These are in claims_comparisons.csv (codecs) and claims_edits.csv (edits of latents).

The plan is a JSON object, `ClaimPlan` of scripts/study/analysis/claim_pairs.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis import claim_edits, claim_verdicts, report2021
from study.analysis.claim_pairs import ClaimPlan
from study.core import atomic_io, paths, readers, typed
from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rd", type=Path, required=True, help="the study's rd.csv")
    parser.add_argument(
        "--edits", type=Path, nargs="*", default=[], metavar="CSV", help="edits.csv of experiments on latents"
    )
    parser.add_argument("--plan", required=True, metavar="FILE", help="the claims (JSON)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the tables to")
    arguments = parser.parse_args()
    plan = typed.built(ClaimPlan, readers.plan(arguments.plan), "the plan")
    verdicts, comparisons = claim_verdicts.tables(readers.table(arguments.rd, "scripts/aggregate.py"), plan)
    edited = [row for path in arguments.edits for row in readers.table(path, "scripts/latent_table.py")]
    report = report2021.read(paths.ROOT / report2021.TABLE)
    of_edits, changes = claim_edits.tables(plan, report, edited)
    verdicts += of_edits
    atomic_io.write_rows(arguments.out / "claims_edits.csv", claim_edits.COLUMNS, changes)
    atomic_io.write_rows(arguments.out / "claims_comparisons.csv", claim_verdicts.COMPARISON_COLUMNS, comparisons)
    atomic_io.write_rows(arguments.out / "claims.csv", claim_verdicts.CLAIM_COLUMNS, verdicts)
    for row in verdicts:
        about = f" ({row['weights']} weights)" if row.get("weights") else ""
        sentence = " ".join(filter(None, (row["text"], row.get("training"))))
        print(f"{row.get('image_set') or row['data']}: {row['claim']}{about}: {row['verdict']}. {sentence}")


if __name__ == "__main__":
    guarded(main)
