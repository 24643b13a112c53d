"""The rows of a study: one for every (image, codec, quality), from the records that the cells' jobs wrote.

A cell without value has a row too, with empty cells and a reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from study.core import outcome, readers
from study.core import results as core_results
from study.core.cell import Cell
from study.core.columns import SEARCHED, figures
from study.core.errors import StudyError, allowed
from study.core.outcome import AGAIN
from study.metrics import registry

_NEEDED = {
    "encoded": ("bytes", "payload_bytes", "encode_s", "encode_rss"),
    "decoded": ("decode_s", "decode_rss"),
}


def check_plan(plan: object) -> dict:
    """The plan itself if it is one: `sets`, `codecs`, `metrics`. Raises StudyError, which says what is wrong.

    `sets` gives for each image set its parts (the folders' names; the set's own name for one that isn't cut), `codecs`
    for each id its entry in the catalogue with the `qualities` of this study, `metrics` the names of columns of the
    score records.
    """
    shapes = {"sets": dict, "codecs": dict, "metrics": list}
    if not isinstance(plan, dict):
        raise StudyError(f"a plan must be a JSON object; found {type(plan).__name__}")
    for key, shape in shapes.items():
        if not isinstance(plan.get(key), shape) or not plan[key]:
            raise StudyError(
                f"the plan's {key!r} must be a {shape.__name__} with something in it; found {plan.get(key)!r}"
            )
    for key in plan:
        if key not in shapes:
            raise StudyError(f"the plan has the unknown key {key!r}; {allowed(key, shapes)}")
    for name, entry in plan["codecs"].items():
        if not isinstance(entry, dict) or not isinstance(entry.get("qualities"), list):
            raise StudyError(f"codec {name} of the plan must be an object with a list `qualities`; found {entry!r}")
    return plan


def rd_rows(results: str | Path, plan: Mapping) -> list[dict]:
    """One row for every image of every set at every quality of every codec, from the records under `results`.

    `bpp` is 8 * bytes / (width * height) of the original, `payload_bpp` the same of the entropy-coded payload alone;
    times are in seconds; `peak_rss` is the larger of encoder's and decoder's peak memory in bytes. Scores are as
    recorded: PSNR of a lossless image is `inf`. A missing value is None, and `status`, `reason` or `gaps` tell why (see
    `outcome`); `note` holds what the codec warned of. Raises StudyError for an image set without record, and for
    records that belong to other images or lack a metric.
    """
    results = Path(results)
    rows = []
    for image_set, parts in plan["sets"].items():
        seen: set[str] = set()
        for part in parts:
            images = _record(results, Path(core_results.images(part, ".")))
            if images is None:
                raise StudyError(
                    f"there is no record {core_results.images(part, results)}: fetch image set {image_set} first"
                )
            if twice := sorted(seen & set(images)):
                raise StudyError(
                    f"image set {image_set} has the image {twice[0]} in two of its parts; names must differ"
                )
            seen |= set(images)
            rows += _part_rows(results, image_set, part, images, plan)
    order = {name: number for number, name in enumerate(plan["codecs"])}
    places = {key: number for number, key in enumerate(dict.fromkeys((row["image_set"], row["image"]) for row in rows))}
    return sorted(rows, key=lambda row: (places[row["image_set"], row["image"]], order[row["codec"]]))


def _part_rows(results: Path, image_set: str, part: str, images: Mapping, plan: Mapping) -> list[dict]:
    rows = []
    group_of = {metric: registry.entry(metric).group for metric in plan["metrics"]}
    groups = registry.groups(group_of)
    for codec, entry in plan["codecs"].items():
        for quality in entry["qualities"]:
            cell = Cell(image_set, part, codec, str(quality))
            paths = {"encoded": Path(cell.encoded(".")), "decoded": Path(cell.decoded("."))}
            paths |= {group: Path(cell.scores(group, ".")) for group in groups}
            records = {stage: _record(results, path) for stage, path in paths.items()}
            _check_records(records, paths, images, groups)
            for image, about in images.items():
                row = {"image_set": image_set, "image": image, "codec": codec, "quality": quality}
                rows.append(row | _values(image, about, records, paths, group_of))
    return rows


def _record(results: Path, path: Path) -> dict[str, dict[str, str]] | None:
    """The rows of a record by image, or None where there is no such file."""
    try:
        rows = readers.read_rows(results / path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StudyError(f"can't read {results / path}: {error.strerror}") from None
    if rows and "image" not in rows[0]:
        raise StudyError(f"the record {results / path} has no column 'image'; {AGAIN}")
    by_image = {row["image"]: row for row in rows}
    if len(by_image) < len(rows):
        raise StudyError(f"the record {results / path} names an image twice; {AGAIN}")
    return by_image


def _check_records(records: Mapping, paths: Mapping, images: Mapping, groups: Mapping[str, Sequence[str]]) -> None:
    for stage, columns in (*_NEEDED.items(), *groups.items()):
        record = records[stage] or {}
        if foreign := next((image for image in record if image not in images), None):
            raise StudyError(f"the record {paths[stage]} has the image {foreign!r}, which its image set lacks; {AGAIN}")
        first = next(iter(record.values()), None)
        for row in record.values():
            outcome.check(row, f"the record {paths[stage]}")
        for column in columns:
            if first is not None and column not in first:
                raise StudyError(f"the record {paths[stage]} has no column {column!r}; {allowed(column, first)}")


def _values(image: str, entry: Mapping, records: Mapping, paths: Mapping, group_of: Mapping[str, str]) -> dict:
    encoded, decoded, *scores = ((records[stage] or {}).get(image, {}) for stage in paths)

    def number(stage: str, column: str) -> float | None:
        return _number((records[stage] or {}).get(image, {}).get(column), column, image, paths[stage])

    width, height = (int(entry[side]) for side in ("width", "height"))
    for side in ("width", "height"):
        if encoded.get(side, "") not in ("", entry[side]):
            raise StudyError(
                f"the record {paths['encoded']} has {side} {encoded[side]} for {image}, which is {width}x{height}; "
                f"{AGAIN}"
            )
    size, payload = number("encoded", "bytes"), number("encoded", "payload_bytes")
    peaks = number("encoded", "encode_rss"), number("decoded", "decode_rss")
    values = {
        "width": width,
        "height": height,
        "bytes": None if size is None else int(size),
        "bpp": None if size is None else 8 * size / (width * height),
        "payload_bpp": None if payload is None else 8 * payload / (width * height),
        **{metric: number(group, metric) for metric, group in group_of.items()},
        "encode_s": number("encoded", "encode_s"),
        "decode_s": number("decoded", "decode_s"),
        "peak_rss": None if peaks[0] is None or peaks[1] is None else int(max(peaks[0], peaks[1])),
    }
    return values | {
        **{column: readers.number(encoded.get(column) or "") or None for column in SEARCHED},
        "settings": encoded.get("settings") or None,
        "versions": _union(*(row.get("versions") for row in (encoded, decoded, *scores))) or None,
        **_outcome(image, values, records, paths, list(group_of)),
    }


def _number(text: str | None, column: str, image: str, path: Path) -> float | None:
    """The number in a cell; None for an empty one and for NaN."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise StudyError(
            f"the record {path} has {text!r} in column {column} for {image}, where a number belongs; {AGAIN}"
        ) from None
    return None if math.isnan(value) else value


