"""Quality against rate with the strongest channels alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from study.figures.latents import edit_tiles, top_k_curve
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords, NotDrawn
from study.figures.latents.top_k_curve import Point

TITLE = "the strongest channels alone"


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """The curves of each policy beside the codec's own, and the caption."""
    rows = records.edit_rows(named.image, str(records.plan.figures.progressive))
    kept = points(rows)
    if not kept:
        raise NotDrawn(edit_tiles.reason(rows[0]))
    metrics = list(records.quality_metrics().values())
    if not metrics:
        raise NotDrawn("the study has neither PSNR nor MS-SSIM among its metrics")
    curve = records.curve(named.image)
    notes = ["Numbers at the points: channels kept, and the qualities of the codec's own curve."]
    if len(curve) < 2:
        notes.append("The codec's own curve has one point: name more of its qualities in the study or the experiment.")
    notes += edit_tiles.gaps(rows, metrics)
    figure = top_k_curve.figure(kept, curve, metrics, records.look(), title, notes)
    return figure, f"{title}. Quality against rate with the strongest channels alone, beside the codec's own curve."


def points(rows: Sequence[Mapping]) -> dict[str, list[Point]]:
    """The points of an edit's rows by policy, named by the number of channels kept; rows without rate have none."""
    by_policy: dict[str, list[Point]] = {}
    for row in rows:
        if row["bpp"] is not None:
            name = str(int(row["value"])) if (row["value"] or "").isdigit() else row["value"] or ""
            by_policy.setdefault(row["side_information"], []).append(Point(name, row["bpp"], row))
    return by_policy
