"""What makes the sections of a made-up study's page: BD-rates, claims, edits of latents, checks (for `pages.make`)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from study.analysis import bd_table, claim_edits, claim_verdicts, head_to_head
from study.core import atomic_io

CLAIM = "WebP is better than JPEG."


def add(root: Path, plan: dict) -> dict:
    """Write the tables into the study below `root` that `pages.make` made, and list them in its plan."""
    study = root / "results/studies/made"
    tables = {
        "bd.csv": (bd_table.COLUMNS, bd_rows()),
        "head_to_head.csv": (head_to_head.COLUMNS, head_rows()),
        "claims.csv": (claim_verdicts.CLAIM_COLUMNS, claim_rows()),
        "claims_comparisons.csv": (claim_verdicts.COMPARISON_COLUMNS, comparison_rows()),
        "claims_edits.csv": (claim_edits.COLUMNS, change_rows()),
        "published_check.csv": (tuple(check_rows()[0]), check_rows()),
        "audit.csv": (("codec", "cells", "encode_again"), [{"codec": "jpeg", "cells": 2, "encode_again": "yes"}]),
        "latents/zero/edits.csv": (tuple(edit_rows()[0]), edit_rows()),
        "latents/zero/channels.csv": (tuple(channel_rows()[0]), channel_rows()),
    }  # fmt: skip
    for name, (columns, rows) in tables.items():
        (study / name).parent.mkdir(parents=True, exist_ok=True)
        atomic_io.write_rows(study / name, columns, rows)
    plan["files"] += list(tables)
    return plan


def text(rows: Sequence[Mapping], columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows as a reader of their table gets them."""
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    file.seek(0)
    return list(csv.DictReader(file))


def bd_rows() -> list[dict]:
    """WebP saves on both images, Mine has no figure."""
    same = {"image_set": "set", "anchor": "jpeg", "metric": "psnr_rgb", "scale": "identity", "rate": "bpp"}
    same |= {"method": "pchip", "overlap_lo": 25.5, "overlap_hi": 38.25, "n_images": 2}
    mean = same | {"over": "mean of images", "level": 0.95, "interval": "t"}
    images = [("first", -20.0), ("second one", -30.0)]
    own = [same | {"over": "image", "codec": "webp", "image": image, "bd_rate": rate} for image, rate in images]
    own += [same | {"over": "image", "codec": "mine", "image": image, "reason": "too few"} for image, _ in images]
    figures = {"bd_rate": -25.0, "bd_rate_lo": -40.0, "bd_rate_hi": -10.0, "bd_metric": 1.25}
    return [
        *own,
        mean | figures | {"codec": "webp"},
        mean | {"codec": "mine", "status": "refused", "reason": "too few"},
    ]


def head_rows() -> list[dict]:
    """JPEG and WebP, each against the other; Mine against nobody."""
    same = {"image_set": "set", "metric": "psnr_rgb", "n_images": 2}
    one = {"codec": "webp", "anchor": "jpeg", "bd_rate": -25.0, "bd_rate_lo": -40.0, "bd_rate_hi": -10.0}
    two = {"codec": "jpeg", "anchor": "webp", "bd_rate": 33.0, "bd_rate_lo": -5.0, "bd_rate_hi": 66.0}
    none = [{"codec": "mine", "anchor": other, "status": "refused"} for other in ("jpeg", "webp")]
    return [same | row for row in (one, two, *none)]


def claim_rows() -> list[dict]:
    """A claim about codecs that holds at one of two metrics, and one about edits in the report and in no study."""
    about = {"claim": "one", "text": CLAIM, "source": "nobody", "data": "study", "image_set": "set", "weights": ""}
    edits = {"claim": "two", "text": "Edits lower the rate.", "data": "report", "verdict": "holds"}
    untested = edits | {"data": "study", "verdict": "not tested", "reason": "no experiment"}
    return [about | {"verdict": "undecided", "reason": "part 2"}, edits, untested]


def comparison_rows() -> list[dict]:
    """One comparison by BD-rate that holds, and two by BD-metric, undecided."""
    same = {"claim": "one", "image_set": "set", "weights": "", "metric": "psnr_rgb", "margin": 0, "n_images": 8}
    first = same | {"part": 1, "by": "bd_rate", "unit": "%", "better": "webp", "than": "jpeg", "difference": -25.0}
    first |= {"lo": -40.0, "hi": -10.0, "p_holm": 0.001, "verdict": "holds"}
    second = same | {
        "part": 2,
        "by": "bd_metric",
        "unit": "dB",
        "than": "jpeg",
        "difference": 0.5,
        "lo": -0.5,
        "hi": 1.5,
    }
    second |= {"verdict": "undecided"}
    return [
        first,
        second | {"better": "webp", "p_holm": 0.2, "reason": "p = 0.2 after Holm's correction"},
        second | {"better": "mine", "p_holm": 0.4, "difference": 0.25, "reason": "p = 0.4 after Holm's correction"},
    ]


def change_rows() -> list[dict]:
    """A change in the report's table."""
    row = {"claim": "two", "data": "report", "image_set": "", "weights": "", "part": 1, "edit": "rows-second-half"}
    row |= {"metric": "bpp", "claimed": "falls", "change": -0.156, "verdict": "holds", "reason": "0.498 before"}
    return [row]


def check_rows() -> list[dict]:
    """A point within the tolerance."""
    return [{"codec": "jpeg", "difference": 0.125, "verdict": "within"}]


def edit_rows() -> list[dict]:
    """A baseline, an edit, one without image, and two of single channels."""
    same = {"image_set": "set", "image": "first", "codec": "mine", "quality": "10", "side_information": "recompute"}
    image = "decoded/set/jpeg/10/first.png"
    rows = [("none", "", 0.5, 30.0, [], image), ("rows-half", "", 0.25, 20.0, [{"select": {"rows": [1]}}], image),
            ("x100", "", None, None, [{"select": {}}], None)]  # fmt: skip
    for channel, psnr in ((0, 30.5), (1, 22.0)):
        steps = [{"op": {"zero": {}}, "select": {"channels": [channel]}, "site": "y"}]
        rows.append(("channel", f"{channel:03}", 0.45, psnr, steps, image))
    return [
        same
        | {"edit": edit, "value": value, "bpp": bpp, "psnr_rgb": psnr, "steps": json.dumps(steps), "decoded": decoded}
        | {"status": "ok" if decoded else "refused", "reason": "" if decoded else "beyond the coder's range"}
        for edit, value, bpp, psnr, steps, decoded in rows
    ]


def channel_rows() -> list[dict]:
    """Two channels of y, the first with most of the bits."""
    same = {"image_set": "set", "image": "first", "codec": "mine", "quality": "10", "site": "y"}
    return [same | {"channel": channel, "share": share} for channel, share in ((0, 0.75), (1, 0.25))]
