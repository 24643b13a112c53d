"""The channels of a latent as images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from study.figures.latents import channel_grid
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords
from study.latents import selection

TITLE = "channels of the latent"


@dataclass(frozen=True)
class Order:
    """Channels from the strongest on, their shares of the bits (None if unknown), what orders them, and a note."""

    channels: np.ndarray
    shares: np.ndarray | None
    by: str
    note: str


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """The atlas of an image's latent, and its caption."""
    arrays = records.arrays(named.image)
    order = ordered(arrays, str(records.plan.figures.atlas))
    figure = channel_grid.latent(arrays["y"], order.channels, order.shares, title, [order.note])
    return figure, f"{title}. Channels of the latent y in falling order of their {order.by}, on one symmetric scale."


def ordered(arrays: Mapping[str, np.ndarray], by: str) -> Order:
    """The channels of y in falling order of their `bits`, or `energy` where the codec doesn't tell its bits."""
    bits = arrays.get("bits_y")
    by = by if bits is not None else "energy"
    channels = selection.strongest(selection.Site(arrays["y"], bits, (0, 0)), by)
    shares = None if bits is None else bits.sum((1, 2), dtype=np.float64) / bits.sum(dtype=np.float64)
    words = "the number and its share of the bits of y" if shares is not None else "the number"
    unknown = "" if shares is not None else "; the codec doesn't tell its bits"
    return Order(channels, shares, by, f"Channels in falling order of their {by}{unknown}; a label is {words}.")
