"""The table of Bjøntegaard differences of a study's codecs against anchors: per image, and two ways over the set.

`over` says what a row is about: `image` (one image), `mean of images` (the arithmetic mean of the images' figures)
or `mean curve` (the figure of the curves of means, as in means.csv: rates and scores are averaged over the images at
each quality, then brought to the scale). Figures, exports, claims and the model card show the mean of images with the
interpolation `bd.METHOD`, unless they say otherwise: each image counts alike, and its interval is Student's. Papers
mostly print the mean curve, in which images with a high rate weigh more. Both are over all images of the set or have
no figure, since figures over different images can't be compared.

`interval` names the kind of interval over the images. That of the mean of images is Student's (`t`), whose coverage
tools/coverage_simulation.py shows. That of the mean curve is the percentile bootstrap (`bootstrap`), from resamples
that all codecs and metrics share; with few images it is too narrow. With one image there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from study.analysis import bd, refusals
from study.analysis.refusals import Refusal
from study.core import outcome
from study.core.errors import StudyError, allowed
from study.metrics.registry import SCALES

COLUMNS = (
    "image_set", "over", "image", "codec", "anchor", "metric", "scale", "rate", "method",
    "bd_rate", "bd_rate_lo", "bd_rate_hi", "bd_metric", "bd_metric_lo", "bd_metric_hi", "level", "interval",
    "overlap_lo", "overlap_hi", "overlap_share", "rate_overlap_lo", "rate_overlap_hi", "rate_overlap_share",
    "n_images", "status", "refusals", "reason", "note",
)  # fmt: skip
RATES = ("bpp", "payload_bpp")
MAX_LOST = 0.05
_FIGURES = ("bd_rate", "bd_metric")


@dataclass(frozen=True)
class Options:
    """How to compare; the defaults are those of the command.

    `scales` holds the scale of a metric, `identity` or `db`, where it isn't the usual one, `rate` is a column of bits
    per pixel, `methods` are interpolations of `bd`. Curves that overlap in less than `min_overlap` of the narrower
    one's range are refused. Intervals have the confidence `level`, those of mean curves from `resamples` of the images.
    """

    anchors: Sequence[str]
    metrics: Sequence[str]
    scales: Mapping[str, str] = field(default_factory=dict)
    rate: str = "bpp"
    methods: Sequence[str] = bd.METHODS
    min_overlap: float = 0.5
    resamples: int = 1000
    level: float = bd.LEVEL
    seed: int = 0

    def scale(self, metric: str) -> str:
        """The scale of a metric: the one asked for, or the usual one."""
        return self.scales.get(metric, bd.scale_of(metric))

    def on_scale(self, metric: str, score: np.ndarray) -> np.ndarray:
        """Scores as curves hold them: on the metric's scale, and more is better."""
        return bd.sign_of(metric) * bd.on_scale(score, self.scale(metric))


@dataclass(frozen=True)
class Side:
    """One codec at one metric on one image set: its curves per image, of the means, and of the resampled means."""

    codec: str
    images: bd.Curves
    mean: bd.Curves
    resampled: bd.Curves | None
    reasons: Sequence[str]


@dataclass(frozen=True)
class _Pair:
    """What holds for a pair of curves whatever the method: overlaps and note (`cells`), and why a figure is refused."""

    cells: Mapping[str, object]
    refused: Mapping[str, tuple[Refusal, ...]]


def table(rows: Iterable[Mapping[str, object]], options: Options) -> list[dict]:
    """The rows of bd.csv from those of rd.csv (cells may be text). An empty figure has a reason.

    `bd_rate` is in percent; `bd_metric` in units of the scale (dB on `db`), so below 0 where less is better and the
    codec is. `overlap_lo`, `overlap_hi` is the interval
    of the metric, in its own unit, that both curves cover, `overlap_share` its share of the narrower curve's range on
    the scale; `rate_overlap_*` the same for the rate (share in log rate), which decides on `bd_metric`. In a row for a
    mean of images they are means over the images. `level` is the intervals' confidence level, `note` what was left
    out. A row that lacks a figure has the status `refused`, and `refusals` tells why as data (see `refusals.Refusal`).
    Raises StudyError for options that don't fit the rows.
    """
    rows = list(rows)
    check(rows, options)
    sets: dict[str, dict[str, list[Mapping]]] = {}
    for row in rows:
        sets.setdefault(str(row["image_set"]), {}).setdefault(str(row["codec"]), []).append(row)
    comparisons = []
    for image_set, codecs in sets.items():
        images = list(dict.fromkeys(str(row["image"]) for part in codecs.values() for row in part))
        shares = bd.resampling(len(images), options.resamples, options.seed) if len(images) > 1 else None
        for metric in dict.fromkeys(options.metrics):
            sides = {codec: side(codec, part, images, metric, shares, options) for codec, part in codecs.items()}
            same = {"image_set": image_set, "metric": metric, "scale": options.scale(metric)}
            for name in dict.fromkeys(options.anchors):
                anchor = sides.get(name) or side(name, [], images, metric, shares, options)
                for codec, test in sides.items():
                    if codec != name:
                        comparisons += [row | same for row in _compare(anchor, test, images, metric, options)]
    return comparisons


