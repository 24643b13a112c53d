"""Edit the latent of one image through a real bitstream, and print what came out: a row for each cell.

    edit.py --codec tiny-bmshj2018-hyperprior-mse --quality 3 --image photo.png \\
        --edit '{select: {rows: {from: 0.5, to: 1.0}}, op: zero}'

An edit is written as in a study's config (YAML): a step, or a list of steps; a list in the place of a parameter is a
sweep. Where an operation asks for another image (`image`) or for a set of them, name a file or a folder.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import outcome, paths, strict_yaml
from study.core.columns import EDIT_RATES as RATES
from study.core.errors import CodecError, StudyError, guarded
from study.jobs.latents import interactive
from study.latents import edits, operations, selection
from study.latents.edits import Edit
from study.metrics import registry as metric_registry
from study.planning import options


def main() -> None:
    if "--list" in sys.argv[1:]:
        print(listing())
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_codec(parser)
    parser.add_argument("--image", type=Path, required=True, help="an image (PNG, JPEG, WebP, …)")
    parser.add_argument("--edit", action="append", default=[], help="an edit as YAML; may be given several times")
    parser.add_argument(
        "--side-information",
        nargs="+",
        choices=edits.POLICIES,
        default=list(edits.POLICIES),
        help="z of the original, or what the hyperprior makes of the edited y (default: both)",
    )
    parser.add_argument(
        "--metrics",
        nargs="+",
        choices=metric_registry.REGISTRY,
        default=["psnr_rgb", "ms_ssim"],
        help="(default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, help="folder to keep bitstreams and decoded images in (default: none)")
    parser.add_argument("--csv", action="store_true", help="print CSV with every column")
    parser.add_argument("--list", action="store_true", help="list operations and selections, and end")
    arguments = parser.parse_args()
    named = {
        f"edit{number}" if len(arguments.edit) > 1 else "edit": parsed(text)
        for number, text in enumerate(arguments.edit, 1)
    }
    codec = options.learned(arguments)
    if codec.weights is None:
        source = codec.weights_source(codec.settings, codec.quality)
        if source is not None:
            codec.weights = paths.ROOT / (source.path or f"results/weights/{source.file}")
    with tempfile.TemporaryDirectory() as folder:
        rows = interactive.edit(
            codec,
            interactive.read_image(arguments.image),
            named,
            arguments.out or Path(folder),
            arguments.side_information,
            arguments.metrics,
        )
    show(rows, arguments.metrics, arguments.csv)


def parsed(text: str) -> Edit:
    """An edit in YAML. Raises StudyError for text that is none."""
    data = strict_yaml.load(text, "--edit")
    try:
        return edits.parsed(data)
    except CodecError as error:
        raise StudyError(f"--edit: {error}") from None


def show(rows: Sequence[Mapping], names: Sequence[str], as_csv: bool) -> None:
    """Print rows as a table for readers, or as CSV."""
    columns = ["edit", "value", "side_information", *RATES, *names]
    columns += [f"delta_{name}" for name in ("bpp", *names)]
    if as_csv:
        columns = list(dict.fromkeys([*columns, *(key for row in rows for key in row)]))
        writer = csv.DictWriter(sys.stdout, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    cells = [columns, *([_text(row.get(column)) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for line, row in zip(cells, [{}, *rows]):
        reason = f"  {outcome.sentence(row)}" if row else ""
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() + reason)


def listing() -> str:
    """The operations with their parameters, and how elements are selected."""
    lines = ["Operations (op):"]
    for name, operation in operations.REGISTRY.items():
        lines.append(f"  {name}: {operation.summary}")
        for key, kind in operation.kinds.items():
            default = f" (default: {operation.defaults[key]})" if key in operation.defaults else ""
            lines.append(f"      {key}: {kind.words}{default}")
    return "\n".join([*lines, "", (selection.__doc__ or "").strip()])


def _text(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else str(value)


if __name__ == "__main__":
    guarded(main)
