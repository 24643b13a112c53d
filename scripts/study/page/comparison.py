"""The page of two studies compared: the tables, the curves of both, and their images side by side or in turn.

It has the chart and the viewer of a study's page: to them the two sides of a codec are two codecs, `A.<id>`, `B.<id>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

from study.analysis import means, study_pair
from study.analysis.study_pair import Finished
from study.core import atomic_io, columns, outcome
from study.figures import palette
from study.page import build as study_page
from study.page import links as page_links
from study.page import payload, tables
from study.page import script as page_script

SIDES = ("A", "B")
_GONE = "the image is not in the folder of study {}"


def build(a: Finished, b: Finished, names: tuple[str, str], files: Mapping[str, Sequence[Mapping]], out: Path) -> None:
    """Write index.html into the folder `out`, and beside it the images of both studies that it shows.

    `names` is how the user called the studies; `files` has the rows of differences.csv, comparison.csv and worst.csv.
    """
    targets = dict(_links(a, b))
    data = _data(a, b, targets)
    worst = _worst(files["worst.csv"], data)
    data["start"] = worst[0]["rows"][0]["start"] if worst else {}
    title = f"{a.folder.name} and {b.folder.name}" if a.folder.name != b.folder.name else a.folder.name
    text = study_page.render(
        {
            "title": title,
            "names": names,
            "verdicts": _verdicts(files["comparison.csv"], a),
            "worst": worst,
            "differences": _differences(files["differences.csv"]),
            "data": payload.as_text(data),
            "script": page_script.joined(),
            "css": study_page.css(),
            "library": study_page.LIBRARY,
            "maps": False,
        },
        "comparison.html.j2",
    )
    page_links.write(out, targets)
    study_page.copy_library(out / study_page.LIBRARY)
    atomic_io.write_text(out / "index.html", text)


def _links(a: Finished, b: Finished) -> Iterator[tuple[str, Path]]:
    """The originals of A, and the decoded images and bitstreams of both sides, as far as the folders have them."""
    images, codecs = study_pair.shared_images(a, b), study_pair.shared(a.codecs, b.codecs)
    for image_set, image in images:
        if (file := a.original(image_set, image)).is_file():
            yield f"{page_links.FOLDER}/original/{image_set}/{file.name}", file
    for side, study in zip(SIDES, (a, b)):
        for kind in ("decoded", "bitstreams"):
            for image_set in dict.fromkeys(name for name, _ in images):
                for codec in codecs:
                    folder = study.folder / study_pair.FILES / kind / image_set / codec
                    for file in sorted(folder.glob("*/*")):
                        if (image_set, file.stem) in images:
                            yield (
                                f"{page_links.FOLDER}/{kind}/{image_set}/{side}.{codec}/{file.parent.name}/{file.name}",
                                file,
                            )


def _data(a: Finished, b: Finished, links: Mapping[str, Path]) -> dict:
    """What the page's script knows: see `payload.study`."""
    shared_images, codecs = study_pair.shared_images(a, b), study_pair.shared(a.codecs, b.codecs)
    metrics = study_pair.shared(a.metrics, b.metrics)
    rows, listed, recipes = [], [], {}
    for codec in codecs:
        for side, study in zip(SIDES, (a, b)):
            entry, name = study.codecs[codec], f"{side}.{codec}"
            listed.append({**entry, "codec": name, "label": f"{entry['label']} ({side})"})
            qualities = study.qualities[codec]
            recipes[name] = {"qualities": qualities, "commands": {quality: [] for quality in qualities}}
    for side, study in zip(SIDES, (a, b)):
        for row in study.rows:
            if row["codec"] in codecs and (row["image_set"], row["image"]) in shared_images:
                rows.append(_row(row, side, metrics, links))
    images: dict[str, list[dict]] = {}
    sizes = {(row["image_set"], row["image"]): row for row in a.rows}
    for image_set, image in shared_images:
        about = dict.fromkeys(("credit", "licence", "was_jpeg"), "") | {"image": image, "part": image_set}
        size = {side: sizes[image_set, image][side] for side in ("width", "height")}
        images.setdefault(image_set, []).append(about | size)
    numbers = [row | {name: _number(row[name]) for name in columns.figures(metrics)} for row in rows]
    averages = _text(means.means(numbers, metrics))
    plan = {"study": "comparison", "config": {}, "metrics": metrics, "codecs": recipes}
    shown = {"rd": rows, "means": averages, "codecs": listed}
    return payload.study(plan, shown, images, palette.styles(listed), links)


