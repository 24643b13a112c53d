"""Every codec against every other, head to head: BD-rates over the range that the two of them cover.

BD-rates against an anchor are integrated over ranges that differ from codec to codec, so two of them can't be ranked by
it: the order of some pairs is the other way round when they are compared with each other. Here each pair is, with the
definition of `bd_table`: the mean over the images of the images' BD-rates (`bd.METHOD`), with Student's interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from study.analysis import bd, bd_table

COLUMNS = (
    "image_set", "metric", "codec", "anchor", "bd_rate", "bd_rate_lo", "bd_rate_hi", "level",
    "overlap_lo", "overlap_hi", "n_images", "refused_images", "agree", "status",
)  # fmt: skip


def table(rows: Iterable[Mapping[str, object]], metrics: Sequence[str], min_overlap: float) -> list[dict]:
    """The rows of head_to_head.csv from those of rd.csv: one for each codec, other codec (`anchor`) and metric.

    `bd_rate` is in percent of the anchor's rate, below 0 if the codec needs less. A pair of which an image has no
    figure has none (`status` refused; `refused_images` counts them). `overlap_lo`, `overlap_hi`: the mean ends of the
    range of the metric that was integrated. `agree` counts the images on which the codec needs less rate.
    Raises StudyError for rows that lack a column.
    """
    rows = list(rows)
    sets: dict[str, dict[str, list[Mapping]]] = {}
    for row in rows:
        sets.setdefault(str(row["image_set"]), {}).setdefault(str(row["codec"]), []).append(row)
    compared = []
    for image_set, codecs in sets.items():
        images = list(dict.fromkeys(str(row["image"]) for part in codecs.values() for row in part))
        for metric in dict.fromkeys(metrics):
            options = bd_table.Options([], [metric], min_overlap=min_overlap)
            bd_table.check(rows, options)
            sides = {name: bd_table.side(name, part, images, metric, None, options) for name, part in codecs.items()}
            same = {"image_set": image_set, "metric": metric, "n_images": len(images)}
            compared += [same | row for row in _pairs(sides, options.scale(metric), bd.sign_of(metric), min_overlap)]
    return compared


def _pairs(sides: Mapping[str, bd_table.Side], scale: str, sign: int, min_overlap: float) -> Iterator[dict]:
    for codec, test in sides.items():
        for anchor, other in sides.items():
            if codec == anchor:
                continue
            rates = bd.bd_rates(other.images, test.images, bd.METHOD, min_overlap)
            low, high, _ = bd.overlap(other.images, test.images, "score")
            refused = int(np.isnan(rates).sum())
            row: dict[str, object] = {"codec": codec, "anchor": anchor, "refused_images": refused, "status": "refused"}
            if not refused:
                ends = bd.ends_of_range(float(low.mean()), float(high.mean()), scale, sign)
                row |= {"bd_rate": float(rates.mean()), "status": "ok", "agree": int((rates < 0).sum())}
                row |= {"overlap_lo": ends[0], "overlap_hi": ends[1]}
                if len(rates) > 1:
                    least, most = bd.t_interval(rates, bd.LEVEL)
                    row |= {"bd_rate_lo": least, "bd_rate_hi": most, "level": bd.LEVEL}
            yield row


def reversed_pairs(rows: Sequence[Mapping[str, object]], anchor: str) -> set[tuple[str, str]]:
    """The pairs (codec, other) of one image set and metric that are ranked otherwise head to head than by `anchor`.

    Both orders of a pair are in the set. Pairs without a figure are left out.
    """
    rates = {(str(row["codec"]), str(row["anchor"])): _number(row["bd_rate"]) for row in rows}
    by_anchor = {codec: rate for (codec, other), rate in rates.items() if other == anchor and rate is not None}
    by_anchor[anchor] = 0.0
    return {
        (codec, other)
        for (codec, other), rate in rates.items()
        if rate is not None
        and codec in by_anchor
        and other in by_anchor
        and (by_anchor[codec] - by_anchor[other]) * rate < 0
    }


def _number(value: object) -> float | None:
    return None if value in ("", None) else float(str(value))
