"""The page's tables: what stands in each cell, and by what it is sorted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from study.analysis import timing as timing_table
from study.core import outcome
from study.figures import palette
from study.figures.palette import Style
from study.metrics import registry

LONGEST = 400
MOST = 6000  # cells of all tables of BD-rates by image together: more would keep a browser busy for seconds
_IMAGE = re.compile(r".+\.(png|webp|jpe?g)$")
NEUTRAL = ("simulated", "scaled")  # columns whose "yes" isn't good and whose "no" isn't bad
KINDS = ("holds", "fails", "undecided", "not tested", "refused", "failed", "skipped", "yes", "no")
_UNITS = {
    "bpp": "bpp",
    "payload_bpp": "payload bpp",
    "encode_s": "encode s",
    "decode_s": "decode s",
    "peak_rss": "peak MiB",
    "n": "images",
    "missing": "missing",
}


@dataclass(frozen=True)
class Cell:
    """What is shown, by what it is sorted, what is told under a disclosure, and a file that it links to.

    `view` is the address of a view of the page's images that the text leads to.
    """

    text: str
    value: float | str = ""
    details: str = ""
    link: str = ""
    kind: str = ""
    view: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a caption; `choice` are the values of selectors that show it, `file` is where its numbers lie."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    file: str = ""
    choice: Mapping[str, str] = field(default_factory=dict)
    numeric: Sequence[bool] = ()


def bd_matrices(rows: Sequence[Mapping[str, str]], known: Mapping[str, Style]) -> list[Table]:
    """For each image set, kind of mean, interpolation and anchor: codecs by metrics, differences with intervals."""
    groups: dict[tuple[str, str, str, str], dict[str, dict[str, Mapping[str, str]]]] = {}
    for row in rows:
        if row["over"] != "image":
            key = row["image_set"], row["over"], row["method"], row["anchor"]
            groups.setdefault(key, {}).setdefault(row["codec"], {})[row["metric"]] = row
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    tables = []
    for (image_set, over, method, anchor), codecs in groups.items():
        first = next(iter(next(iter(codecs.values())).values()))
        caption = (
            f"{image_set}: {over}, {method}; against {known[anchor].label}, rate as {first['rate']}, "
            f"{100 * float(first['level'] or 0.95):g} % intervals over images"
        )
        columns = ["Codec"]
        for metric in metrics:
            direction = "" if registry.entry(metric).higher_is_better else ", less is better"
            columns += [f"BD-rate % at {palette.short(metric)}", f"BD-{palette.short(metric)}{direction}"]
        body = [
            [Cell(known[codec].label, known[codec].label)]
            + [
                cell
                for metric in metrics
                for cell in (
                    _difference(by_metric.get(metric), "bd_rate", 1),
                    _difference(by_metric.get(metric), "bd_metric", 3),
                )
            ]
            for codec, by_metric in codecs.items()
        ]
        choice = {"Image set": image_set, "Mean": over, "Interpolation": method, "Anchor": known[anchor].label}
        tables.append(Table(caption, columns, body, "bd.csv", choice, [False] + [True] * (len(columns) - 1)))
    return tables


def bd_images(rows: Sequence[Mapping[str, str]], known: Mapping[str, Style]) -> list[Table]:
    """For each image set, metric and anchor the BD-rate of every codec on every image; an image's name shows it.

    Of many images the first: as many as keep all tables together below `MOST` cells.
    """
    tables = []
    groups = _of_images(rows)
    most = max(1, MOST // max(1, sum(map(len, groups.values()))))
    for (image_set, metric, anchor), codecs in groups.items():
        by_image: dict[str, list[Cell]] = {}
        for by_metric in codecs.values():
            for row in by_metric:
                line = by_image.setdefault(row["image"], [_image_cell(row, row["image"])])
                line.append(_difference({**row, "bd_rate_lo": ""}, "bd_rate", 1))
        caption = f"{image_set}, {palette.short(metric)}: BD-rate in % on each image against {known[anchor].label}"
        if len(by_image) > most:
            caption += f" (the first {most} of {len(by_image)} images; the file has all)"
        columns = ["Image", *(known[codec].label for codec in codecs)]
        numeric = [False] + [True] * len(codecs)
        tables.append(
            Table(
                caption,
                columns,
                list(by_image.values())[:most],
                "bd.csv",
                _choice(image_set, metric, anchor, known),
                numeric,
            )
        )
    return tables


def worst_images(rows: Sequence[Mapping[str, str]], known: Mapping[str, Style], count: int = 5) -> list[Table]:
    """For each image set, metric and anchor the images on which each codec has its highest BD-rates."""
    tables = []
    for (image_set, metric, anchor), codecs in _of_images(rows).items():
        body = []
        most = min(count, max(map(len, codecs.values())))
        for codec, own in codecs.items():
            ranked = sorted((row for row in own if row["bd_rate"]), key=lambda row: -float(row["bd_rate"]))[:most]
            cells = [_image_cell(row, f"{row['image']} {_signed(float(row['bd_rate']), 1)}") for row in ranked]
            cells += [Cell("–")] * (most - len(cells))
            body.append([Cell(known[codec].label, known[codec].label), *cells])
        caption = (
            f"{image_set}, {palette.short(metric)}: where each codec does worst against {known[anchor].label}, in %"
        )
        columns = ["Codec", "Worst", *(f"{rank}." for rank in range(2, most + 1))]
        tables.append(
            Table(caption, columns, body, "bd.csv", _choice(image_set, metric, anchor, known), [False] * (most + 1))
        )
    return tables


def _of_images(rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, str, str], dict[str, list[Mapping[str, str]]]]:
    """The rows of single images at the first interpolation: by image set, metric and anchor, then by codec."""
    groups: dict[tuple[str, str, str], dict[str, list[Mapping[str, str]]]] = {}
    for row in rows:
        if row["over"] == "image" and row["method"] == rows[0]["method"]:
            key = row["image_set"], row["metric"], row["anchor"]
            groups.setdefault(key, {}).setdefault(row["codec"], []).append(row)
    return groups


def _choice(image_set: str, metric: str, anchor: str, known: Mapping[str, Style]) -> dict[str, str]:
    return {"Image set": image_set, "Metric": palette.short(metric), "Anchor": known[anchor].label}


def _image_cell(row: Mapping[str, str], text: str) -> Cell:
    view = {"set": row["image_set"], "curve": row["image"], "metric": row["metric"], "image": row["image"]}
    return Cell(text, float(row["bd_rate"]) if text != row["image"] else text, view=urlencode(view))


def means(rows: Sequence[Mapping[str, str]], metrics: Sequence[str], known: Mapping[str, Style]) -> list[Table]:
    """One table for each image set: rates, metrics and memory of every codec at every quality."""
    numbers = ["n", "bpp", "payload_bpp", *metrics, "peak_rss", "missing"]
    columns = ["Codec", "Quality", *(_UNITS.get(name) or palette.short(name) for name in numbers)]
    tables = []
    for image_set in dict.fromkeys(row["image_set"] for row in rows):
        body = [
            [
                Cell(known[row["codec"]].label, known[row["codec"]].label),
                Cell(row["quality"], _sortable(row["quality"])),
                *(_figure(row, name) for name in numbers),
            ]
            for row in rows
            if row["image_set"] == image_set
        ]
        caption = f"{image_set}: means over its images"
        tables.append(
            Table(caption, columns, body, "means.csv", {"Image set": image_set}, [False] + [True] * (len(columns) - 1))
        )
    return tables


def costs(
    rows: Sequence[Mapping[str, str]],
    complexity: Sequence[Mapping[str, str]],
    known: Mapping[str, Style],
    timing: Sequence[Mapping[str, str]] = (),
) -> Table:
    """Times per megapixel and memory of every codec over all cells, and what `complexity` tells of learned ones.

    Times are those of `timing` (timing.csv); a study without it has none.
    """
    groups: dict[str, list[Mapping[str, str]]] = {name: [] for name in known}
    for row in rows:
        groups[row["codec"]].append(row)
    learned: dict[str, list[Mapping[str, str]]] = {}
    for row in complexity:
        learned.setdefault(row["codec"], []).append(row)
    names = {
        "parameters": "Parameters",
        "encode_kmac_per_pixel": "Encode kMAC/pixel",
        "decode_kmac_per_pixel": "Decode kMAC/pixel",
        "model_bytes": "Bytes of weights",
    }
    shown = [name for name in names if any(row.get(name) for row in complexity)]
    stages = {"encode_s": "Encode s/MP", "decode_s": "Decode s/MP"} if timing else {}
    columns = ["Codec", *stages.values(), "Peak MiB", *(names[name] for name in shown)]
    body = []
    for name, cells in groups.items():
        clocked = [row for row in timing if row["codec"] == name]
        pixels = [int(row["width"]) * int(row["height"]) / 1e6 for row in clocked]
        body.append(
            [
                Cell(known[name].label, known[name].label),
                *(
                    _spread([float(row[time]) / size for row, size in zip(clocked, pixels) if row[time]])
                    for time in stages
                ),
                _spread([float(row["peak_rss"]) / 2**20 for row in cells if row["peak_rss"]]),
                *(_spread([float(row[part]) for row in learned.get(name, ()) if row.get(part)]) for part in shown),
            ]
        )
    clock = "no times, since the study has no timing of its own (the seconds in rd.csv were taken while other jobs ran)"
    if timing:
        clock = f"times by timing.csv: {timing_table.conditions(timing[0])}, no other job beside"
    return Table(
        f"Per codec, over all its cells: median, and the range from the least to the most; {clock}",
        columns, body, "complexity.csv" if complexity else "rd.csv", {}, [False] + [True] * (len(columns) - 1),
    )  # fmt: skip


def missing(rows: Iterable[Mapping[str, str]], known: Mapping[str, Style]) -> Table:
    """The cells that lack a value or carry a remark, together by image set, codec and reason."""
    groups: dict[tuple[str, str, str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        if reason := outcome.sentence(row):
            groups.setdefault((row["image_set"], row["codec"], row["status"], reason), []).append(row)
    body = []
    for (image_set, codec, status, reason), cells in groups.items():
        kind = status if status != outcome.OK else "a metric" if outcome.gaps(cells[0]) else "a warning"
        images = list(dict.fromkeys(row["image"] for row in cells))
        which = ", ".join(images) if len(images) <= 6 else f"{len(images)} images"
        body.append(
            [
                Cell(known[codec].label, known[codec].label),
                Cell(image_set, image_set),
                Cell(kind, kind, kind=kind),
                Cell(str(len(cells)), len(cells)),
                Cell(", ".join(dict.fromkeys(row["quality"] for row in cells))),
                Cell(which, which),
                Cell(reason, reason),
            ]
        )
    columns = ["Codec", "Image set", "What", "Cells", "Qualities", "Images", "Reason"]
    return Table("Cells without value, and why", columns, body, "rd.csv", {}, [name == "Cells" for name in columns])


def generic(
    caption: str,
    rows: Sequence[Mapping[str, str]],
    file: str,
    find: Callable[[str], str] = lambda name: "",
    columns: Sequence[str] | None = None,
) -> Table:
    """Any table of the study; numbers are rounded, and an image's name becomes the image that `find` links.

    `columns` chooses some (by default all that are there); those without any value are left out. `file` has all.
    """
    there = rows[0] if rows else {}
    columns = [name for name in columns or there if name in there and any(row[name] for row in rows)]
    body = [[_guess(row[name], find, name not in NEUTRAL) for name in columns] for row in rows[:LONGEST]]
    if len(rows) > LONGEST:
        caption = f"{caption} (the first {LONGEST} of {len(rows)} rows; the file has all)"
    numeric = [all(isinstance(cell.value, float) or not cell.text for cell in column) for column in zip(*body)]
    return Table(caption, [name.replace("_", " ") for name in columns], body, file, {}, numeric)


def _difference(row: Mapping[str, str] | None, name: str, digits: int) -> Cell:
    if row is None:
        return Cell("")
    if not row[name]:
        return Cell("refused", details=row["reason"], kind="refused")
    value = float(row[name])
    text = _signed(value, digits)
    if row[f"{name}_lo"]:
        text += f" [{_signed(float(row[f'{name}_lo']), digits)}, {_signed(float(row[f'{name}_hi']), digits)}]"
    return Cell(text, value, row["note"])


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) else text.replace("-", "+")  # no −0.0


def _figure(row: Mapping[str, str], name: str) -> Cell:
    if not row[name]:
        return Cell("–", details=outcome.why(row, name))
    value = float(row[name])
    if name == "peak_rss":
        return Cell(f"{value / 2**20:.0f}", value)
    if name in ("n", "missing"):
        return Cell(row[name], value)
    return Cell("∞" if math.isinf(value) else f"{value:.4g}" if name.endswith("_s") else f"{value:.4f}", value)


def _spread(values: Sequence[float]) -> Cell:
    if not values:
        return Cell("–")
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    low, high = ordered[0], ordered[-1]
    span = "" if _short(low) == _short(high) else f" ({_short(low)}–{_short(high)})"
    return Cell(f"{_short(middle)}{span}", middle)


def _short(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def _sortable(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _guess(text: str, find: Callable[[str], str], badges: bool) -> Cell:
    text = text or ""
    if _IMAGE.match(text) and (link := find(text)):
        return Cell(Path(text).stem, text, link=link)
    value = _sortable(text)
    if isinstance(value, float):
        return Cell(text if len(text) <= 7 else f"{value:.6g}", value)
    if text.startswith("{"):
        try:
            return Cell(", ".join(f"{name}: {part}" for name, part in json.loads(text).items()), text)
        except (json.JSONDecodeError, AttributeError):
            pass
    return Cell(text, text, kind=text if badges and text in KINDS else "")
