"""What the synthesis transform paints for one coefficient of each channel."""

from __future__ import annotations

from matplotlib.figure import Figure

from study.figures.latents import channel_grid
from study.figures.latents.kinds import atlas
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords

TITLE = "responses of the synthesis transform"


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """The responses in the order of an image's channels, and the caption."""
    response, middle = records.responses()
    order = atlas.ordered(records.arrays(named.image), "bits")
    figure = channel_grid.impulse(response, middle, order.channels, order.shares, title, [order.note])
    caption = f"{title}. What the synthesis transform paints for one coefficient of a channel, in order of {order.by}."
    return figure, caption
