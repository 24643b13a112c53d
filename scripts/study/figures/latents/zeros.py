"""What a figure of zeroed channels must say of its codec: what 0 means there, and what the order of channels is."""

from __future__ import annotations

from study.figures.latents.records import JobRecords, NotDrawn

MEANS = (
    "Zero: this codec codes round(y − μ) with a mean μ predicted from z, so an element set to 0 is coded as round(−μ) "
    "and decoded as round(−μ) + μ: within half a step of 0, but not 0, and not free."
)
MEDIANS = (
    "Zero: this codec codes round(y − m) with the median m of each channel's prior, so an element set to 0 is decoded "
    "as round(−m) + m, within half a step of 0."
)
NO_MEANS = "Zero: this codec has no predicted means; an element of y set to 0 is coded and decoded as 0."
ORDERED = (
    "Order: training started from the photos' principal components, strongest first, so the first channels carry "
    "most of the energy and the halves differ by construction."
)
UNKNOWN = "Order: nothing is known that would order this codec's channels."


def notes(records: JobRecords, image: str) -> list[str]:
    """Both, as far as the latents tell the first."""
    order = ORDERED if records.plan.ordered else UNKNOWN
    try:
        arrays = records.arrays(image)
    except NotDrawn:
        return [order]
    zero = MEANS if "means" in arrays else MEDIANS if "z" not in arrays else NO_MEANS if "scales" in arrays else ""
    return [zero, order] if zero else [order]
