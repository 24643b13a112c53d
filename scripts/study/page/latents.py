"""What the page shows of experiments on latents: galleries of edits, channels with what each does, figures, tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from study.core import outcome, readers
from study.figures import palette
from study.figures.palette import Style
from study.latents import edits as latent_edits
from study.page import links as page_links
from study.page import payload
from study.page import tables as page_tables

CHOSEN = (("psnr_rgb", "psnr_y"), ("ms_ssim", "msssim_sewar", "ssim", "ssim_sewar"))
COLUMNS = {
    "edits": (
        "image", "codec", "quality", "edit", "value", "side_information", "bpp", "bpp_y", "bpp_z", "psnr_rgb",
        "ms_ssim", "msssim_sewar", "status", "reason",
    ),
    "channels": ("image", "codec", "quality", "site", "channel", "bpp", "share", "energy", "std", "sparsity"),
}  # fmt: skip


def experiments(
    names: Sequence[str], folder: Path, results: Path, links: dict[str, Path], known: Mapping[str, Style]
) -> list[dict]:
    """For each experiment its figures and tables, and `views`, what the gallery shows (`views`).

    It has what lies in latents/<name>/ and figures/latents/<name>/ of the study's `folder`. A table figures.csv lists
    figures that lie beside it (with a `caption`, if it has that column). Decoded images, which the table of edits names
    by their paths under `results`, are added to `links`.
    """

    def find(name: str) -> str:
        if not name or not (results / name).is_file():
            return ""
        links[f"{page_links.FOLDER}/{name}"] = results / name
        return f"{page_links.FOLDER}/{name}"

    parts: dict[str, dict] = {}
    for name in names:
        path = PurePosixPath(name)
        inside = path.parts[1:] if path.parts[0] == "figures" else path.parts
        if inside[0] != "latents" or len(inside) < 3:
            continue
        group = parts.setdefault(inside[1], {"figures": [], "tables": [], "rows": {}})
        where = " / ".join(inside[2:-1])
        if path.name == "figures.csv":
            group["figures"] += _listed(folder / name, f"{where}: " if where else "", path.parent.as_posix(), folder)
        elif path.suffix == ".png":
            caption = path.stem.replace("_", " ")
            group["figures"].append((f"{where}: {caption}" if where else caption, name))
        elif path.suffix == ".csv":
            rows = group["rows"][path.stem] = readers.read_rows(folder / name)
            caption = f"{inside[1]}: {where} {path.stem}".replace(":  ", ": ")
            group["tables"].append(page_tables.generic(caption, rows, name, find, columns=COLUMNS.get(path.stem)))
    return [{"title": title, "views": views(group.pop("rows"), known, find), **group} for title, group in parts.items()]


def views(tables: Mapping[str, Sequence[Mapping[str, str]]], known: Mapping[str, Style], find: Callable) -> list[dict]:
    """For each image, codec, quality and policy on side information: the baseline, the edits, and the channels.

    An edit has `label`, `image` (beside the page; empty without one), `values` (bpp, then the metrics of `names`),
    `why` it has none, and `channel` where it changes that one alone. `channels` are [channel, share of the bits of y].
    """
    rows = tables.get("edits", ())
    if not rows or "decoded" not in rows[0]:
        return []
    metrics = [next((name for name in some if name in rows[0]), None) for some in CHOSEN]
    metrics = [name for name in metrics if name]
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    baselines: dict[tuple[str, ...], dict[str, Mapping[str, str]]] = {}
    for row in rows:
        image = tuple(row[name] for name in ("image_set", "image", "codec", "quality"))
        if row["edit"] == latent_edits.BASELINE:
            baselines.setdefault(image, {})[row["side_information"]] = row
        else:
            groups.setdefault((*image, row["side_information"]), []).append(row)
    shares: dict[tuple[str, ...], list[list]] = {}
    for row in tables.get("channels", ()):
        if row["site"] == "y" and row["share"]:
            image = tuple(row[name] for name in ("image_set", "image", "codec", "quality"))
            shares.setdefault(image, []).append([int(row["channel"]), payload.number(row["share"])])
    made = []
    for (*image, policy), edited in groups.items():
        known_as = baselines.get(tuple(image), {})
        baseline = known_as.get(policy) or next(iter(known_as.values()), None)
        if baseline is None:
            continue
        label = known[image[2]].label if image[2] in known else image[2]
        policies = {"recompute": "side information made anew", "keep": "side information kept", "edited": "z edited"}
        about = [image[1], f"{label}, quality {image[3]}", policies.get(policy, "")]
        made.append(
            {
                "label": " · ".join(filter(None, about)),
                "names": ["bpp", *(palette.parts(name)[0] for name in metrics)],
                "about": ", ".join(palette.short(name) for name in metrics),
                "baseline": _item(baseline, metrics, find) | {"label": "no edit"},
                "edits": [_item(row, metrics, find) for row in edited],
                "channels": shares.get(tuple(image), []),
            }
        )
    return made


def single_channels(experiments: Sequence[Mapping]) -> bool:
    """Whether one of the `experiments` has an edit that changes one channel alone."""
    return any("channel" in edit for one in experiments for view in one["views"] for edit in view["edits"])


def _item(row: Mapping[str, str], metrics: Sequence[str], find: Callable) -> dict:
    channel = _channel(row.get("steps", ""))
    value = row["value"] if channel is None else str(channel)
    label = " ".join(filter(None, (row["edit"].replace("-", " "), value)))
    item: dict = {"label": label, "image": find(row["decoded"])}
    item["values"] = [payload.number(row[name]) for name in ("bpp", *metrics)]
    if not item["image"]:
        item["why"] = outcome.in_words(row) or "no decoded image"
    return item if channel is None else item | {"channel": channel}


def _channel(steps: str) -> int | None:
    """The channel of y that steps change, if it is one alone."""
    done = json.loads(steps) if steps else []
    if len(done) != 1 or done[0].get("site", "y") != "y" or set(done[0].get("select", ())) != {"channels"}:
        return None
    channels = done[0]["select"]["channels"]
    return channels[0] if isinstance(channels, list) and len(channels) == 1 else None


def _listed(record: Path, where: str, beside: str, folder: Path) -> list[tuple[str, str]]:
    """The figures that figures.csv lists: caption and path."""
    images = []
    for row in readers.read_rows(record):
        file = next((text for text in row.values() if text and text.endswith(".png")), None)
        if file is not None and (folder / beside / file).is_file():
            caption = row.get("caption") or PurePosixPath(file).stem.replace("_", " ")
            images.append((f"{where}{caption}", f"{beside}/{file}"))
    return images