def check(rows: Sequence[Mapping], options: Options) -> None:
    """Raise StudyError, which says what is allowed, for options that don't fit the rows of rd.csv."""
    if not rows:
        raise StudyError("rd.csv has no rows: the study has no cells, so there is nothing to compare")
    needed = ("image_set", "image", "codec", "quality", "status", "reason", "gaps", options.rate, *options.metrics)
    for column in needed:
        if column not in rows[0]:
            raise StudyError(f"rd.csv has no column {column!r}; {allowed(column, rows[0])}")
    codecs = dict.fromkeys(str(row["codec"]) for row in rows)
    for anchor in options.anchors:
        if anchor not in codecs:
            raise StudyError(f"the anchor {anchor!r} is not among the study's codecs; {allowed(anchor, codecs)}")
    choices: list[tuple[str, str, Sequence[str]]] = [("rate", options.rate, RATES)]
    choices += [("method", method, bd.METHODS) for method in options.methods]
    choices += [("scale", scale, SCALES) for scale in options.scales.values()]
    choices += [("metric with a scale", metric, options.metrics) for metric in options.scales]
    for what, value, known in choices:
        if value not in known:
            raise StudyError(f"{what} {value!r} is not possible; {allowed(value, known)}")
    if not 0 <= options.min_overlap <= 1:
        raise StudyError(f"the least overlap must be from 0 to 1; found {options.min_overlap}")
    if not 0 < options.level < 1:
        raise StudyError(f"the confidence level must be between 0 and 1; found {options.level}")
    if options.resamples < 1:
        raise StudyError(f"the number of resamples must be at least 1; found {options.resamples}")


def side(
    codec: str, rows: Sequence[Mapping], images: Sequence[str], metric: str, shares: np.ndarray | None, options: Options
) -> Side:
    """A codec's curves at a metric from its rows of rd.csv; `shares` [N, images] are the resamples' weights."""

    def curves(rate: np.ndarray, score: np.ndarray) -> bd.Curves:
        return bd.curves(rate, options.on_scale(metric, score))

    qualities = {quality: index for index, quality in enumerate(dict.fromkeys(row["quality"] for row in rows))}
    places = {image: index for index, image in enumerate(images)}
    rate, score = np.full((2, len(images), len(qualities)), np.nan)
    reasons = [""] * len(images)
    for row in rows:
        cell = places[str(row["image"])], qualities[row["quality"]]
        rate[cell], score[cell] = _number(row, options.rate), _number(row, metric)
        if not reasons[cell[0]] and np.isnan(rate[cell] + score[cell]):
            reasons[cell[0]] = outcome.why(row, metric)
    whole = ~np.isnan(rate + score).any(axis=0)
    rate_mean, score_mean = (np.where(whole, part, np.nan).mean(axis=0) for part in (rate, score))
    resampled = None
    if shares is not None:
        kept = whole & np.isfinite(score_mean)
        means = (bd.weighted(shares, part[:, kept]) for part in (rate, score))
        resampled = curves(*means)
    return Side(codec, curves(rate, score), curves(rate_mean, score_mean), resampled, reasons)


def _number(row: Mapping, column: str) -> float:
    value = row[column]
    try:
        return float(value) if value not in ("", None) else np.nan
    except ValueError:
        raise StudyError(f"rd.csv has {value!r} in column {column}, where a number belongs") from None


