"""Which channels earn their bits: what an image loses when one is set to 0, against the channel's bits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from study.figures import palette
from study.figures.latents import channel_ablation, edit_tiles
from study.figures.latents.channel_ablation import Panel
from study.figures.latents.names import Named
from study.figures.latents.records import JobRecords, NotDrawn
from study.latents import edits
from study.metrics import registry

TITLE = "which channels earn their bits"
LOSSES = {"PSNR": (" (dB)", 1, 1e-3), "MS-SSIM": (" (thousandths)", 1000, 0.01)}  # unit, factor, floor


@dataclass(frozen=True)
class Rates:
    """The rate of each channel in bpp, float64 [channel], the label of its axis, and notes."""

    values: np.ndarray
    label: str
    notes: list[str]


def drawn(records: JobRecords, named: Named, title: str) -> tuple[Figure, str]:
    """A panel for PSNR and for MS-SSIM, and the caption."""
    edit = str(records.plan.figures.attribution)
    rows = records.edit_rows(named.image, edit)
    policy = rows[0]["side_information"]
    rows = [row for row in rows if row["side_information"] == policy]
    arrays = records.arrays(named.image)
    channels = [channel(row) for row in rows]
    if None in channels or len(set(channels)) < len(channels):
        raise NotDrawn(f"the edit {edit} isn't one sweep over the channels, one at a time")
    rates = channel_rates(rows, channels, arrays)
    panels = losses(rows, channels, len(arrays["y"]), records.quality_metrics())
    if not panels:
        raise NotDrawn("the study has neither PSNR nor MS-SSIM among its metrics")
    notes = [f"Edit {edit}: one channel set to 0 at a time, side information: {policy}.", *rates.notes]
    notes += edit_tiles.gaps(rows, list(records.quality_metrics().values()))
    figure = channel_ablation.figure(rates.values, rates.label, panels, records.look(), title, notes)
    return figure, caption(title, panels[0].label, *channel_ablation.outliers(rates.values, panels[0]))


def channel(row: Mapping) -> int | None:
    """The channel that a row's edit touches, None for an edit of others or of several steps."""
    steps = edits.from_text(row["steps"])
    chosen = steps[0].select.get("channels") if len(steps) == 1 else None
    return chosen[0] if isinstance(chosen, list) and len(chosen) == 1 else None


def channel_rates(rows: Sequence[Mapping], channels: Sequence[int], arrays: Mapping[str, np.ndarray]) -> Rates:
    """The bits of each channel by the entropy model, or what its ablation saves where the codec doesn't tell them."""
    if "bits_y" in arrays:
        pixels = int(rows[0]["width"]) * int(rows[0]["height"])
        return Rates(arrays["bits_y"].sum((1, 2), dtype=np.float64) / pixels, "Bits of the channel (bpp)", [])
    saved = np.zeros(len(arrays["y"]))
    saved[channels] = [0.0 if row["delta_bpp_y"] is None else -row["delta_bpp_y"] for row in rows]
    note = "The codec doesn't tell its bits: rates are those that an ablation saves."
    return Rates(saved, "Bits saved by zeroing the channel (bpp)", [note])


def losses(
    rows: Sequence[Mapping], channels: Sequence[int], count: int, metrics: Mapping[str, str]
) -> list[channel_ablation.Panel]:
    """A panel for each metric, by kind (`LOSSES`): what is lost when a channel, of `count`, is set to 0."""
    panels = []
    for kind, metric in metrics.items():
        unit, factor, floor = LOSSES[kind]
        sign = registry.entry(metric).sign
        loss = np.full(count, np.nan)
        changes = [row[f"delta_{metric}"] for row in rows]
        loss[channels] = [math.nan if change is None else -sign * factor * change for change in changes]
        panels.append(Panel(f"Loss of {palette.short(metric)}{unit}", loss, floor))
    return panels


def caption(title: str, label: str, best: Sequence[int], worst: Sequence[int]) -> str:
    """Which channels lose the most and the least, beside channels of like bits, in the metric of `label`."""
    return (
        f"{title}. Loss against bits of each channel. {label}, beside channels of like bits, is the most for "
        f"{_listed(best)}, the least for {_listed(worst)}."
    )


def _listed(channels: Sequence[int]) -> str:
    return f"channels {', '.join(map(str, channels))}" if channels else "none"
