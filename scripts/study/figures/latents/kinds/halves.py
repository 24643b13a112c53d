"""Do halves of the channels differ? Half of them set to 0, counted in the codec's own order, by energy, at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from study.analysis import channel_halves
from study.figures import palette
from study.figures.latents import half_comparison, zeros
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords, NotDrawn
from study.metrics import registry

TITLE = "half of the channels set to 0"


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """The figure of an image's halves, and the caption."""
    rows = table(records, named.image)
    if not rows:
        raise NotDrawn(
            "the experiment has no edit that sets half of the channels to 0; include the groups report2021 and "
            "channel-halves of catalogue/edits.yaml"
        )
    policy = str(rows[0]["side_information"])
    measures = dict.fromkeys(row["measure"] for row in rows)
    sentences = [sentence for measure in measures if (sentence := apart(rows, policy, measure))]
    notes = [
        "Dashed: without an edit. Random orders: one point for each seed.",
        *sentences,
        *zeros.notes(records, named.image),
    ]
    return half_comparison.figure(rows, title, notes), f"{title}. {' '.join(sentences)}".strip()


def table(records: JobRecords, image: str) -> list[dict[str, object]]:
    """The rows of an image (`channel_halves.rows`): rate, PSNR and MS-SSIM as far as the study has them."""
    return channel_halves.rows(records.rows(image), ["bpp", *records.quality_metrics().values()])


def apart(rows: Sequence[Mapping], policy: str, measure: str) -> str:
    """How far the first and the second half are apart in each order, in one sentence; empty where nothing is known."""
    entry = None if measure == "bpp" else registry.entry(measure)
    unit = "bpp" if entry is None else "" if entry.unit == "1" else entry.unit
    digits = 1 if unit == "dB" else 3
    sentences = []
    for order, values in channel_halves.differences(rows, policy, measure).items():
        ends = sorted({f"{end:.{digits}f}" for end in (min(values), max(values))})
        where = f"in {len(values)} random orders" if order == "random" else f"in {half_comparison.WORDS[order]}"
        sentences.append(f"{' to '.join(ends)} {unit}".strip() + f" {where}")
    name = "Rate" if entry is None else palette.short(measure)
    side = {"none": "", "recompute": " (z recomputed)", "keep": " (z kept)"}[policy]
    return f"{name}{side}, between first and second half: {'; '.join(sentences)}." if sentences else ""
