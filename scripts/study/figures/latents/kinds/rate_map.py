"""Where the bits of an image's latents go."""

from __future__ import annotations

from matplotlib.figure import Figure

from study.figures.latents import rate_map
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords, NotDrawn
from study.latents import edits

TITLE = "where the bits go"
NOTE = "By the entropy model's tables, summed over channels; an element's bits are spread over its square."


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """The maps of y and z beside the image, and the caption."""
    arrays, row = records.arrays(named.image), records.latent_row(named.image)
    size = int(row["height"]), int(row["width"])
    maps = {site: rate_map.on_pixels(arrays[f"bits_{site}"], size) for site in edits.SITES if f"bits_{site}" in arrays}
    if not maps:
        raise NotDrawn("the codec doesn't tell its bits")
    figure = rate_map.figure(records.original(named.image), maps, title, [NOTE])
    return figure, f"{title}. Bits of the latents per pixel."
