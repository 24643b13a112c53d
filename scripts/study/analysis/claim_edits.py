"""Claims about edits of latents: what an edit does to the rate or to a score, in the report's table and in a study.

A claim lists changes: under some edits, a measure `rises` or `falls`. There are two kinds of data, told apart by the
column `data`. `report` is the table of the 2021 report itself (references/epfl2021.csv), one image whose figures either
bear the claim out or don't. `study` are the experiments of a study that have these edits: the mean over the images of
the change against the baseline, with Student's interval, by the rules of `claim_verdicts` (Holm's correction, no
verdict below eight images). Codecs with a hyperprior are judged with the side information made from the edited latent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.analysis import bd, claim_verdicts
from study.analysis.claim_pairs import RISES, Change, ClaimPlan, ClaimTest
from study.latents import edits

COLUMNS = (
    "claim", "data", "image_set", "experiment", "codec", "quality", "weights", "part", "edit", "side_information",
    "metric", "claimed", "change", "lo", "hi", "level", "effect", "p", "p_holm", "n_images", "agree",
    "verdict", "reason",
)  # fmt: skip
POLICIES = ("recompute", "none")
NO_EDITS = "no experiment of the study has these edits"


@dataclass(frozen=True)
class Part:
    """One change at one metric."""

    metric: str
    change: Change

    @property
    def need(self) -> str | float:
        """How many of its comparisons must hold."""
        return self.change.need


def tables(
    plan: ClaimPlan, report: Sequence[Mapping[str, str]], rows: Sequence[Mapping[str, str]]
) -> tuple[list[dict], list[dict]]:
    """More rows of claims.csv, and those of claims_edits.csv, for the plan's claims about edits.

    `report` are the rows of the report's table (`report2021.read`), `rows` those of edits.csv of the experiments.
    """
    verdicts, comparisons = [], []
    for claim in plan.claims:
        if not claim.changes:
            continue
        own = [Part(metric, change) for change in claim.changes for metric in change.metrics]
        decided = _of_report(own, report)
        by_set: dict[str, list[dict]] = {}
        for row in _of_study(own, rows, plan.weights):
            by_set.setdefault(row["image_set"], []).append(row)
        decided += [row for part in by_set.values() for row in claim_verdicts.decided(part)]
        comparisons += [row | {"claim": claim.claim} for row in decided]
        verdicts += _verdicts(claim, own, decided)
    return verdicts, comparisons


def _of_report(own: Sequence[Part], table: Sequence[Mapping[str, str]]) -> list[dict]:
    """The comparisons in the report's own table; none for a measure that it lacks."""
    by_edit = {row["edit"]: row for row in table}
    changes = []
    for number, part in enumerate(own, start=1):
        if part.change.report:
            for name in part.change.edits:
                row = _reported(by_edit, name, part)
                changes.append(_named("report", number, name, part) | row)
    return changes


def _of_study(own: Sequence[Part], rows: Sequence[Mapping[str, str]], weights: Mapping[str, str]) -> list[dict]:
    """The comparisons from the rows of edits.csv, without verdicts where these need adjusted p-values."""
    cells: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for row in rows:
        if row["side_information"] in POLICIES and not row["value"]:
            key = tuple(row[name] for name in ("image_set", "experiment", "codec", "quality", "side_information"))
            cells.setdefault((*key, row["edit"]), []).append(row)
    changes = []
    for number, part in enumerate(own, start=1):
        for (image_set, experiment, codec, quality, policy, edit), images in cells.items():
            if edit in part.change.edits:
                same = {"image_set": image_set, "experiment": experiment, "codec": codec, "quality": quality}
                same |= {"weights": weights.get(codec, ""), "side_information": policy}
                changes.append(_named("study", number, edit, part) | same | _measured(images, part))
    return changes