def _row(row: Mapping[str, str], side: str, metrics: Sequence[str], links: Mapping[str, Path]) -> dict[str, str]:
    """A row of rd.csv of one side; a cell whose image is not in the folder has no decoding time, and a note says so."""
    name = f"{side}.{row['codec']}"
    path = f"{page_links.FOLDER}/decoded/{row['image_set']}/{name}/{row['quality']}/{row['image']}.png"
    wanted = (*columns.KEY, "bytes", *columns.figures(metrics), *columns.OUTCOME)
    values = {column: row.get(column) or "" for column in wanted} | {"codec": name}
    if path not in links and outcome.is_ok(row):
        values |= {"decode_s": "", "note": _GONE.format(side)}
    return values


def _worst(rows: Sequence[Mapping], data: Mapping) -> list[dict]:
    """The worst images in groups (image set, codec, metric), the worst group first; each with a view of both sides."""
    groups: dict[tuple, dict] = {}
    labels = {metric["id"]: metric["label"] for metric in data["metrics"]}
    for row in rows:
        choice = {"Image set": row["image_set"], "Codec": row["codec"], "Metric": labels[row["metric"]]}
        caption = ", ".join(choice.values())
        group = groups.setdefault(tuple(choice.values()), {"choice": choice, "caption": caption, "rows": []})
        panes = [[f"{side}.{row['codec']}", row["quality"]] for side in SIDES]
        start = {"set": row["image_set"], "image": row["image"], "panes": panes, "mode": "flicker", "reference": 1}
        view = urlencode(start | {"panes": "~".join("@".join(pane) for pane in panes)})
        texts = {
            "rate_text": f"{row['bd_rate']:+.2f}".replace("-", "−"),
            "metric_text": "–" if row["bd_metric"] is None else f"{row['bd_metric']:+.4g}".replace("-", "−"),
        }
        group["rows"].append({**row, **texts, "view": view, "start": start})
    return sorted(groups.values(), key=lambda group: -group["rows"][0]["bd_rate"])


def _verdicts(rows: Sequence[Mapping], a: Finished) -> tables.Table:
    names = [
        "Codec",
        "Image set",
        "Metric",
        "Figure",
        "%",
        "BD-metric",
        "Images",
        "Cells changed",
        "Threshold",
        "Verdict",
    ]
    body = []
    for row in rows:
        value, ends = row.get("value"), [row.get("lo"), row.get("hi")]
        text = "–" if value is None else f"{value:+.2f}"
        text += "" if None in ends else f" [{ends[0]:+.2f}, {ends[1]:+.2f}]"
        metric = palette.short(row["metric"]) if row["metric"] else ""
        count = f"{row['images']} of {row['images_a']} and {row['images_b']}" if "images" in row else ""
        changed = f"{row['changed']} of {row['cells']}" if "cells" in row else ""
        difference = row.get("bd_metric")
        body.append(
            [
                tables.Cell(a.codecs[row["codec"]]["label"], row["codec"]),
                tables.Cell(str(row.get("image_set") or ""), str(row.get("image_set") or "")),
                tables.Cell(metric, metric),
                tables.Cell(str(row.get("figure") or "no figure"), details=str(row.get("reason") or "")),
                tables.Cell(text.replace("-", "−"), "" if value is None else value),
                tables.Cell(
                    "–" if difference is None else f"{difference:+.4g}".replace("-", "−"),
                    "" if difference is None else difference,
                ),
                tables.Cell(count, row.get("images", "")),
                tables.Cell(changed, row.get("changed", "")),
                tables.Cell(row["threshold"], row["threshold"]),
                tables.Cell(row["verdict"], row["verdict"], kind=_kind(row["verdict"])),
            ]
        )
    numeric = [name in ("%", "BD-metric", "Images", "Cells changed") for name in names]
    return tables.Table(
        "BD-rate of B against A, mean of images, with 95 % intervals", names, body, "comparison.csv", {}, numeric
    )


def _differences(rows: Sequence[Mapping[str, str]]) -> tables.Table:
    """Values are shown as they are written: a setting is no measure, so nothing is rounded."""
    shown = rows[: tables.LONGEST]
    body = [[tables.Cell(row[name], row[name]) for name in study_pair.DIFFERENCES] for row in shown]
    rest = f", the first {len(shown)} of {len(rows)}; the file has all" if len(rows) > len(shown) else ""
    caption = f"What differs between A and B in what their folders record{rest}"
    names = ["Kind", "Codec or image set", "Name", "A", "B"]
    return tables.Table(caption, names, body, "differences.csv", {}, [False] * len(names))


def _kind(verdict: str) -> str:
    return {"within": "holds", "beyond": "fails", "no figure": "refused"}.get(verdict, "")


def _number(text: str) -> float | None:
    return float(text) if text else None


def _text(rows: Sequence[Mapping]) -> list[dict[str, str]]:
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
