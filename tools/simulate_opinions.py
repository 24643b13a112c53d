"""Make up the answers of an opinion test: observers who prefer codecs by strengths that are given.

    simulate_opinions.py --test results/studies/default/opinions/test.json --strengths jpeg=-1 vvc=1 \\
        --out opinions/made-up

The files say that they are simulated, and so does everything that is made from them. They are for testing the
evaluation, and for planning: how many observers does it take until the intervals are narrow enough?
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis.opinions import bradley_terry
from study.core import atomic_io, readers
from study.core.errors import StudyError, allowed, guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--test", required=True, metavar="JSON", help="test.json of an opinion test")
    add(
        "--strengths", nargs="*", default=[], metavar="CODEC=NUMBER", help="in log-odds; 0 for a codec that isn't named"
    )
    add("--observers", type=int, default=20, help="observers who answer by the strengths (%(default)s)")
    add("--careless", type=int, default=0, help="more observers, who answer at random (%(default)s)")
    add("--seed", type=int, default=0, help="(%(default)s)")
    add("--out", type=Path, required=True, metavar="FOLDER", help="folder for the files of answers")
    arguments = parser.parse_args()
    test = readers.plan(arguments.test)
    strengths = parsed(arguments.strengths, {one["codec"] for one in test["stimuli"].values() if one["codec"]})
    for number in range(arguments.observers + arguments.careless):
        careless = number >= arguments.observers
        name = f"simulated-{number + 1:03}{'-careless' if careless else ''}"
        random = np.random.default_rng([arguments.seed, number])
        atomic_io.write_text(arguments.out / f"{name}.json", json.dumps(sheet(test, name, strengths, random, careless)))


def parsed(texts: list[str], codecs: set[str]) -> dict[str, float]:
    """The strengths by codec. Raises StudyError for a codec that the test lacks, and for what is no number."""
    strengths = {}
    for text in texts:
        codec, _, number = text.partition("=")
        if codec not in codecs:
            raise StudyError(f"--strengths: the test has no codec {codec!r}; {allowed(codec, sorted(codecs))}")
        try:
            strengths[codec] = float(number)
        except ValueError:
            raise StudyError(f"--strengths: {text!r}; allowed: codec=number, as in jpeg=-0.5") from None
    return strengths


def sheet(
    test: Mapping, observer: str, strengths: Mapping[str, float], random: np.random.Generator, careless: bool = False
) -> dict:
    """The file of answers of an observer who prefers codecs with the probabilities of the Bradley-Terry model.

    `careless` answers at random, at traps too; others see the original in every trap.
    """
    stimuli, counts = test["stimuli"], test["counts"]
    order = random.permutation(len(test["pairs"]))[: counts["trials"]]
    asked = [("trial", *random.permutation(test["pairs"][index]).tolist()) for index in order]
    asked += [("repeat", right, left) for _, left, right in asked[: counts["repeats"]]]
    traps = [test["traps"][number % len(test["traps"])] for number in range(counts["traps"])]
    asked += [("trap", *random.permutation(pair).tolist()) for pair in traps]
    given = []
    for kind, left, right in asked:
        first, second = (stimuli[side]["codec"] for side in (left, right))
        share = bradley_terry.preference(strengths.get(first, 0.0), strengths.get(second, 0.0))
        if kind == "trap":
            share = float(first == "")
        share = 0.5 if careless else share
        better = "left" if random.random() < share else "right"
        given.append({"kind": kind, "left": left, "right": right, "better": better, "seconds": 2.0})
    used = {side for one in given for side in (one["left"], one["right"])}
    return {
        **{name: test[name] for name in ("format", "study", "test", "method", "boosted")},
        "observer": observer,
        "simulated": True,
        "started": "",
        "screen": {"width": 1920, "height": 1080, "ratio": 1, "scaled": False},
        "stimuli": {name: one for name, one in stimuli.items() if name in used},
        "answers": given,
    }


if __name__ == "__main__":
    guarded(main)
