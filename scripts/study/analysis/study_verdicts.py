"""BD-rates of one study's codecs against the same codecs of another, and verdicts by thresholds.

Both sides of a comparison have the same codec id, the same images and one metric. The figure is that of `bd_table`: the
mean over the images of each image's BD-rate of B against A, with Student's interval. Where cells say more than a BD
figure can, they are used: codecs without a changed cell are `unchanged`, and codecs whose scores are all the same
(lossless ones) are compared by their rates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.analysis import bd, bd_table
from study.analysis.study_pair import Finished, shared, shared_images
from study.core import outcome
from study.core.errors import StudyError, allowed
from study.metrics import registry

A, B = "A", "B"
BD_COLUMNS = tuple(column for column in bd_table.COLUMNS if column not in ("anchor", "refusals"))
COLUMNS = (
    "image_set", "codec", "metric", "figure", "value", "lo", "hi", "bd_metric", "bd_metric_lo", "bd_metric_hi",
    "scale", "images", "images_a", "images_b", "cells", "changed", "threshold", "verdict", "reason", "note",
)  # fmt: skip
WORST = ("image_set", "codec", "metric", "place", "image", "quality", "bd_rate", "bd_metric")
BD_RATE, AT_EQUAL_SCORES, UNCHANGED = "BD-rate", "rate at equal scores", "unchanged"
WITHIN, BEYOND, UNKNOWN = "within", "beyond", "no figure"
_THRESHOLD = re.compile(r"(?:(?P<metric>[^=%]+)=)?(?P<value>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?P<percent>%?)")


@dataclass(frozen=True)
class Threshold:
    """How much worse B may be: percent of BD-rate, or (`percent` false) of BD-metric in the metric's unit.

    `metric` is empty for all metrics.
    """

    metric: str
    value: float
    percent: bool

    @property
    def text(self) -> str:
        """As a user writes it."""
        return (f"{self.metric}=" if self.metric else "") + f"{self.value:g}" + "%" * self.percent


def thresholds(texts: Sequence[str]) -> list[Threshold]:
    """Thresholds from texts: `1%`, `psnr_rgb=0.5%`, `butteraugli=0.1`. Raises StudyError for another form."""
    parsed = []
    for text in texts:
        match = _THRESHOLD.fullmatch(text.strip())
        if not match or not (match["percent"] or match["metric"]):
            raise StudyError(
                f"--fail-above {text!r} is not a threshold; allowed: 1% (BD-rate at every metric), METRIC=1% (BD-rate "
                "at one), METRIC=0.1 (BD-metric, in the metric's unit)"
            )
        if match["metric"] and match["metric"] not in registry.REGISTRY:
            raise StudyError(f"--fail-above {text}: unknown metric; {allowed(match['metric'], registry.REGISTRY)}")
        parsed.append(Threshold(match["metric"] or "", float(match["value"]), bool(match["percent"])))
    return parsed


def compared_metrics(a: Finished, b: Finished, named: Sequence[str] | None, limits: Sequence[Threshold]) -> list[str]:
    """The metrics to compare at: those `named`, or all that both studies have.

    Raises StudyError for a metric, named or with a threshold, that isn't compared: it would pass without a figure.
    """
    both = shared(a.metrics, b.metrics)
    for name in named or ():
        if name not in both:
            raise StudyError(f"--metrics {name}: not a metric of both studies; {allowed(name, both)}")
    chosen = [name for name in both if named is None or name in named]
    for limit in limits:
        if limit.metric and limit.metric not in chosen:
            raise StudyError(f"--fail-above {limit.text}: this metric isn't compared; {allowed(limit.metric, chosen)}")
    return chosen


def bd_rows(a: Finished, b: Finished, metrics: Sequence[str], rate: str = "bpp") -> list[dict]:
    """The rows of bd.csv for B against A, `BD_COLUMNS`: every shared codec over the shared images.

    Raises StudyError where the studies share no codec, no image or no metric.
    """
    both: dict[str, list] = {
        "codec": shared(a.codecs, b.codecs),
        "image": list(shared_images(a, b)),
        "metric": shared(metrics, b.metrics),
    }
    for what, names in both.items():
        if not names:
            raise StudyError(f"the studies {a.folder} and {b.folder} have no {what} in common: nothing to compare")
    options = bd_table.Options([A], both["metric"], rate=rate, methods=[bd.METHOD], resamples=200)
    table = []
    for codec in both["codec"]:
        rows = [
            {**row, "codec": side}
            for side, study in ((A, a), (B, b))
            for row in study.rows
            if row["codec"] == codec and (row["image_set"], row["image"]) in both["image"]
        ]
        if len({row["codec"] for row in rows}) == 2:
            table += [{**row, "codec": codec} for row in bd_table.table(rows, options)]
    return table


def comparison(a: Finished, b: Finished, figures: Iterable[Mapping], limits: Sequence[Threshold]) -> list[dict]:
    """The rows of comparison.csv, `COLUMNS`: one for each shared codec, image set and metric, from those of `bd_rows`.

    `value` is in percent, positive where B needs more bits; `changed` counts the cells (image, quality) of both whose
    bytes or score differ. A codec of A that B lacks has a row too: with thresholds it has no verdict but `no figure`.
    """
    images = shared_images(a, b)
    cells = [
        {(row["image_set"], row["image"], row["codec"], row["quality"]): row for row in study.rows} for study in (a, b)
    ]
    counts = [_count(study.images) for study in (a, b)]
    table = []
    for figure in figures:
        if figure["over"] != bd.OVER:
            continue
        image_set, codec, metric = (str(figure[name]) for name in ("image_set", "codec", "metric"))
        keys = [k for k in cells[0] if (k[0], k[2]) == (image_set, codec) and k[:2] in images and k in cells[1]]
        pairs = [(cells[0][key], cells[1][key]) for key in keys]
        row: dict[str, object] = {"image_set": image_set, "codec": codec, "metric": metric, "scale": figure["scale"]}
        row |= {"images": figure["n_images"], "images_a": counts[0][image_set], "images_b": counts[1][image_set]}
        row |= {"cells": len(pairs), "changed": sum(_changed(*pair, metric) for pair in pairs)}
        row |= _figure(figure, pairs, metric)
        table.append(row | _verdict(row, limits))
    for codec in a.codecs:
        if codec not in b.codecs:
            lost: dict[str, object] = {"codec": codec, "metric": "", "reason": "only A has this codec"}
            table.append(lost | _verdict(lost, limits))
    return table


def worst(figures: Iterable[Mapping], a: Finished, b: Finished, count: int) -> list[dict]:
    """The rows of worst.csv, `WORST`: for each codec, image set and metric the images with the highest BD-rates.

    `quality` is the one of both studies whose rate on the image in A is nearest to 0.5 bpp.
    """
    groups: dict[tuple, list[Mapping]] = {}
    for row in figures:
        if row["over"] == "image" and row["bd_rate"] is not None:
            groups.setdefault((row["image_set"], row["codec"], row["metric"]), []).append(row)
    table = []
    for (image_set, codec, metric), group in groups.items():
        ranked = sorted(group, key=lambda row: -float(row["bd_rate"]))[:count]
        for rank, row in enumerate(ranked, 1):
            quality = _quality(a, b, image_set, str(row["image"]), codec)
            same = {"image_set": image_set, "codec": codec, "metric": metric, "place": rank, "quality": quality}
            table.append(same | {name: row[name] for name in ("image", "bd_rate", "bd_metric")})
    return table


def of_table(figures: Iterable[Mapping]) -> list[dict]:
    """The rows of `bd_rows` with the columns of the table alone, `BD_COLUMNS`."""
    return [{name: row[name] for name in BD_COLUMNS if name in row} for row in figures]


def beyond(rows: Iterable[Mapping]) -> list[Mapping]:
    """The rows of comparison.csv that fail: beyond a threshold, or without the figure that it asks for."""
    return [row for row in rows if row["verdict"] in (BEYOND, UNKNOWN)]


def readable(rows: Sequence[Mapping]) -> str:
    """The rows of comparison.csv as lines of text."""
    lines = []
    for row in rows:
        what = " ".join(str(row[name]) for name in ("image_set", "codec", "metric") if row.get(name))
        value, ends = row.get("value"), [row.get("lo"), row.get("hi")]
        percent = "" if value is None else f" {value:+.2f} %"
        percent += "" if None in ends else f" [{ends[0]:+.2f}, {ends[1]:+.2f}]"
        limit = f"; {row['verdict']} {row['threshold']}" if row["threshold"] else ""
        why = f" ({row['reason']})" if row.get("reason") else ""
        changed = f"; {row['changed']} of {row['cells']} cells changed" if "cells" in row else ""
        lines.append(f"{what}: {row.get('figure') or 'no figure'}{percent}{changed}{limit}{why}")
    return "\n".join(lines)


def _count(images: Iterable[tuple[str, str]]) -> dict[str, int]:
    sets = [image_set for image_set, _ in images]
    return {name: sets.count(name) for name in sets}


def _changed(before: Mapping[str, str], after: Mapping[str, str], metric: str) -> bool:
    return any(before[column] != after[column] for column in ("bytes", metric, "status"))


def _figure(figure: Mapping, pairs: Sequence[tuple[Mapping, Mapping]], metric: str) -> dict[str, object]:
    """The figure of a row: nothing changed, BD-rate, or the change in rate where all scores are the same."""
    shown = {name: figure.get(name) for name in ("bd_metric", "bd_metric_lo", "bd_metric_hi", "note")}
    whole = [pair for pair in pairs if all(map(outcome.is_ok, pair)) and all(row[metric] for row in pair)]
    complete = len(whole) == len(pairs) > 0
    if complete and not any(_changed(*pair, metric) for pair in pairs):
        return {"figure": UNCHANGED, "value": 0.0, "bd_metric": 0.0}
    if figure["bd_rate"] is not None:
        ends = {"lo": figure.get("bd_rate_lo"), "hi": figure.get("bd_rate_hi")}
        return {"figure": BD_RATE, "value": figure["bd_rate"], **ends, **shown}
    if complete and all(before[metric] == after[metric] for before, after in whole):
        changes = [100 * (float(after["bytes"]) / float(before["bytes"]) - 1) for before, after in whole]
        return {"figure": AT_EQUAL_SCORES, "value": float(np.mean(changes)), "bd_metric": 0.0}
    return {"value": None, "reason": figure["reason"], **shown}


def _verdict(row: Mapping, limits: Sequence[Threshold]) -> dict[str, object]:
    """Every threshold that speaks of a row, and the worst verdict of them; a metric's own goes before the general."""
    metric = row["metric"]
    own = [limit for limit in limits if limit.metric == metric and metric]
    if not any(limit.percent for limit in own):
        own += [limit for limit in limits if not limit.metric]
    if not metric:
        own = list(limits)
    verdicts = []
    for limit in own:
        value = row.get("value") if limit.percent else row.get("bd_metric")
        if value is None or not metric:
            verdicts.append(UNKNOWN)
        else:
            worse = value if limit.percent else -bd.sign_of(str(metric)) * value
            verdicts.append(BEYOND if worse > limit.value else WITHIN)
    order = (BEYOND, UNKNOWN, WITHIN)
    verdict = next((word for word in order if word in verdicts), "")
    return {"threshold": ", ".join(limit.text for limit in own), "verdict": verdict}


def _quality(a: Finished, b: Finished, image_set: str, image: str, codec: str) -> str:
    both = shared(a.qualities[codec], b.qualities[codec]) or a.qualities[codec]
    rates = {
        row["quality"]: abs(float(row["bpp"]) - 0.5)
        for row in a.rows
        if (row["image_set"], row["image"], row["codec"]) == (image_set, image, codec)
        and row["quality"] in both
        and row["bpp"]
    }
    return min(rates, key=lambda quality: rates[quality]) if rates else both[0]
