"""Edit the latents of an image set's images and write every edit as a real bitstream."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import limits, readers
from study.core.errors import guarded
from study.jobs.latents import edit as edit_job
from study.latents import edits
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_codec(parser)
    parser.add_argument("--latents", type=Path, required=True, help="record of the latents to edit (latents.csv)")
    parser.add_argument(
        "--edits",
        required=True,
        metavar="FILE",
        help="JSON: {set: id of the images' set, edits: {name: steps}, side_information: [policy, …], reference: {set: "
        "[records of its latents]} for edits that need other images}",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="record to write (encoded.csv); the bitstreams are put beside it"
    )
    parser.add_argument("--generation", type=int, default=0, help="how often this job's lost files were made again")
    limits.add_options(parser)
    arguments = parser.parse_args()
    wanted = readers.plan(arguments.edits)
    edit_job.edit_set(
        options.learned(arguments),
        wanted["set"],
        arguments.latents,
        arguments.out,
        edits.all_parsed(wanted["edits"]),
        wanted["side_information"],
        {name: [Path(path) for path in paths] for name, paths in wanted.get("reference", {}).items()},
        arguments.generation,
        limits.limit(arguments),
    )


if __name__ == "__main__":
    guarded(main)
