"""A study's means against published averages over the same images, point by point.

A point is compared with the published curve at its own rate (`difference_at_bpp`: interpolated, PCHIP over log rate)
and, where the codec's settings are the publisher's, with the published point of its quality (`difference`,
`bpp_difference`). Differences are the study's value less the published one, in dB: of PSNR, and of SSIM-type metrics as
-10 log10(1 - value). What is known to differ is accounted for:

- A rate that counts the payload is compared with `payload_bpp`, any other with `bpp` (the whole file).
- Ours are scores of 8-bit images. Rounding adds an error of variance 1/12, so a PSNR published for images that were
  not rounded is expected to be higher: by `rounding` dB, which is taken off before values are compared. (CompressAI has
  published both for its hyperprior: 40.557 and 40.493 dB at the highest rate, from which the formula gives 40.556.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from study.analysis import bd
from study.core import outcome

COLUMNS = (
    "image_set", "codec", "quality", "curve", "metric", "scale", "match", "counts", "rate",
    "bpp", "published_bpp", "bpp_difference", "value", "published_value", "rounding",
    "difference", "difference_at_bpp", "rate_tolerance", "tolerance", "verdict", "reason",
)  # fmt: skip
VERDICTS = ("within", "beyond", "not compared")


def rows(
    means: Sequence[Mapping[str, str]],
    published: Sequence[Mapping[str, str]],
    matches: Mapping[str, Mapping[str, str]],
    scored: Mapping[str, str],
    tolerance: float,
    rate_tolerance: float,
) -> list[dict[str, object]]:
    """The rows of published_check.csv, `COLUMNS`, from those of means.csv and published.csv.

    `matches` says for each codec and curve whether points of equal `quality` correspond, or `rate` alone; `scored`
    gives what the publisher of a curve scored. `bpp_difference` is in percent, other differences in dB. A verdict is
    `beyond` if one of them exceeds its tolerance.
    """
    checked = []
    for mean in means:
        for curve, match in matches.get(mean["codec"], {}).items():
            theirs = [row for row in published if (row["curve"], row["image_set"]) == (curve, mean["image_set"])]
            for metric in dict.fromkeys(row["metric"] for row in theirs):
                points = [row for row in theirs if row["metric"] == metric]
                limits = {"tolerance": tolerance, "rate_tolerance": rate_tolerance if match == "quality" else None}
                checked.append(_row(mean, metric, points, match, scored[curve]) | limits)
                checked[-1] |= _verdict(checked[-1])
    return checked


def summary(checked: Sequence[Mapping]) -> Iterator[str]:
    """A line for each codec, curve and metric: how many points lie within the tolerance, and the largest difference."""
    groups: dict[tuple, list[Mapping]] = {}
    for row in checked:
        groups.setdefault((row["image_set"], row["codec"], row["curve"], row["metric"]), []).append(row)
    for (image_set, codec, curve, metric), group in groups.items():
        within = sum(row["verdict"] == "within" for row in group)
        deltas = [abs(value) for row in group for value in _differences(row)]
        far = f", by up to {max(deltas):.3f} dB" if deltas else ""
        yield f"{image_set}: {codec} against {curve}, {metric}: {within} of {len(group)} points within{far}"


def rounding_loss(psnr: float) -> float:
    """What rounding to 8 bits took from a PSNR, in dB: the uniform error of variance 1/12, which is in its MSE.

    It is no more than half of the MSE (3 dB, beyond a PSNR of 56 dB).
    """
    share = (1 / 12) / (255**2 / 10 ** (psnr / 10))
    return -10 * math.log10(1 - min(share, 0.5))


def _row(mean: Mapping, metric: str, points: Sequence[Mapping], match: str, scored: str) -> dict[str, object]:
    rate = "payload_bpp" if points[0]["counts"] == "payload" else "bpp"
    scale = bd.scale_of(metric)
    row: dict[str, object] = {name: mean[name] for name in ("image_set", "codec", "quality")}
    row |= {"curve": points[0]["curve"], "metric": metric, "scale": scale, "match": match, "rate": rate}
    row |= {"counts": points[0]["counts"], "bpp": mean[rate] or None, "value": mean[metric] or None}
    if row["bpp"] is None or row["value"] is None:
        return row | {"reason": outcome.why(mean, metric)}
    bpp, value = row["bpp"], row["value"] = float(mean[rate]), float(mean[metric])
    ours = float(bd.on_scale(np.array(value), scale))
    loss = rounding_loss(value) if metric == "psnr_rgb" and scored == "float" else 0.0
    row["rounding"] = 0.0 - loss
    rates = np.array([float(point["bpp"]) for point in points])
    scores = bd.on_scale(np.array([float(point["value"]) for point in points]), scale)
    sign = bd.sign_of(metric)
    kept = bd.curves(rates, sign * scores)
    if kept.usable[0] and rates.min() <= bpp <= rates.max():
        row["difference_at_bpp"] = ours + loss - sign * float(bd.scores_at(kept, np.array([[bpp]]), "pchip")[0, 0])
    if match == "quality":
        same = [index for index, point in enumerate(points) if point["quality"] == mean["quality"]]
        if not same:
            return row | {"reason": f"quality {mean['quality']} is not published"}
        published_bpp = float(rates[same[0]])
        row["published_bpp"], row["published_value"] = published_bpp, float(points[same[0]]["value"])
        row["bpp_difference"] = 100 * (bpp / published_bpp - 1)
        row["difference"] = ours + loss - float(scores[same[0]])
    elif "difference_at_bpp" not in row:
        row["reason"] = f"the published curve ends at {rates.min():.4g} and {rates.max():.4g} bpp"
    return row


def _verdict(row: Mapping) -> dict[str, str]:
    deltas = _differences(row)
    if not deltas:
        return {"verdict": "not compared"}
    far = max(map(abs, deltas)) > row["tolerance"]
    costly = row.get("bpp_difference") is not None and abs(row["bpp_difference"]) > row["rate_tolerance"]
    return {"verdict": "beyond" if far or costly else "within"}


def _differences(row: Mapping) -> list[float]:
    return [row[name] for name in ("difference", "difference_at_bpp") if row.get(name) is not None]