def _compare(anchor: Side, test: Side, images: Sequence[str], metric: str, options: Options) -> list[dict]:
    """The rows of one codec at one metric on one image set, for every method."""
    same = {"codec": test.codec, "anchor": anchor.codec, "rate": options.rate}
    pairs = _pairs(anchor, test, (anchor.images, test.images), metric, options)
    (pair_of_means,) = _pairs(anchor, test, (anchor.mean, test.mean), metric, options)
    signs = {"bd_rate": 1, "bd_metric": bd.sign_of(metric)}
    compared = []
    for method in options.methods:
        rows = [
            {"over": "image", "image": image, "n_images": 1}
            | _figures(pair, (anchor.images, test.images), index, method, signs)
            for index, (image, pair) in enumerate(zip(images, pairs))
        ]
        curve = {"over": "mean curve", "n_images": len(images)}
        curve |= _figures(pair_of_means, (anchor.mean, test.mean), 0, method, signs)
        resampled = _resampled(anchor, test, curve, method, signs, options)
        rows += [_mean_of_images(rows, options), curve | resampled]
        compared += [row | same | {"method": method} for row in rows]
    for row in compared:
        del row["refused"]
    return compared


def _pairs(anchor: Side, test: Side, curves: tuple[bd.Curves, bd.Curves], metric: str, options: Options) -> list[_Pair]:
    covered = {"score": bd.overlap(*curves, "score"), "rate": bd.overlap(*curves, "rate")}
    curve_pairs = []
    for row in range(len(curves[0].dip)):
        sides = list(zip((anchor, test), curves))
        why = tuple(reason for reason in (refusal(side, curve, row) for side, curve in sides) if reason)
        cells: dict[str, object] = {"note": bd.joined([_note(side, curve, row) for side, curve in sides])}
        refused = dict.fromkeys(_FIGURES, why)
        for name, over, column in zip(_FIGURES, covered, ("overlap", "rate_overlap")):
            low, high, share = (float(part[row]) for part in covered[over])
            if low < high:
                ends = (low, high)
                if over == "score":
                    ends = bd.ends_of_range(low, high, options.scale(metric), bd.sign_of(metric))
                cells |= {f"{column}_lo": ends[0], f"{column}_hi": ends[1], f"{column}_share": share}
            if not why and (share <= 0 or share < options.min_overlap):
                range_of = metric if over == "score" else options.rate
                refused[name] = (Refusal("overlap", count=share, limit=options.min_overlap, over=range_of),)
        curve_pairs.append(_Pair(cells, refused))
    return curve_pairs


def refusal(side: Side, curve: bd.Curves, row: int) -> Refusal | None:
    """Why this side can't be compared, with what the study says of its first missing value; None if it can."""
    why = bd.refusal(curve, row)
    cause = next((reason for reason in [side.reasons[row], *side.reasons] if reason), "")
    return why and replace(why, codec=side.codec, cause="" if curve.finite[row].all() else cause)


def _note(side: Side, curve: bd.Curves, row: int) -> str:
    notes = bd.left_out(curve, row)
    return f"{side.codec}: {notes}" if notes else ""


def _figures(pair: _Pair, curves: tuple[bd.Curves, bd.Curves], row: int, method: str, signs: Mapping[str, int]) -> dict:
    """Both figures of a pair of curves, by the library; None for one that is refused."""
    values = {
        name: None if pair.refused[name] else signs[name] * float(compute(*curves, method, row))
        for name, compute in zip(_FIGURES, (bd.bd_rate, bd.bd_metric))
    }
    return {**pair.cells, **values, **_refused(pair.refused)}


def _refused(reasons: Mapping[str, tuple[Refusal, ...]]) -> dict[str, object]:
    """The columns that tell why a row lacks figures; it is `refused` if it lacks one."""
    texts = {name: refusals.text(why) for name, why in reasons.items() if why}
    together = len(set(texts.values())) == 1 and len(texts) == len(_FIGURES)
    reason = [why if together else f"{name}: {why}" for name, why in texts.items()]
    status = outcome.REFUSED if texts else outcome.OK
    return {"status": status, "refusals": refusals.as_json(reasons), "reason": bd.joined(reason), "refused": reasons}


