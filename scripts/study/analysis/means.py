"""A study's tables: means per codec and quality, the codecs, and how tables are written.

The tables follow the order of their rows, so the same records give the same bytes.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from study.core import atomic_io, outcome
from study.core.columns import OUTCOME, figures

CODEC_COLUMNS = ("codec", "label", "family", "backend", "parameter", "settings", "versions", "reason")
_INTEGERS = ("width", "height", "bytes", "peak_rss", "n", "missing", "encodes")
_TEXTS = ("image_set", "image", "codec", "settings", "versions", *OUTCOME)


def mean_columns(metrics: Sequence[str]) -> list[str]:
    """The columns of means.csv."""
    return ["image_set", "codec", "quality", "n", *figures(metrics), "missing", "status", "reason", "gaps"]


def means(rows: Iterable[Mapping], metrics: Sequence[str]) -> list[dict]:
    """Arithmetic means over the images of each (image set, codec, quality).

    `n` is the number of images of the set. A column is empty unless every one of them has a value: a mean over fewer
    images can't be compared with the others. `missing` counts the images that lack a value in any column, and
    `gaps` says of each column how many lack it, and of the first why; where all images ended alike without value, the
    mean has their `status` and `reason`. Metrics are averaged as they are (PSNR in dB, SSIM not in
    dB); one lossless image makes the mean PSNR `inf`.
    """
    groups: dict[tuple, list[Mapping]] = {}
    for row in rows:
        groups.setdefault((row["image_set"], row["codec"], row["quality"]), []).append(row)
    return [_mean(key, group, figures(metrics)) for key, group in groups.items()]


def codec_rows(rows: Iterable[Mapping], catalogue: Mapping[str, Mapping]) -> list[dict]:
    """One row per codec: its entry in the catalogue, and the settings and versions that the records tell.

    Different settings or versions among a codec's cells are joined with ` | `. `reason` says why a codec was skipped.
    """
    seen: dict[str, dict[str, dict]] = {name: {"settings": {}, "versions": {}, "reason": {}} for name in catalogue}
    for row in rows:
        for column in ("settings", "versions"):
            if row[column]:
                seen[row["codec"]][column][row[column]] = None
        if row["status"] == outcome.SKIPPED:
            seen[row["codec"]]["reason"][row["reason"]] = None
    return [
        {
            "codec": name,
            **{column: entry.get(column) for column in ("label", "family", "backend", "parameter")},
            "settings": " | ".join(seen[name]["settings"]) or json.dumps(entry.get("settings") or {}, sort_keys=True),
            "versions": " | ".join(seen[name]["versions"]) or None,
            "reason": " | ".join(seen[name]["reason"]) or None,
        }
        for name, entry in catalogue.items()
    ]


def write_parquet(path: str | Path, columns: Sequence[str], rows: Sequence[Mapping]) -> None:
    """Write a table as Parquet: whole numbers as int64, text as string, everything else as float64, missing as null.

    `quality` is text if any quality is a name. The bytes depend on the rows and on the version of pyarrow alone.
    """
    import pyarrow
    from pyarrow import parquet

    named = any(isinstance(row.get("quality"), str) for row in rows)
    kinds = {**dict.fromkeys(_INTEGERS, pyarrow.int64()), **dict.fromkeys(_TEXTS, pyarrow.string())}
    if named:
        kinds["quality"] = pyarrow.string()
        rows = [{**row, "quality": str(row["quality"])} for row in rows]
    schema = pyarrow.schema([(column, kinds.get(column, pyarrow.float64())) for column in columns])
    arrays = [
        pyarrow.array([_cast(row.get(field.name), field.type == pyarrow.float64()) for row in rows], field.type)
        for field in schema
    ]
    with atomic_io.replacing(path) as temporary:
        parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), temporary)


def gaps(rows: Iterable[Mapping], metrics: Sequence[str]) -> list[str]:
    """What a user should be told of the rows without value: a line per codec and status, with the first one."""
    lacking: dict[tuple[str, str], list[str]] = {}
    total: Counter[str] = Counter()
    for row in rows:
        total[row["codec"]] += 1
        if any(row[column] is None for column in figures(metrics)):
            sentence = f"{row['image']}, quality {row['quality']}: {outcome.sentence(row)}"
            lacking.setdefault((row["codec"], row["status"]), []).append(sentence)
    return [
        f"{codec}: {len(sentences)} of {total[codec]} rows {'lack a value' if status == outcome.OK else status}, "
        f"first {sentences[0]}"
        for (codec, status), sentences in lacking.items()
    ]


def _mean(key: tuple, group: Sequence[Mapping], columns: Sequence[str]) -> dict:
    n = len(group)
    lacking = {column: [row for row in group if row[column] is None] for column in columns}
    values = {column: None if lacking[column] else math.fsum(row[column] for row in group) / n for column in columns}
    without = [row for row in group if any(row[column] is None for column in columns)]
    ended = {(row["status"], row["reason"], row["gaps"]) for row in without}
    status, reason, gaps_of = outcome.OK, None, None
    if len(without) == n and len(ended) == 1:
        ((status, reason, gaps_of),) = ended
    elif without:
        gaps_of = outcome.as_gaps({column: _lack(rows, column, n) for column, rows in lacking.items() if rows})
    image_set, codec, quality = key
    return {
        "image_set": image_set,
        "codec": codec,
        "quality": quality,
        "n": n,
        **values,
        "missing": len(without),
        "status": status,
        "reason": reason,
        "gaps": gaps_of,
    }


def _lack(rows: Sequence[Mapping], column: str, n: int) -> str:
    first = rows[0]
    return f"{len(rows)} of {n} images have no value, first {first['image']} ({outcome.why(first, column)})"


def _cast(value: Any, floating: bool) -> object:
    return float(value) if floating and value is not None else value
