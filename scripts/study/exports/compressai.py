"""CompressAI's results: one JSON file for each codec, which `python -m compressai.utils.plot -f` draws.

The form is that of the files in CompressAI's results/image: `name`, `description`, and lists of equal length in
`results`. CompressAI counts the entropy-coded payload of its models, so `bpp` is our `payload_bpp`; the rate of whole
files is `file_bpp`. Its metrics have its names, ours have ours; all are means over the image set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from study.core import outcome, readers

NAMES = {"psnr_rgb": "psnr-rgb", "ms_ssim": "ms-ssim-rgb"}
RATES = {"bpp": "payload_bpp", "file_bpp": "bpp"}
TIMES = {"encoding_time": "encode_s", "decoding_time": "decode_s"}


def results(codec: Mapping[str, str], means: Sequence[Mapping[str, str]], metrics: Sequence[str]) -> dict[str, object]:
    """The content of a codec's file from its row of codecs.csv and its rows of means.csv for one image set.

    A quality that lacks a figure, or that is lossless (an infinite PSNR, which JSON can't hold), is left out, and the
    description says so. Points are ordered by rate, as curves are drawn.
    """
    columns = RATES | {NAMES.get(metric, metric): metric for metric in metrics} | TIMES
    whole = [row for row in means if all(_finite(row[column]) for column in columns.values())]
    whole.sort(key=lambda row: float(row[RATES["bpp"]]))
    lost = [row["quality"] for row in means if row not in whole]
    told = [
        f"{codec['codec']}: {codec['parameter']}",
        codec["versions"],
        "bpp counts the payload, file_bpp whole files",
    ]
    if lost:
        why = next((said for row in means if row["quality"] in lost and (said := outcome.sentence(row))), "lossless")
        told.append(f"without quality {', '.join(lost)} ({why})")
    return {
        "name": codec["label"],
        "description": ". ".join(part for part in told if part),
        "results": {
            "quality": [readers.number(row["quality"]) for row in whole],
            **{name: [float(row[column]) for row in whole] for name, column in columns.items()},
        },
    }


def _finite(cell: str) -> bool:
    return cell != "" and math.isfinite(float(cell))
