"""Batches for codec-compare (github.com/webmproject/codec-compare): one JSON file for each codec, and their list.

The form is that of its README: `constant_descriptions`, `constant_values`, `field_descriptions`, `field_values`. Names
that it knows (psnr, ssim, msssim, encoded_size, …) have its names, our other metrics ours. There are no times: those of
cells are a log, measured while other jobs ran beside. It finds images by paths
relative to the batch, so serve the results folder whole. A batch has no timestamp: equal results give equal bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from study.core import readers, results
from study.core.cell import Cell

NAMES = {"psnr_rgb": "psnr", "ssim": "ssim", "ms_ssim": "msssim"}
UP = "../../../../.."  # from results/studies/<study>/exports/codec-compare/<image set> to results


def batch(
    codec: Mapping[str, str],
    image_set: str,
    rows: Sequence[Mapping[str, str]],
    metrics: Mapping[str, str],
    parts: Mapping[str, str],
    commands: Mapping[str, str],
) -> dict[str, list]:
    """A codec's batch on one image set from its row of codecs.csv and its rows of rd.csv.

    `metrics` gives a description of each metric, `parts` the folder of each image: the image set's, or that of a part
    of it, `commands` those that `encode` and `decode` it. A row that lacks a figure, or is lossless (JSON can't hold an
    infinite PSNR), is left out, which a constant tells.
    """
    numbers = {
        "encoded_size": ("bytes", "Size of the encoded file in bytes"),
        "bpp": ("bpp", "Bits of the encoded file per pixel of the original"),
    } | {NAMES.get(metric, metric): (metric, text) for metric, text in metrics.items()}
    fields = {
        "original_name": "Original image",
        "folder": "Folder of the image set, or of a part of it",
        "width": "Pixel columns in the original image",
        "height": "Pixel rows in the original image",
        "quality": codec["parameter"],
    } | {name: text for name, (_, text) in numbers.items()}
    whole = [row for row in rows if all(_finite(row[column]) for column, _ in numbers.values())]
    original = PurePosixPath(UP, results.images("${folder}", ".")).parent / "${original_name}"
    decoded = PurePosixPath(UP, Cell(image_set, "${folder}", codec["codec"], "${quality}").decoded("."))
    constants = {
        "name": ("Name of this batch", codec["label"]),
        "codec": ("Id of the codec", codec["codec"]),
        "version": ("Libraries that made the data", codec["versions"]),
        "source_data_set": ("Image set", image_set),
        "original_path": ("Path to the original image", str(original)),
        "decoded_path": ("Path to the decoded image", str(decoded.parent / "${original_name}")),
        "settings": ("The encoder's settings", codec["settings"]),
        "encoding_cmd": ("Command that encodes the image set", commands["encode"]),
        "decoding_cmd": ("Command that decodes the image set", commands["decode"]),
        "left_out": ("Cells without all figures, or lossless", f"{len(rows) - len(whole)} of {len(rows)}"),
    }
    return {
        "constant_descriptions": [{key: text} for key, (text, _) in constants.items()],
        "constant_values": [value for _, value in constants.values()],
        "field_descriptions": [{key: text} for key, text in fields.items()],
        "field_values": [
            [
                f"{row['image']}.png",
                parts[row["image"]],
                int(row["width"]),
                int(row["height"]),
                readers.number(row["quality"]),
            ]
            + [readers.number(row[column]) for column, _ in numbers.values()]
            for row in whole
        ],
    }


def listing(image_set: str, batches: Mapping[str, Mapping]) -> list[list[str]]:
    """The list of an image set's batches that have data, by codec: what codec-compare loads (`?load=<set>.json`)."""
    return [[f"{image_set}/{codec}.json"] for codec, batch in batches.items() if batch["field_values"]]


def _finite(cell: str) -> bool:
    return cell != "" and math.isfinite(float(cell))
