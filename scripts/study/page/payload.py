"""What the page's script knows of a study, as columns of numbers in one JSON text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from study.core import outcome
from study.core.errors import StudyError
from study.figures import palette
from study.figures.palette import Style
from study.metrics import registry
from study.page import colours

DIGITS = 6
COSTS = ("encode_s", "decode_s", "peak_rss")
RATES = ("bpp", "payload_bpp")


def study(
    plan: Mapping,
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    images: Mapping[str, Sequence[Mapping[str, str]]],
    known: Mapping[str, Style],
    links: Iterable[str],
) -> dict:
    """Everything for the charts and the images: metrics, codecs, image sets, the rows of `rd` and `means`.

    `tables` holds rd, means, codecs, and published if there is one; `images` for each image set the rows of its
    images.csv with their `part`; `known` the looks by codec; `links` the images and bitstreams beside the page. `rows`
    names files with the rows of other images (`row_files`): none here.
    Numbers have `DIGITS` digits, a missing one is null and an infinite one "inf".
    """
    metrics = plan["metrics"]
    return {
        "study": plan["study"],
        "defaults": _defaults(plan["config"].get("figures", {})),
        "metrics": [_metric(name) for name in metrics],
        "codecs": _codecs(plan, tables["codecs"], known, links),
        "sets": [
            {"id": name, "images": [_image(row, plan.get("tags", {}).get(name, {})) for row in rows]}
            for name, rows in images.items()
        ],
        "rd": columns(tables["rd"], metrics),
        "rows": [],
        "means": columns(tables["means"], metrics, ("n", "missing")),
        "published": _published(tables.get("published", ()), plan),
    }


def as_text(data: object) -> str:
    """Compact JSON that can stand inside an HTML script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def number(text: str) -> float | int | str | None:
    """A cell's number, rounded; None for an empty one."""
    if text in ("", None):
        return None
    value = float(text)
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    value = float(f"{value:.{DIGITS}g}")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _defaults(drawing: Mapping) -> dict:
    return {
        "log": drawing.get("rate_axis") == "log",
        "db": drawing.get("ssim_scale") == "db",
        "max_bpp": drawing.get("max_bpp"),
    }


def _metric(name: str) -> dict:
    entry = registry.entry(name)
    scales = ("linear", "db") if entry.scale == "db" else ("linear",)
    return {
        "id": name,
        "label": entry.short,
        "axes": [palette.axis_label(name, scale) for scale in scales],
        "higher_is_better": entry.higher_is_better,
    }


def _codecs(plan: Mapping, rows: Iterable[Mapping[str, str]], known: Mapping[str, Style], links: Iterable[str]) -> list:
    suffixes = _suffixes(links)
    entries = []
    for row in rows:
        name = row["codec"]
        recipe = plan["codecs"][name]
        entries.append(
            {
                "id": name,
                "label": known[name].label,
                "family": row["family"],
                **colours.look(known[name]),
                "parameter": row["parameter"],
                "settings": row["settings"],
                "versions": row["versions"],
                "qualities": [str(quality) for quality in recipe["qualities"]],
                "suffix": suffixes.get(name),
                "commands": recipe["commands"],
            }
        )
    return entries


def _suffixes(links: Iterable[str]) -> dict[str, str]:
    """The suffix of each codec's bitstreams. Raises StudyError for a codec with two."""
    by_codec: dict[str, str] = {}
    for link in links:
        path = PurePosixPath(link)
        if path.parts[1] == "bitstreams":
            codec = path.parts[3]
            if by_codec.setdefault(codec, path.suffix) != path.suffix:
                raise StudyError(
                    f"bitstreams of codec {codec} end in {by_codec[codec]} and in {path.suffix}; its backend must have "
                    "one `extension`"
                )
    return by_codec


def _image(row: Mapping[str, str], tags: Mapping[str, Sequence[str]]) -> dict:
    credit = "; ".join(row[column] for column in ("credit", "licence") if row[column])
    jpeg = {
        "yes": "was JPEG before",
        "no": "was not JPEG",
        "unknown": "",
        "reduced": f"reduced {row.get('reduce')}-fold",
    }.get(row["was_jpeg"], "")
    taught = "a training photo of the bundled codecs: no test of them" if row.get("trained_on") == "yes" else ""
    return {
        "id": row["image"],
        "width": int(row["width"]),
        "height": int(row["height"]),
        "part": row["part"],
        "tags": [tag for tag, images in tags.items() if row["image"] in images],
        "credit": "; ".join(filter(None, (credit, jpeg, taught))),
    }


def columns(rows: Sequence[Mapping[str, str]], metrics: Sequence[str], more: Sequence[str] = ("bytes",)) -> dict:
    """Columns of numbers; set, image, codec and reason are places in lists of their own (`texts`)."""
    packed: dict[str, object] = {}
    for name in ("image_set", "image", "codec", "quality", "reason"):
        if rows and name in rows[0]:
            texts: dict[str, int] = {}
            values = [outcome.sentence(row) if name == "reason" else row[name] for row in rows]
            packed[name] = {"places": [texts.setdefault(value, len(texts)) for value in values], "texts": list(texts)}
    for name in (*more, *RATES, *metrics, *COSTS):
        packed[name] = [number(row[name]) for row in rows]
    return packed


def _published(rows: Iterable[Mapping[str, str]], plan: Mapping) -> list[dict]:
    """Published curves that the study draws or that a codec is checked against: one for each source, label, metric."""
    curves: dict[tuple[str, str, str], dict] = {}
    for row in rows:
        if row["metric"] in plan["metrics"] and (row["codec"] or row["drawn"] == "yes"):
            key = row["source"], row["label"], row["metric"]
            curve = {"source": key[0], "label": key[1], "metric": key[2], "codec": row["codec"], "points": []}
            curves.setdefault(key, curve)["points"].append([number(row["bpp"]), number(row["value"]), row["quality"]])
    for curve in curves.values():
        curve["points"].sort(key=lambda point: point[0])
    return list(curves.values())
