"""BD-rates of a study's codecs against published curves, from the means of both over the same images.

Publications give means, so a figure is that of the mean curve (see `bd_table`), without interval. What is known to
differ is accounted for as in `published_check`: a rate that counts the payload is compared with `payload_bpp`, and a
PSNR of images that were not rounded to 8 bits is lowered by the error of rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from study.analysis import bd, refusals
from study.analysis.refusals import Refusal
from study.core import outcome

COLUMNS = (
    "image_set", "codec", "curve", "label", "metric", "scale", "counts", "rate", "method", "bd_rate",
    "overlap_lo", "overlap_hi", "overlap_share", "status", "reason", "note",
)  # fmt: skip
MIN_OVERLAP = 0.5
ROUNDING = 1 / 12  # the mean squared error of rounding to integers, in 8-bit levels


def rows(
    means: Sequence[Mapping[str, str]], published: Sequence[Mapping[str, str]], scored: Mapping[str, str]
) -> list[dict[str, object]]:
    """The rows of published_bd.csv, `COLUMNS`, from those of means.csv and those of published.csv that are drawn.

    `scored` gives what the publisher of a curve scored. `bd_rate` is in percent, negative where the codec needs fewer
    bits than published; empty where the curves can't be compared, and `reason` tells why.
    """
    curves: dict[tuple[str, str, str], list[Mapping[str, str]]] = {}
    for row in published:
        if row["drawn"] == "yes":
            curves.setdefault((row["image_set"], row["curve"], row["metric"]), []).append(row)
    codecs: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for mean in means:
        codecs.setdefault((mean["image_set"], mean["codec"]), []).append(mean)
    return [
        _row(codec, own, points, scored[curve])
        for (image_set, curve, _), points in curves.items()
        for (own_set, codec), own in codecs.items()
        if own_set == image_set
    ]


def rounded(psnr: np.ndarray) -> np.ndarray:
    """The PSNR (dB, any shape) expected once images of a PSNR are rounded to 8 bits: the error of rounding is added."""
    return -10 * np.log10(10 ** (-np.asarray(psnr, dtype=float) / 10) + ROUNDING / 255**2)


def _row(
    codec: str, own: Sequence[Mapping[str, str]], points: Sequence[Mapping[str, str]], scored: str
) -> dict[str, object]:
    first, metric = points[0], points[0]["metric"]
    rate = "payload_bpp" if first["counts"] == "payload" else "bpp"
    scale, sign = bd.scale_of(metric), bd.sign_of(metric)
    scores = np.array([float(point["value"]) for point in points])
    if metric == "psnr_rgb" and scored == "float":
        scores = rounded(scores)
    theirs = bd.curves(np.array([float(point["bpp"]) for point in points]), sign * bd.on_scale(scores, scale))
    pairs = np.array([[_number(row[rate]), _number(row[metric])] for row in own])
    ours = bd.curves(pairs[:, 0], sign * bd.on_scale(pairs[:, 1], scale))
    named: dict[str, object] = {name: first[name] for name in ("image_set", "curve", "label", "counts")}
    row = named | {"codec": codec, "metric": metric, "scale": scale, "rate": rate}
    low, high, share = (float(part[0]) for part in bd.overlap(theirs, ours, "score"))
    if low < high:
        ends = bd.ends_of_range(low, high, scale, sign)
        row |= {"overlap_lo": ends[0], "overlap_hi": ends[1], "overlap_share": share}
    row |= {"method": bd.METHOD, "note": bd.joined([bd.left_out(ours), bd.left_out(theirs)])}
    sides = ((codec, bd.refusal(ours)), (first["curve"], bd.refusal(theirs)))
    why = [replace(refused, codec=name) for name, refused in sides if refused]
    if not why and (share <= 0 or share < MIN_OVERLAP):
        why = [Refusal("overlap", count=share, limit=MIN_OVERLAP, over=metric)]
    if why:
        return row | {"status": outcome.REFUSED, "reason": refusals.text(why)}
    return row | {"status": outcome.OK, "bd_rate": bd.bd_rate(theirs, ours, bd.METHOD)}


def _number(text: str) -> float:
    return float(text) if text else math.nan
