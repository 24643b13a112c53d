"""Write the results in the model card of the bundled codecs (models/README.md) from a finished study of them.

The study is studies/kodak.yaml, or another that has bundled codecs. Its anchors, metrics and other codecs are told.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import bd as bd_figures
from study.core import atomic_io, errors, paths, readers
from study.metrics.registry import REGISTRY
from study.training import budgets, recipes

HEADING = "## Results\n"
TABLES = ("means", "bd", "complexity", "claims")


@dataclass(frozen=True)
class Study:
    """A finished study's tables, by the names of their files."""

    name: str
    means: Sequence[Mapping]
    bd: Sequence[Mapping]
    complexity: Sequence[Mapping]
    claims: Sequence[Mapping]

    def figures(self) -> list[Mapping]:
        """The rows of bd.csv that have the project's one BD-rate."""
        usual = (bd_figures.OVER, bd_figures.METHOD)
        return [row for row in self.bd if (row["over"], row["method"]) == usual]

    def bundled(self) -> list[str]:
        """The codecs with a recipe, in the study's order."""
        known = recipes.load()
        return [name for name in dict.fromkeys(row["codec"] for row in self.means) if name in known]

    def others(self) -> list[str]:
        """All other codecs, in the study's order."""
        return [name for name in dict.fromkeys(row["codec"] for row in self.means) if name not in self.bundled()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--study", type=Path, default=Path("results/studies/kodak"), help="folder of its tables (default: %(default)s)"
    )
    parser.add_argument("--card", type=Path, default=paths.ROOT / "models" / "README.md", help="file to write to")
    arguments = parser.parse_args()
    name = arguments.study.name
    try:
        study = Study(name, *(readers.read_rows(arguments.study / f"{table}.csv") for table in TABLES))
        card = arguments.card.read_text(encoding="utf-8")
    except OSError as error:
        raise errors.StudyError(
            f"can't read {error.filename}: {error.strerror}; run the study to its end, make study STUDY={name}"
        ) from None
    head = card.split(HEADING)[0]
    atomic_io.write_text(arguments.card, head + HEADING + "\n" + "\n".join(results(study)) + "\n")


def results(study: Study) -> list[str]:
    """The lines of the card's results. Raises StudyError for a study without bundled codecs or without BD-rates."""
    if not study.bundled():
        raise errors.StudyError(f"the study {study.name} has no codec of models/recipes.yaml; name one that has")
    figures = study.figures()
    if not figures:
        raise errors.StudyError(f"bd.csv of the study {study.name} has no BD-rates; name its `bd_rate: anchor:`")
    sets = dict.fromkeys(row["image_set"] for row in study.means)
    if len(sets) > 1:
        raise errors.StudyError(
            f"the study {study.name} has {len(sets)} image sets ({', '.join(sets)}); name one of one"
        )
    notes: dict[str, int] = {}
    anchors, images = list(dict.fromkeys(row["anchor"] for row in figures)), figures[0]["n_images"]
    lines = [
        f"Means over the {images} images of `{next(iter(sets))}`, real bitstreams, whole files, by the study",
        f"`{study.name}`; written by `python tools/model_card.py`.",
        "",
        "BD-rates in per cent: mean over the images of each image's (PCHIP), in brackets the 95 % interval of that",
        "mean (docs/trust.md); negative is better. MS-SSIM is compared in decibels, −10 log10(1 − MS-SSIM). A figure",
        "covers the range of scores that codec and anchor share, so figures of two codecs are no head-to-head",
        "comparison: that is the study's `head_to_head.csv`.",
    ]
    for title, codecs in (("The bundled codecs", study.bundled()), ("The other codecs of the study", study.others())):
        for anchor in anchors:
            rows = [name for name in codecs if name != anchor]
            if rows:
                lines += ["", f"### {title}, against `{anchor}`", "", *_bd_table(study, figures, rows, anchor, notes)]
    if notes:
        lines += ["", *(f"({number}) {why}." for why, number in notes.items())]
    return [*lines, "", *_models(study), "", *_claims(study.claims)]