def _mean_of_images(rows: Sequence[Mapping], options: Options) -> dict:
    """The row of the images' mean figures, from their rows; a figure that an image lacks has no mean."""
    n = len(rows)
    mean: dict[str, object] = {"over": "mean of images", "n_images": n}
    cells: dict[str, object] = {}
    reasons: dict[str, tuple[Refusal, ...]] = {}
    for name in _FIGURES:
        values = np.array([np.nan if row[name] is None else row[name] for row in rows])
        mean[name] = None
        if lacking := [row for row in rows if row[name] is None]:
            first = lacking[0]
            why = Refusal("images", count=len(lacking), total=n, first=first["image"], inner=first["refused"][name])
            reasons[name] = (why,)
        else:
            mean[name] = float(values.mean())
            if n > 1:
                low, high = bd.t_interval(values, options.level)
                cells |= {f"{name}_lo": low, f"{name}_hi": high, "level": options.level, "interval": "t"}
    for column in COLUMNS:
        if "overlap" in column and all(column in row for row in rows):
            mean[column] = float(np.mean([row[column] for row in rows]))
    notes = sum(bool(row["note"]) for row in rows)
    alone = "no interval: one image" if n == 1 and any(mean[name] is not None for name in _FIGURES) else ""
    mean["note"] = bd.joined([f"points left out in {notes} of {n} images" if notes else "", alone])
    return mean | _refused(reasons) | cells


def _resampled(anchor: Side, test: Side, row: Mapping, method: str, signs: Mapping[str, int], options: Options) -> dict:
    """The interval and note of the row of the mean curve."""
    samples = {}
    if anchor.resampled is not None and test.resampled is not None:
        for name, batch in zip(_FIGURES, (bd.bd_rates, bd.bd_metrics)):
            if row[name] is not None:
                samples[name] = signs[name] * batch(anchor.resampled, test.resampled, method, options.min_overlap)
    return _intervals(samples, row, options)


def _intervals(samples: Mapping[str, np.ndarray], row: Mapping, options: Options) -> dict:
    """The bootstrap intervals of the mean curve's figures, and its note with why there is none."""
    cells: dict[str, object] = {}
    notes = [str(row["note"])]
    if row["n_images"] == 1 and any(row[name] is not None for name in _FIGURES):
        notes.append("no interval: one image")
    for name, sample in samples.items():
        lost = int(np.isnan(sample).sum())
        if lost > MAX_LOST * len(sample):
            notes.append(f"{name}: no interval, {lost} of {len(sample)} resamples are refused")
            continue
        if lost:
            notes.append(f"{name}: the interval is without {lost} of {len(sample)} resamples, which are refused")
        low, high = bd.interval(sample, options.level)
        cells |= {f"{name}_lo": low, f"{name}_hi": high, "level": options.level, "interval": "bootstrap"}
    return cells | {"note": bd.joined(notes)}


def readable(rows: Sequence[Mapping]) -> str:
    """The rows over whole sets as text: a block for each image set, metric and method, a line for each codec."""
    blocks: dict[tuple, list[Mapping]] = {}
    for row in rows:
        if row["over"] != "image":
            key = tuple(row[column] for column in ("image_set", "metric", "scale", "rate", "method", "over", "anchor"))
            blocks.setdefault((*key, row["n_images"]), []).append(row)
    texts = []
    for (image_set, metric, scale, rate, method, over, anchor, n), block in blocks.items():
        where = "-10 log10(1 - x)" if scale == "db" else "as is"
        width = max(len(row["codec"]) for row in block)
        head = f"{image_set} ({n} images), {over}: {metric} ({where}) against {rate}, anchor {anchor}, {method}"
        titles = f"  {'codec':{width}}  {'BD-rate %':>26}  {'BD-metric':>26}  {metric + ' overlap':>24}"
        texts.append("\n".join([head, titles, *(_line(row, width) for row in block)]))
    return "\n\n".join(texts) or "only the anchor is in this study: nothing to compare"


def _line(row: Mapping, width: int) -> str:
    def figure(name: str, digits: int) -> str:
        if row[name] is None:
            return "-"
        ends = [row.get(f"{name}_{end}") for end in ("lo", "hi")]
        spread = "" if None in ends else f" [{ends[0]:+.{digits}f}, {ends[1]:+.{digits}f}]"
        return f"{row[name]:+.{digits}f}{spread}"

    covered = "-"
    if "overlap_lo" in row:
        covered = f"{row['overlap_lo']:.4g} to {row['overlap_hi']:.4g} ({row['overlap_share']:.0%})"
    remark = bd.joined([str(row["reason"]), str(row["note"])])
    cells = f"{figure('bd_rate', 2):>26}  {figure('bd_metric', 3):>26}  {covered:>24}"
    return f"  {row['codec']:{width}}  {cells}{f'  {remark}' if remark else ''}"
