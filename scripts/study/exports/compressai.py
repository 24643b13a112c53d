"""CompressAI's results: one JSON file for each codec, which `python -m compressai.utils.plot -f` draws.

The form is that of the files in CompressAI's results/image: `name`, `description`, and lists of equal length in
`results`. CompressAI counts the entropy-coded payload of its models and whole files of other codecs, and so does `bpp`;
the rate of whole files is `file_bpp`. Its metrics have its names, ours have ours; all are means over the image set.
There are no times: those of cells are a log, measured while other jobs ran beside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from study.core import outcome, readers

NAMES = {"psnr_rgb": "psnr-rgb", "ms_ssim": "ms-ssim-rgb"}
LEARNED = ("compressai", "tfci")


def results(codec: Mapping[str, str], means: Sequence[Mapping[str, str]], metrics: Sequence[str]) -> dict[str, object]:
    """The content of a codec's file from its row of codecs.csv and its rows of means.csv for one image set.

    A quality that lacks a figure, or that is lossless (an infinite PSNR, which JSON can't hold), is left out, and the
    description says so. Points are ordered by rate, as curves are drawn.
    """
    payload = codec["backend"] in LEARNED
    rates = {"bpp": "payload_bpp" if payload else "bpp", "file_bpp": "bpp"}
    columns = rates | {NAMES.get(metric, metric): metric for metric in metrics}
    whole = [row for row in means if all(_finite(row[column]) for column in columns.values())]
    whole.sort(key=lambda row: float(row[rates["bpp"]]))
    lost = [row["quality"] for row in means if row not in whole]
    described = [
        f"{codec['codec']}: {codec['parameter']}",
        codec["versions"],
        f"bpp counts {'the payload' if payload else 'whole files'}, file_bpp whole files",
    ]
    if lost:
        reasons = (outcome.sentence(row) for row in means if row["quality"] in lost)
        why = next(filter(None, reasons), "lossless")
        described.append(f"without quality {', '.join(lost)} ({why})")
    return {
        "name": codec["label"],
        "description": ". ".join(part for part in described if part),
        "results": {
            "quality": [readers.number(row["quality"]) for row in whole],
            **{name: [float(row[column]) for row in whole] for name, column in columns.items()},
        },
    }


def _finite(cell: str) -> bool:
    return cell != "" and math.isfinite(float(cell))