def _bd_table(
    study: Study, figures: Sequence[Mapping], codecs: Sequence[str], anchor: str, notes: dict[str, int]
) -> Iterator[str]:
    metrics = list(dict.fromkeys(row["metric"] for row in figures))
    rows = {(row["codec"], row["metric"]): row for row in figures if row["anchor"] == anchor}
    yield "| id | bpp | " + " | ".join(REGISTRY[metric].label for metric in metrics) + " |"
    yield "| --- | --- | " + " | ".join("---" for _ in metrics) + " |"
    for name in codecs:
        rates = [float(row["bpp"]) for row in study.means if row["codec"] == name and row["bpp"]]
        range_of_rates = f"{min(rates):.2f}–{max(rates):.2f}" if rates else "–"
        cells = [_cell(rows.get((name, metric)), notes) for metric in metrics]
        yield f"| `{name}` | {range_of_rates} | " + " | ".join(cells) + " |"


def _cell(row: Mapping | None, notes: dict[str, int]) -> str:
    """A BD-rate with its interval; where there is none, the number of the note that says why."""
    if row is None:
        return "–"
    if not row["bd_rate"]:
        return f"– ({notes.setdefault(row['reason'], len(notes) + 1)})"
    ends = [row[f"bd_rate_{side}"] for side in ("lo", "hi")]
    interval = " [{}, {}]".format(*map(_signed, ends)) if all(ends) else ""
    return _signed(row["bd_rate"]) + interval


def _signed(text: str) -> str:
    return f"{float(text):+.1f}".replace("-", "−")


def _models(study: Study) -> Iterator[str]:
    known = recipes.load()
    size_of = {(row["codec"], row["quality"]): row for row in study.complexity}
    yield "### Each model"
    yield ""
    yield "Budget: the crops that a training saw; in megapixels, its own, and with the trainings that it started from."
    yield ""
    yield (
        "| id | quality | λ | crops | Mpixel, own / with starts | seed | parameters | file, MB "
        "| kMAC/pixel, encode / decode | bpp | PSNR, dB | MS-SSIM |"
    )
    yield "| --- |" + " --- |" * 11
    for row in study.means:
        if row["codec"] not in known:
            continue
        recipe = recipes.entry(known, row["codec"], row["quality"])
        seen = budgets.budget(known, row["codec"], row["quality"])
        size = size_of[row["codec"], row["quality"]]
        costs = " / ".join(f"{float(size[f'{side}_kmac_per_pixel']):.1f}" for side in ("encode", "decode"))
        yield (
            f"| `{row['codec']}` | {row['quality']} | {recipe.lam:g} | {seen.crops} of {seen.side}² | "
            f"{seen.pixels / 1e6:.0f} / {seen.pixels_with_starts / 1e6:.0f} | {seen.seed} | "
            f"{float(size['parameters']) / 1000:.0f} k | {float(size['model_bytes']) / 1e6:.2f} | {costs} | "
            f"{_score(row, 'bpp', 3)} | {_score(row, 'psnr_rgb', 2)} | {_score(row, 'ms_ssim', 4)} |"
        )


def _score(row: Mapping, column: str, digits: int) -> str:
    return f"{float(row[column]):.{digits}f}" if row.get(column) else "–"


def _claims(claims: Sequence[Mapping]) -> Iterator[str]:
    yield "### Claims"
    yield ""
    yield "The claims of `catalogue/claims.yaml` that these codecs can test:"
    yield ""
    for row in claims:
        if row.get("weights") == "bundled" and row["verdict"] != "not tested":
            yield " ".join(filter(None, (f"- {row['text']} **{row['verdict']}**", row.get("training"))))


if __name__ == "__main__":
    errors.guarded(main)
