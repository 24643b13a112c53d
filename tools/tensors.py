"""List the tensors of a metagraph, and say which of them are the latents and the channels."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.codecs.tfci.latent_tensors import Flow
from study.codecs.tfci.metagraph import Metagraph
from study.core import paths
from study.core.errors import StudyError, guarded

WEIGHTS = paths.ROOT / "results" / "weights"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a file .metagraph, or the id of a published one that results/weights/ has")
    parser.add_argument(
        "--containing", default="", metavar="TEXT", help="list only the tensors with this in their names"
    )
    arguments = parser.parse_args()
    for line in listing(_path(arguments.model), arguments.containing):
        print(line)


def listing(path: Path, containing: str = "") -> list[str]:
    """A line for each tensor: its role (y, channel:0, …) or `-`, dtype, shape, name; tensors with a role first."""
    codec = Metagraph(path)
    flow = Flow(codec)
    roles: dict[str, list[str]] = {}
    ports = [codec.image, *codec.sent, *codec.received, codec.decoded] + ([codec.rate] if codec.rate else [])
    for role, tensor in [*flow.find()._asdict().items(), *((port.key, port.tensor) for port in ports)]:
        if tensor is not None and role not in roles.setdefault(tensor, []):
            roles[tensor].append(role)
    rows = [(",".join(roles.get(name, "-")), *rest, name) for name, *rest in codec.tensors() if containing in name]
    rows.sort(key=lambda row: row[0] == "-")
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _path(model: str) -> Path:
    for path in (Path(model), WEIGHTS / f"{model}.metagraph"):
        if path.is_file():
            return path
    raise StudyError(
        f"there is no file {model}, and none of that id in results/weights/; get it with "
        "`python scripts/fetch_weights.py --codec ID --quality QUALITY --out results/weights/FILE`"
    )


if __name__ == "__main__":
    guarded(main)
