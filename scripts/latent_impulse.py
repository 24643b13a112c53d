"""Paint what the synthesis transform of a learned codec makes of one coefficient of each channel of its latent."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.core import limits
from study.core.errors import guarded
from study.jobs.latents import impulse_response
from study.planning import options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_codec(parser)
    parser.add_argument(
        "--latents",
        type=Path,
        required=True,
        help="record of latents (latents.csv), whose means and amplitudes are taken",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="record to write (impulse.csv); impulse.npz is put beside it"
    )
    parser.add_argument("--generation", type=int, default=0, help="how often this job's lost files were made again")
    limits.add_options(parser)
    arguments = parser.parse_args()
    codec = options.learned(arguments)
    impulse_response.impulse_set(codec, arguments.latents, arguments.out, arguments.generation, limits.limit(arguments))


if __name__ == "__main__":
    guarded(main)
