"""Put the records of an experiment on latents together: a row for every edited image, and for every channel."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.analysis import latent_table
from study.core import atomic_io, readers
from study.core.errors import guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", required=True, metavar="FILE", help="JSON: {study, metrics, cells}")
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="where the records are (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for edits.csv and channels.csv")
    arguments = parser.parse_args()
    plan = readers.plan(arguments.plan)
    edits = latent_table.edit_rows(arguments.results, plan)
    channels = latent_table.channel_rows(arguments.results, plan)
    atomic_io.write_rows(arguments.out / "edits.csv", latent_table.edit_columns(plan["metrics"]), edits)
    atomic_io.write_rows(arguments.out / "channels.csv", latent_table.CHANNELS, channels)


if __name__ == "__main__":
    guarded(main)
