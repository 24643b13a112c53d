"""Decoded images on the straight line between two latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from study.figures.latents import contact_sheet, edit_tiles
from study.figures.latents.contact_sheet import Shown
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords, NotDrawn
from study.latents import edits

TITLE = "interpolation"
NOTE = "Quality is against the first image. t: the part of the way to the last."


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """A strip for each image at the other end, and the caption."""
    lines = straight_lines(records.edit_rows(named.image, named.edit), records.plan.cell["set"])
    strips = []
    for (image, image_set), points in lines.items():
        end = records.other(image, image_set)
        strip = [Shown(named.image, ["original"], records.original(named.image))]
        for t, rows in points:
            head = f"t = {t:g}".replace("-", "−")
            strip += edit_tiles.tiles(rows, head, records.decoded, records.quality_metrics(), None)
        reason = "" if end is not None else f"the image set {image_set} has no image {image}"
        strips.append([*strip, Shown(image, ["original"], end, reason=reason)])
    figure = contact_sheet.strips(strips, title, [NOTE])
    caption = f"{title}. Decoded images on the straight line between two latents, with the originals at its ends."
    return figure, caption


def straight_lines(rows: Sequence[Mapping], own_set: str) -> dict[tuple[str, str], list[tuple[float, list[Mapping]]]]:
    """The rows of one edit by the image at the other end (image, image set), then by `t` in rising order.

    Raises NotDrawn for a row whose edit isn't an interpolation.
    """
    lines: dict[tuple[str, str], dict[str, tuple[float, list[Mapping]]]] = {}
    for row in rows:
        steps = [step for step in edits.from_text(row["steps"]) if step.operation.name == "interpolate"]
        if not steps:
            raise NotDrawn(f"the edit {row['edit']} has no operation interpolate")
        chosen = steps[0].parameters
        points = lines.setdefault((chosen["image"], chosen["set"] or own_set), {})
        points.setdefault(row["value"], (float(chosen["t"]), []))[1].append(row)
    return {end: sorted(points.values(), key=lambda point: point[0]) for end, points in lines.items()}
