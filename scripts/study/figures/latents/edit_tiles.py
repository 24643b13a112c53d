"""The tiles of edits on contact sheets and strips: decoded images with their rates and scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from study.core import outcome
from study.figures import canvas
from study.figures.latents.contact_sheet import Shown

Decoded = Callable[[Mapping], np.ndarray | None]


def tiles(
    rows: Sequence[Mapping], name: str, decoded: Decoded, metrics: Mapping[str, str], against: np.ndarray | None
) -> list[Shown]:
    """The tiles of one edit under its policies; policies that give the same image share one.

    `decoded` gives the image of a row, uint8 [H, W, 3], or None; `metrics` are those to print, by kind (`PSNR`,
    `MS-SSIM`); `against` is the image that a tile's difference is taken from, None for tiles without.
    """
    groups: list[tuple[np.ndarray | None, list[Mapping]]] = []
    for row in rows:
        image = decoded(row)
        for other, members in groups:
            if _same(image, row, other, members[0]):
                members.append(row)
                break
        else:
            groups.append((image, [row]))
    shown = []
    for image, members in groups:
        head = name if len(groups) == 1 else f"{name}, {', '.join(str(row['side_information']) for row in members)}"
        difference = None if image is None else against
        shown.append(Shown(head, _numbers(members, metrics), image, difference, reason(members[0])))
    return shown


def reason(row: Mapping) -> str:
    """Why a row of edits has no image, for a figure."""
    return canvas.clipped(outcome.sentence(row) or "no image was decoded", 240)


def gaps(rows: Sequence[Mapping], metrics: Sequence[str]) -> list[str]:
    """Notes on the rows of edits without rate or without one of the metrics, by reason."""
    lacking: dict[str, int] = {}
    for row in rows:
        if row["bpp"] is None or any(row[name] is None for name in metrics):
            lacking[reason(row)] = lacking.get(reason(row), 0) + 1
    return [f"Without value: {count} of {len(rows)} ({why})." for why, count in lacking.items()]


def _same(image: np.ndarray | None, row: Mapping, other: np.ndarray | None, other_row: Mapping) -> bool:
    if image is None or other is None:
        return image is None and other is None and reason(other_row) == reason(row)
    return np.array_equal(image, other)


def _numbers(rows: Sequence[Mapping], metrics: Mapping[str, str]) -> list[str]:
    """The lines under a tile: the rate under each policy, then the scores."""
    if all(row["bpp"] is None for row in rows):
        return []
    lines = []
    rates = {row["side_information"]: "–" if row["bpp"] is None else f"{row['bpp']:.3f}" for row in rows}
    if len(set(rates.values())) == 1:
        lines.append(f"{next(iter(rates.values()))} bpp" + (" under both policies" if len(rates) > 1 else ""))
    else:
        lines.append(", ".join(f"{policy} {rate}" for policy, rate in rates.items()) + " bpp")
    scored = []
    for kind, metric in metrics.items():
        value = rows[0][metric]
        if value is not None:
            scored.append(f"{value:.2f} dB" if kind == "PSNR" else f"{kind} {value:.4f}")
    lines.append(", ".join(scored) if scored else reason(rows[0]))
    return lines
