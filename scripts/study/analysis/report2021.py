"""The edits of the 2021 report's table 1 beside our own figures: do the changes agree in direction and in size?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from study.core import readers
from study.core.errors import StudyError
from study.latents import edits

COLUMNS = (
    "image_set", "image", "codec", "quality", "figure", "edit", "side_information", "measure", "metric",
    "report", "ours", "report_change", "our_change", "direction", "ratio", "verdict", "reason",
)  # fmt: skip
MEASURES = {"bpp": ("bpp",), "psnr": ("psnr_rgb",), "ms_ssim": ("ms_ssim", "msssim_sewar")}
FACTOR = 2.0
VERDICTS = ("alike", "smaller", "larger", "opposite", "unknown")
TABLE = "references/epfl2021.csv"  # in the repository


def read(path: Path) -> list[dict[str, str]]:
    """The report's figures: rows of figure, edit, psnr, ms_ssim, bpp, note; empty is unknown. Raises StudyError."""
    try:
        return readers.read_rows(path)
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; the repository has it in references/") from None


def rows(
    reference: Sequence[Mapping[str, str]], own: Sequence[Mapping], metrics: Sequence[str]
) -> list[dict[str, object]]:
    """A row for each edit of the report, policy and measure (bpp, psnr, ms_ssim); `own` are one image's edits.

    A change is a value minus that of the baseline. `direction` tells whether both changes have one sign (`agrees`,
    `differs`, or `unknown` where a value is missing), `ratio` is our change over the report's, and `verdict` names it:
    `alike` within a factor of `FACTOR`, `smaller` or `larger` beyond that, `opposite` of another sign. `metric` is the
    definition of ours; a measure without metric in the study has no rows. An edit that isn't among our own has one,
    with the reason.
    """
    baseline = next((row for row in reference if row["edit"] == edits.BASELINE), {})
    compared = []
    for theirs in reference:
        ours = [row for row in own if row["edit"] == theirs["edit"] and not row["value"]]
        if not ours:
            lacking = {"side_information": None, "bpp": None, "reason": _LACKING}
            ours = [{**own[0], **lacking, **dict.fromkeys(metrics)}]
        for row in ours:
            base = next((candidate for candidate in own if _is_baseline_of(candidate, row)), {})
            for measure, metric in _measures(metrics):
                compared.append(_compared(theirs, baseline, row, base, measure, metric))
    return compared


_LACKING = "the experiment has no edit of this name without sweep"


def _measures(metrics: Sequence[str]) -> Iterator[tuple[str, str]]:
    for measure, choices in MEASURES.items():
        metric = next((name for name in choices if name == "bpp" or name in metrics), None)
        if metric is not None:
            yield measure, metric


def _is_baseline_of(candidate: Mapping, row: Mapping) -> bool:
    return candidate["edit"] == edits.BASELINE and candidate["side_information"] == row["side_information"]


def _compared(
    theirs: Mapping[str, str], baseline: Mapping[str, str], row: Mapping, base: Mapping, measure: str, metric: str
) -> dict[str, object]:
    report, start = (float(source[measure]) if source.get(measure) else None for source in (theirs, baseline))
    ours, begun = row.get(metric), base.get(metric)
    result = {key: row[key] for key in ("image_set", "image", "codec", "quality", "side_information", "reason")}
    result |= {"figure": theirs["figure"], "edit": theirs["edit"], "measure": measure, "metric": metric}
    result |= {"report": report, "ours": ours, "report_change": None, "our_change": None, "ratio": None}
    result |= {"direction": None, "verdict": None}
    if theirs["edit"] == edits.BASELINE:
        return result
    result |= {"direction": "unknown", "verdict": "unknown"}
    if ours is not None and begun is not None:
        result["our_change"] = ours - begun
    if report is not None and start is not None:
        result["report_change"] = report - start
    if result["our_change"] is None or not result["report_change"]:
        return result
    ratio = result["our_change"] / result["report_change"]
    result |= {"ratio": ratio, "direction": "agrees" if ratio > 0 else "differs"}
    result["verdict"] = "opposite" if ratio < 0 else "smaller" if ratio < 1 / FACTOR else "alike"
    if ratio > FACTOR:
        result["verdict"] = "larger"
    return result
