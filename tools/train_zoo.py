"""Train the bundled codecs by models/recipes.yaml, one after another, each to `models/<id>/<quality>.safetensors`.

A model whose file says that it was trained by its recipe stays, and what it started from isn't needed then. Stopped and
started again, it goes on where it was.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import errors, paths
from study.planning import entries
from study.training import photos, recipes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="photos packed by scripts/pack_photos.py")
    parser.add_argument("--validation", type=Path, help="photos held out of training, packed with --use validation")
    parser.add_argument(
        "--manifest", default=photos.MANIFEST, help="manifest that the photos must be those of (default: %(default)s)"
    )
    parser.add_argument(
        "--work", type=Path, default=Path("results/training"), help="checkpoints, logs (default: %(default)s)"
    )
    parser.add_argument("--folder", default="models", help="where the weights are (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="begin no training after so many minutes")
    parser.add_argument("--every", type=int, default=500, help="steps between checkpoints (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="say what is to be trained, and end")
    parser.add_argument("names", nargs="*", help="ids or id/quality (default: the catalogue's bundled codecs)")
    args = parser.parse_args()
    known = recipes.load()
    begun = time.monotonic()
    for training in _in_order(known, args.names or _bundled(known), args.folder):
        name, _, quality = training.rpartition("/")
        print(f"{name}/{quality}", flush=True)
        if args.list:
            continue
        if args.minutes is not None and time.monotonic() - begun > 60 * args.minutes:
            break
        _train(known, name, quality, args)


def _bundled(known: Mapping[str, recipes.Recipe]) -> list[str]:
    """The trainings whose weights a codec of the catalogue has."""
    files = [
        str(entry.settings.get("weights")).replace("{quality}", str(quality))
        for entry in entries.codecs().values()
        for quality in entry.qualities
    ]
    return ["/".join(training) for training in (recipes.of_weights(known, file) for file in files) if training]


def _in_order(known: Mapping[str, recipes.Recipe], chosen: list[str], folder: str) -> list[str]:
    """Every training wanted that isn't made, each after what it starts from as far as that isn't made."""

    def missing(training: str) -> bool:
        return not recipes.made(known, *training.rsplit("/", 1), folder)

    order: list[str] = []
    for text in chosen:
        name, _, quality = text.partition("/")
        for wanted in [quality] if quality else recipes.entry_qualities(known, name):
            last_first = takewhile(missing, reversed(recipes.chain(known, name, wanted)))
            order += [training for training in reversed(list(last_first)) if training not in order]
    return order


def _train(known: Mapping[str, recipes.Recipe], name: str, quality: str, args: argparse.Namespace) -> None:
    work = args.work / name
    work.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(paths.SCRIPTS / "train.py"), "--photos", str(args.photos)]
    command += ["--manifest", str(args.manifest)]
    if args.validation and known[name].metric != "perceptual":  # that one holds photos out by itself
        command += ["--validation", str(args.validation)]
    for key, value in recipes.options(known, name, quality, args.folder).items():
        command += [f"--{key}", value]
    command += ["--checkpoint", str(work / f"{quality}.checkpoint"), "--log", str(work / f"{quality}.csv")]
    command += ["--every", str(args.every), "--out", recipes.weights(name, quality, args.folder)]
    if subprocess.run(command, check=False).returncode:
        raise errors.StudyError(f"the training of {name}/{quality} failed; its message is above")


if __name__ == "__main__":
    errors.guarded(main)