def _outcome(image: str, values: Mapping, records: Mapping, paths: Mapping, metrics: Sequence[str]) -> dict:
    """How a cell ended: as its first job that was not `ok`, or `ok`, with a reason for each empty column."""
    gaps: dict[str, str] = {}
    notes: dict[str, None] = {}
    for stage, record in records.items():
        if record is None or image not in record:
            what = "there is no record" if record is None else f"{image} is not in the record"
            return _columns(outcome.without(outcome.FAILED, f"{what} {paths[stage].as_posix()}"), notes)
        row = record[image]
        if not outcome.is_ok(row):
            return _columns({"status": row["status"], "reason": row["reason"]}, notes)
        gaps |= outcome.gaps(row)
        notes |= dict.fromkeys(filter(None, [row.get("note")]))
    empty = [column for column in figures(metrics) if values[column] is None]
    known = {column: gaps.get(column) or "the record has no value and no reason" for column in empty}
    return _columns({"status": outcome.OK, "reason": None, "gaps": outcome.as_gaps(known)}, notes)


def _columns(ended: Mapping, notes: Iterable[str]) -> dict[str, object]:
    return {"note": "; ".join(notes) or None, "gaps": None, **ended}


def _union(*versions: str | None) -> str:
    return "; ".join(dict.fromkeys(part for text in versions if text for part in text.split("; ")))