def _verdicts(claim: ClaimTest, own: Sequence[Part], rows: Sequence[dict]) -> list[dict]:
    """A row for the report's table, and one for each image set and kind of weights of the study."""
    same = {name: getattr(claim, name) for name in ("claim", "text", "source", "departure")}
    groups: dict[tuple[str, str, str], list[dict]] = {}
    for row in rows:
        groups.setdefault((row["data"], row["image_set"], row["weights"]), []).append(row)
    verdicts = [
        same
        | {"data": data, "image_set": image_set, "weights": weights}
        | claim_verdicts.verdict(own, group, _in_words)
        for (data, image_set, weights), group in groups.items()
    ]
    if not any(row["data"] == "study" for row in verdicts):
        verdicts.append(same | {"data": "study", "verdict": "not tested", "comparisons": 0, "reason": NO_EDITS})
    return verdicts


def _in_words(verdict: str, rows: Sequence[Mapping]) -> str:
    """A part's verdict with what its comparisons say, in words."""
    known = [row for row in rows if row["change"] is not None]
    apart = [f"{row['edit']} {_signed(row['change'])}" for row in known if not _fits(row)]
    text = f"{verdict}: {len(known) - len(apart)} of {len(known)} changes of the mean are as claimed"
    text += f", not {', '.join(apart[:6])}{' and others' if len(apart) > 6 else ''}" if apart else ""
    few = min((row["n_images"] for row in known if row["data"] == "study"), default=claim_verdicts.FEW)
    text += f"; a verdict needs {claim_verdicts.FEW} images, here are {few}" if few < claim_verdicts.FEW else ""
    return text + (f"; {len(rows) - len(known)} unknown" if len(known) < len(rows) else "")


def _named(data: str, number: int, edit: str, part: Part) -> dict:
    same = {"data": data, "image_set": "", "weights": "", "part": number}
    return same | {"edit": edit, "metric": part.metric, "claimed": part.change.change}


def _reported(by_edit: Mapping[str, Mapping[str, str]], name: str, part: Part) -> dict:
    """What the report's table says of an edit."""
    column = part.change.report or ""
    values = [by_edit.get(edit, {}).get(column) for edit in (edits.BASELINE, name)]
    row: dict = {"metric": part.change.report, "n_images": 1, "change": None}
    if not all(values):
        note = by_edit.get(name, {}).get("note") or "the report's table has no figure"
        return row | {"verdict": "not tested", "reason": note}
    before, after = map(float, values)  # type: ignore[arg-type]
    row |= {"change": after - before, "reason": f"{before:g} before, {after:g} after"}
    fits = _towards(part) * row["change"] > 0
    return row | {"agree": int(fits), "verdict": "holds" if fits else "fails"}


def _measured(images: Sequence[Mapping[str, str]], part: Part) -> dict:
    """The mean change over the images, with interval and p-value where there are two or more."""
    column = f"delta_{part.metric}"
    row: dict = {"n_images": len(images), "change": None}
    lacking = next((image for image in images if not image.get(column)), None)
    if lacking is not None:
        why = lacking.get("reason") or f"edits.csv has no {column}"
        return row | {"verdict": "not tested", "reason": f"{lacking['image']}: {why}"}
    values = np.array([float(image[column]) for image in images])
    claimed = _towards(part) * values
    row |= {"change": values.mean(), "agree": int((claimed > 0).sum())}
    if len(values) == 1:
        return row | {"verdict": "undecided", "reason": "no interval: one image"}
    low, high = bd.t_interval(values, bd.LEVEL)
    spread = claimed.std(ddof=1)
    effect = claimed.mean() / spread if spread else math.copysign(math.inf, claimed.mean())
    return row | {"lo": low, "hi": high, "level": bd.LEVEL, "effect": effect, "p": bd.t_test(claimed, 0)}


def _towards(part: Part) -> int:
    return 1 if part.change.change == RISES else -1


def _fits(row: Mapping) -> bool:
    return (row["change"] > 0) == (row["claimed"] == RISES) and row["change"] != 0


def _signed(value: float) -> str:
    return f"{value:+.4g}".replace("-", "−")
