"""A contact sheet of an image's edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from study.figures.latents import contact_sheet, edit_tiles
from study.figures.latents.contact_sheet import Shown
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords
from study.latents import edits

TITLE = "edits"
MOST_OF_SWEEP = 12
MOST_ON_SHEET = 60
NOTE = "Beside each image: the luma of the edit minus that of the baseline, of the baseline minus the original."


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """The sheet of the edits that the experiment chooses, and the caption."""
    rows = records.rows(named.image)
    chosen = records.plan.figures.sheet
    known = [name for name in dict.fromkeys(row["edit"] for row in rows) if name != edits.BASELINE]
    wanted = known if chosen is True else [name for name in known if name in chosen]
    original, baseline = records.original(named.image), records.baseline(named.image)

    def tiles(own: Sequence[Mapping], head: str, against: np.ndarray | None) -> list[Shown]:
        return edit_tiles.tiles(own, head, records.decoded, records.quality_metrics(), against)

    shown = [Shown("original", [f"{original.shape[1]}×{original.shape[0]}"], original)]
    shown += tiles([row for row in rows if row["edit"] == edits.BASELINE], "baseline (none)", original)
    values, notes = thinned({name: _values(rows, name) for name in wanted})
    for name in wanted:
        for value in values[name]:
            own = [row for row in rows if (row["edit"], row["value"]) == (name, value)]
            shown += tiles(own, name if value is None else f"{name} {value}", baseline)
    if len(shown) > MOST_ON_SHEET + 2:
        notes.append(f"The first {MOST_ON_SHEET} edits of {len(shown) - 2}; the key `sheet` of the config chooses.")
        shown = shown[: MOST_ON_SHEET + 2]
    figure = contact_sheet.figure(shown, title, [NOTE, *notes])
    return figure, f"{title}. Decoded images of edited latents and what the edits changed."


def thinned(sweeps: Mapping[str, Sequence[str | None]]) -> tuple[dict[str, list[str | None]], list[str]]:
    """The values of each edit's sweep that the sheet has room for, and notes on those that lost some."""
    most = MOST_OF_SWEEP
    while most > 1 and sum(min(most, len(values)) for values in sweeps.values()) > MOST_ON_SHEET:
        most -= 1
    kept = {name: spread(values, most) for name, values in sweeps.items()}
    notes = [
        f"{name}: {len(kept[name])} of its {len(values)} values are shown."
        for name, values in sweeps.items()
        if len(kept[name]) < len(values)
    ]
    return kept, notes


def spread(values: Sequence, most: int) -> list:
    """At most that many of the values, the first and last among them, evenly spread."""
    if len(values) <= most:
        return list(values)
    return [values[round(index)] for index in np.linspace(0, len(values) - 1, most)]


def _values(rows: Sequence[Mapping], edit: str) -> list[str | None]:
    return list(dict.fromkeys(row["value"] for row in rows if row["edit"] == edit))
