"""Put the records of an experiment on latents together: a row for every edited picture, and for every channel."""

from __future__ import annotations

import argparse
from pathlib import Path

from study import commands, files
from study.errors import guarded
from study.latents import table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", required=True, help="JSON: {study, metrics, cells}, or - for standard input")
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="where the records are (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for edits.csv and channels.csv")
    arguments = parser.parse_args()
    plan = commands.json_option("--plan", arguments.plan)
    edits = table.edit_rows(arguments.results, plan)
    channels = table.channel_rows(arguments.results, plan)
    files.write_rows(arguments.out / "edits.csv", table.edit_columns(plan["metrics"]), edits)
    files.write_rows(arguments.out / "channels.csv", table.CHANNELS, channels)


if __name__ == "__main__":
    guarded(main)
