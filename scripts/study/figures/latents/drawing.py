"""The work of a figure job of an experiment on latents: every figure of every image of a part, codec and quality."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from study.analysis import latent_table, report2021
from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.figures import canvas, palette, tiles
from study.figures.latents import (
    channel_ablation,
    channel_grid,
    contact_sheet,
    equivariance,
    rate_map,
    report_comparison,
    top_k_curve,
)
from study.figures.latents import names as figure_names
from study.figures.latents.contact_sheet import Shown
from study.images import png
from study.jobs.latents import impulse_response
from study.latents import archive, edits, selection

COLUMNS = ("image", "figure", "edit", "file", "pdf", "caption", "reason")
MOST_OF_SWEEP = 12
MOST_ON_SHEET = 60
QUALITY = {"PSNR": ("psnr_rgb", "psnr_y"), "MS-SSIM": ("ms_ssim", "msssim_sewar")}
LOSSES = {"PSNR": (" (dB)", 1, 1e-3), "MS-SSIM": (" (thousandths)", 1000, 0.01)}  # unit, factor, floor


def draw(plan: Mapping, results: Path, references: Path, out: Path) -> None:
    """Draw the figures of a job, `<figure>-<image>[-<edit>]` as .png and .pdf in `out`, and figures.csv last.

    `plan` is that of `figure_plan.option`; records are read below `results`, the report's figures from `references`.
    A figure that can't be drawn is an image that tells why, and has the reason in figures.csv.
    """
    job = _Job(plan, results, references)
    rows = []
    for named in figure_names.named(plan["figures"], job.images()):
        title = f"{job.title(named.image)}: {_TITLES[named.figure]}" + (f", {named.edit}" if named.edit else "")
        row = {**named._asdict(), "file": f"{named.stem}.png", "pdf": f"{named.stem}.pdf"}
        try:
            figure, caption = _DRAWN[named.figure](job, named, title)
            row["caption"] = caption
        except _Nothing as error:
            figure = tiles.gap(title, str(error))
            row |= {"caption": f"{title}: not drawn.", "reason": str(error)}
        canvas.save(figure, canvas.both(out / named.stem))
        if named.figure == "report":
            found = job.reported(named.image) if not row.get("reason") else []
            atomic_io.write_rows(out / f"{named.stem}.csv", report2021.COLUMNS, found)
        rows.append(row)
    atomic_io.write_rows(out / "figures.csv", COLUMNS, rows)


class _Nothing(StudyError):
    """Why a figure can't be drawn: nothing that a rerun would mend."""


@dataclass(frozen=True)
class _Job:
    """The records of a job, read when a figure asks for them."""

    plan: Mapping
    results: Path
    references: Path

    def images(self) -> list[str]:
        return list(self._originals)

    def title(self, image: str) -> str:
        row = self._originals[image]
        return f"{image} ({row['width']}×{row['height']}), {self.plan['label']}, quality {self.plan['cell']['quality']}"

    def look(self) -> palette.Style:
        codec = {"codec": self.plan["cell"]["codec"], "label": self.plan["label"], "family": self.plan["family"]}
        return palette.styles([codec])[codec["codec"]]

    def original(self, image: str) -> np.ndarray:
        return png.read(self._folder("images", self.plan["cell"]["part"]) / self._originals[image]["file"])

    def latent_row(self, image: str) -> dict[str, str]:
        return next(row for row in self._latent_rows if row["image"] == image)

    def arrays(self, image: str) -> dict[str, np.ndarray]:
        """The arrays of an image's latents. Raises _Nothing if it has none."""
        row = self.latent_row(image)
        if not row["file"]:
            raise _Nothing(row["reason"])
        return archive.load(self._latents / row["file"])

    def responses(self) -> tuple[np.ndarray, tuple[float, float]]:
        row = readers.read_rows(self._latents / "impulse.csv")[0]
        if not row["file"]:
            raise _Nothing(row["reason"])
        return impulse_response.load(self._latents / row["file"])

    def rows(self, image: str) -> list[dict]:
        """The rows of an image's edits. Raises _Nothing if the codec has none."""
        found = [row for row in self._edit_rows if row["image"] == image]
        if not any(row["picture"] or row["steps"] for row in found):
            raise _Nothing(found[0]["reason"] if found else "the record of edits has no row of this image")
        return found

    def edit(self, image: str, edit: str) -> list[dict]:
        found = [row for row in self.rows(image) if row["edit"] == edit]
        if not found:
            raise _Nothing(f"the experiment has no edit {edit!r} of this image")
        return found

    def picture(self, row: Mapping) -> np.ndarray:
        return png.read(self.results / row["picture"])

    def baseline(self, image: str) -> np.ndarray | None:
        row = next((each for each in self.rows(image) if each["edit"] == edits.BASELINE and each["picture"]), None)
        return None if row is None else self.picture(row)

    def quality(self) -> dict[str, str]:
        """The metrics to show, by kind: PSNR and MS-SSIM, as far as the study has them."""
        known = self.plan["metrics"]
        found = {kind: next((name for name in names if name in known), None) for kind, names in QUALITY.items()}
        return {kind: name for kind, name in found.items() if name}

    def other(self, image: str, image_set: str) -> np.ndarray | None:
        """An image of another set, by name."""
        for part in self.plan["others"].get(image_set, []):
            folder = self._folder("images", part)
            for row in readers.read_rows(folder / "images.csv"):
                if row["image"] == image:
                    return png.read(folder / row["file"])
        return None

    def reported(self, image: str) -> list[dict[str, object]]:
        reference = report2021.read(self.references / "epfl2021.csv")
        return report2021.rows(reference, self.rows(image), self.plan["metrics"])

    def curve(self, image: str) -> list[top_k_curve.Point]:
        """The points of the codec's own curve for an image, by quality: the study's cells, and baselines."""
        found: dict[str, top_k_curve.Point] = {}
        for part, codec, quality in self.plan["curve"]:
            known = {row["image"]: row for row in readers.read_rows(self._folder("images", part) / "images.csv")}
            if image in known and known[image]["sha256"] == self._originals[image]["sha256"]:
                coded = readers.read_rows(self._folder("bitstreams", part, codec, quality) / "encoded.csv")
                scored = readers.read_rows(self._folder("scores", part, codec) / f"{quality}.csv")
                encoded, scores = (next((row for row in rows if row["image"] == image), {}) for rows in (coded, scored))
                if encoded.get("bytes") and scores:
                    bpp = 8 * int(encoded["bytes"]) / (int(known[image]["width"]) * int(known[image]["height"]))
                    values = {name: float(scores[name]) if scores[name] else None for name in self.plan["metrics"]}
                    found[quality] = top_k_curve.Point(quality, bpp, values)
        for quality in [*self.plan["baselines"], self.plan["cell"]["quality"]]:
            for row in self._rows_at(quality):
                if row["image"] == image and row["edit"] == edits.BASELINE and row["bpp"] is not None:
                    found.setdefault(quality, top_k_curve.Point(quality, row["bpp"], row))
        return sorted(found.values(), key=lambda point: point.bpp)

    def _folder(self, *parts: str) -> Path:
        return self.results.joinpath(*parts)

    @property
    def _latents(self) -> Path:
        cell = self.plan["cell"]
        return self._folder("latents", cell["part"], cell["codec"], cell["quality"])

    @functools.cached_property
    def _originals(self) -> dict[str, dict[str, str]]:
        rows = readers.read_rows(self._folder("images", self.plan["cell"]["part"]) / "images.csv")
        return {row["image"]: row for row in rows}

    @functools.cached_property
    def _latent_rows(self) -> list[dict[str, str]]:
        return readers.read_rows(self._latents / "latents.csv")

    @functools.cached_property
    def _edit_rows(self) -> list[dict]:
        return self._rows_at(self.plan["cell"]["quality"])

    def _rows_at(self, quality: str) -> list[dict]:
        cells = [{**self.plan["cell"], "quality": quality}]
        return latent_table.edit_rows(
            self.results, {"study": self.plan["study"], "metrics": self.plan["metrics"], "cells": cells}
        )


def _atlas(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    arrays = job.arrays(named.image)
    order, shares, by, notes = _order(arrays, str(job.plan["figures"]["atlas"]))
    figure = channel_grid.latent(arrays["y"], order, shares, title, notes)
    return figure, f"{title}. Channels of the latent y in falling order of their {by}, on one symmetric scale."


def _impulse(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    response, middle = job.responses()
    order, shares, by, notes = _order(job.arrays(named.image), "bits")
    figure = channel_grid.impulse(response, middle, order, shares, title, notes)
    return figure, f"{title}. What the synthesis transform paints for one coefficient of a channel, in order of {by}."


def _order(arrays: Mapping[str, np.ndarray], by: str) -> tuple[np.ndarray, np.ndarray | None, str, list[str]]:
    """The channels in falling order, their shares of the bits (None where the codec doesn't tell), what orders them."""
    bits = arrays.get("bits_y")
    by = by if bits is not None else "energy"
    order = selection.strongest(selection.Site(arrays["y"], bits, (0, 0)), by)
    shares = None if bits is None else bits.sum((1, 2), dtype=np.float64) / bits.sum(dtype=np.float64)
    words = "the number and its share of the bits of y" if shares is not None else "the number"
    unknown = "" if shares is not None else "; the codec doesn't tell its bits"
    return order, shares, by, [f"Channels in falling order of their {by}{unknown}; a label is {words}."]


def _rate_map(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    arrays = job.arrays(named.image)
    size = tuple(int(job.latent_row(named.image)[side]) for side in ("height", "width"))
    maps = {site: rate_map.on_pixels(arrays[f"bits_{site}"], size) for site in edits.SITES if f"bits_{site}" in arrays}
    if not maps:
        raise _Nothing("the codec doesn't tell its bits")
    notes = ["By the entropy model's tables, summed over channels; an element's bits are spread over its square."]
    return rate_map.figure(job.original(named.image), maps, title, notes), f"{title}. Bits of the latents per pixel."


def _sheet(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    rows = job.rows(named.image)
    chosen = job.plan["figures"]["sheet"]
    known = list(dict.fromkeys(row["edit"] for row in rows))
    wanted = [name for name in known if name != edits.BASELINE and (chosen is True or name in chosen)]
    original, baseline = job.original(named.image), job.baseline(named.image)
    shown = [Shown("original", [f"{original.shape[1]}×{original.shape[0]}"], original)]
    shown += _cells([row for row in rows if row["edit"] == edits.BASELINE], job, "baseline (none)", original)
    notes = ["Beside each image: the luma of the edit minus that of the baseline, of the baseline minus the original."]
    sweeps = {name: _values(rows, name) for name in wanted}
    most = next(
        (n for n in range(MOST_OF_SWEEP, 1, -1) if sum(min(n, len(each)) for each in sweeps.values()) <= MOST_ON_SHEET),
        1,
    )
    for name in wanted:
        kept = _spread(sweeps[name], most)
        if len(kept) < len(sweeps[name]):
            notes.append(f"{name}: {len(kept)} of its {len(sweeps[name])} values are shown.")
        for value in kept:
            own = [row for row in rows if (row["edit"], row["value"]) == (name, value)]
            shown += _cells(own, job, name if value is None else f"{name} {value}", baseline)
    if len(shown) > MOST_ON_SHEET + 2:
        notes.append(f"The first {MOST_ON_SHEET} edits of {len(shown) - 2}; the key `sheet` of the config chooses.")
        shown = shown[: MOST_ON_SHEET + 2]
    return contact_sheet.figure(
        shown, title, notes
    ), f"{title}. Decoded images of edited latents and what the edits changed."


def _values(rows: Sequence[Mapping], edit: str) -> list[str | None]:
    return list(dict.fromkeys(row["value"] for row in rows if row["edit"] == edit))


def _spread(values: Sequence, most: int) -> list:
    """At most that many of the values, the first and last among them, evenly spread."""
    if len(values) <= most:
        return list(values)
    return [values[round(place)] for place in np.linspace(0, len(values) - 1, most)]


def _cells(rows: Sequence[Mapping], job: _Job, name: str, against: np.ndarray | None) -> list[Shown]:
    """The tiles of one edit under its policies; policies that give the same image share one."""
    groups: list[tuple[np.ndarray | None, list[Mapping]]] = []
    for row in rows:
        picture = job.picture(row) if row["picture"] else None
        for other, members in groups:
            same = (picture is None and other is None and members[0]["reason"] == row["reason"]) or (
                picture is not None and other is not None and np.array_equal(picture, other)
            )
            if same:
                members.append(row)
                break
        else:
            groups.append((picture, [row]))
    found = []
    for picture, members in groups:
        head = name if len(groups) == 1 else f"{name}, {', '.join(str(row['side_information']) for row in members)}"
        lines = _numbers(members, job)
        found.append(Shown(head, lines, picture, None if picture is None else against, _told(members[0])))
    return found


def _numbers(rows: Sequence[Mapping], job: _Job) -> list[str]:
    if all(row["bpp"] is None for row in rows):
        return []
    lines = []
    rates = {row["side_information"]: _number(row["bpp"], 3) for row in rows}
    if len(set(rates.values())) == 1:
        lines.append(f"{next(iter(rates.values()))} bpp" + (" under both policies" if len(rates) > 1 else ""))
    else:
        lines.append(", ".join(f"{policy} {rate}" for policy, rate in rates.items()) + " bpp")
    scored = []
    for kind, metric in job.quality().items():
        value = rows[0][metric]
        if value is not None:
            scored.append(f"{value:.2f} dB" if kind == "PSNR" else f"{kind} {value:.4f}")
    lines.append(", ".join(scored) if scored else _told(rows[0]))
    return lines


def _told(row: Mapping) -> str:
    return canvas.clipped(row["reason"] or "no image was decoded", 240)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _report(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    found = job.reported(named.image)
    lacking: dict[str, dict[str, None]] = {}
    for row in found:
        if row["ours"] is None:
            lacking.setdefault(row["reason"] or "no value", {})[str(row["edit"])] = None
    notes = [f"Without value: {', '.join(names)} ({canvas.clipped(reason)})." for reason, names in lacking.items()]
    figure = report_comparison.figure(found, title, notes)
    known = [row for row in found if row["direction"] in ("agrees", "differs")]
    direction, size = (sum(row[key] == "agrees" for row in known) for key in ("direction", "size"))
    caption = (
        f"{title}. Of {len(known)} changes that are known on both sides, {direction} agree in direction and {size} "
        f"in size as well, within a factor of {report2021.FACTOR:g}."
    )
    return figure, caption


def _attribution(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    edit = str(job.plan["figures"]["attribution"])
    rows = job.edit(named.image, edit)
    policy = rows[0]["side_information"]
    rows = [row for row in rows if row["side_information"] == policy]
    arrays = job.arrays(named.image)
    count = len(arrays["y"])
    channels = [_channel(row) for row in rows]
    if None in channels or len(set(channels)) < len(channels):
        raise _Nothing(f"the edit {edit} isn't one sweep over the channels, one at a time")
    lost = np.full(count, np.nan)
    lost[channels] = [_or_nan(row["delta_bpp_y"], -1) for row in rows]
    label = "Bits saved by zeroing the channel (bpp)"
    notes = [f"Edit {edit}: one channel set to 0 at a time, side information: {policy}."]
    if "bits_y" in arrays:
        pixels = int(rows[0]["width"]) * int(rows[0]["height"])
        lost = arrays["bits_y"].sum((1, 2), dtype=np.float64) / pixels
        label = "Bits of the channel (bpp)"
    else:
        notes.append("The codec doesn't tell its bits: rates are those that an ablation saves.")
        lost = np.nan_to_num(lost)
    panels = []
    for kind, metric in job.quality().items():
        loss = np.full(count, np.nan)
        unit, factor, floor = LOSSES[kind]
        loss[channels] = [_or_nan(row[f"delta_{metric}"], -factor) for row in rows]
        panels.append(channel_ablation.Panel(f"Loss of {palette.short(metric)}{unit}", loss, floor))
    if not panels:
        raise _Nothing("the study has neither PSNR nor MS-SSIM among its metrics")
    notes += _gaps(rows, job)
    figure = channel_ablation.figure(lost, label, panels, job.look(), title, notes)
    best, worst = channel_ablation.outliers(lost, panels[0])
    caption = (
        f"{title}. Loss against bits of each channel. {panels[0].label}, beside channels of like bits, is the most for "
        f"{_listed(best)}, the least for {_listed(worst)}."
    )
    return figure, caption


def _listed(channels: Sequence[int]) -> str:
    return f"channels {', '.join(map(str, channels))}" if channels else "none"


def _channel(row: Mapping) -> int | None:
    chosen = [step["select"].get("channels") for step in json.loads(row["steps"])]
    single = [each[0] for each in chosen if isinstance(each, list) and len(each) == 1]
    return single[0] if len(single) == len(chosen) == 1 else None


def _or_nan(value: float | None, sign: int = 1) -> float:
    return math.nan if value is None else sign * value


def _progressive(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    edit = str(job.plan["figures"]["progressive"])
    rows = job.edit(named.image, edit)
    kept: dict[str, list[top_k_curve.Point]] = {}
    for row in rows:
        if row["bpp"] is not None:
            name = str(int(row["value"])) if (row["value"] or "").isdigit() else row["value"] or ""
            kept.setdefault(row["side_information"], []).append(top_k_curve.Point(name, row["bpp"], row))
    if not kept:
        raise _Nothing(_told(rows[0]))
    metrics = list(job.quality().values())
    if not metrics:
        raise _Nothing("the study has neither PSNR nor MS-SSIM among its metrics")
    curve = job.curve(named.image)
    notes = ["Numbers at the points: channels kept, and the qualities of the codec's own curve."]
    if len(curve) < 2:
        notes.append("The codec's own curve has one point: name more of its qualities in the study or the experiment.")
    notes += _gaps(rows, job)
    figure = top_k_curve.figure(kept, curve, metrics, job.look(), title, notes)
    return figure, f"{title}. Quality against rate with the strongest channels alone, beside the codec's own curve."


def _interpolation(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    rows = job.edit(named.image, named.edit)
    ends: dict[tuple[str, str], list[tuple[float, list[Mapping]]]] = {}
    for row in rows:
        step = next((each for each in json.loads(row["steps"]) if "interpolate" in each["op"]), None)
        if step is None:
            raise _Nothing(f"the edit {named.edit} has no operation interpolate")
        told = step["op"]["interpolate"]
        points = ends.setdefault((told["image"], told["set"] or job.plan["cell"]["set"]), [])
        if points and points[-1][1][0]["value"] == row["value"]:
            points[-1][1].append(row)
        else:
            points.append((float(told["t"]), [row]))
    strips = []
    for (image, image_set), points in ends.items():
        end = job.other(image, image_set)
        strip = [Shown(named.image, ["original"], job.original(named.image))]
        for t, members in sorted(points, key=lambda point: point[0]):
            strip += _cells(members, job, f"t = {t:g}".replace("-", "−"), None)
        reason = "" if end is not None else f"the image set {image_set} has no image {image}"
        strips.append([*strip, Shown(image, ["original"], end, reason=reason)])
    figure = contact_sheet.strips(
        strips, title, ["Quality is against the first image. t: the part of the way to the last."]
    )
    return (
        figure,
        f"{title}. Decoded images on the straight line between two latents, with the originals at its ends.",
    )


def _equivariance(job: _Job, named: figure_names.Named, title: str) -> tuple[Figure, str]:
    curves: dict[str, list[tuple[float, float]]] = {}
    bars: dict[str, float] = {}
    without: dict[str, dict[str, None]] = {}
    perfect: dict[str, None] = {}
    for edit in job.plan["figures"]["equivariance"]:
        for row in _told_apart(job.edit(named.image, edit)):
            name = edit if row["value"] is None else f"{edit} {row['value']}"
            value = row["equivariance_db"]
            if value is None:
                without.setdefault(row["reason"] or _UNMOVED, {})[f"{name}{row['apart']}"] = None
            elif math.isinf(value):
                perfect[name] = None
            elif (shift := _shift(row)) is not None:
                curves.setdefault(f"{edit}{row['apart']}", []).append((shift, value))
            else:
                bars[f"{name}{row['apart']}"] = value
    notes = ["PSNR between the decoded image of the moved latent and the decoded baseline, moved: higher is truer."]
    if perfect:
        notes.append(f"Equal images, without finite PSNR: {', '.join(perfect)}.")
    notes += [f"Without value: {', '.join(names)} ({canvas.clipped(reason)})." for reason, names in without.items()]
    if not curves and not bars:
        raise _Nothing(" ".join(notes[1:]) or "no edit has a value")
    row = job.latent_row(named.image)
    stride, left = divmod(int(row["width"]), int(row["columns"]))
    across = "Shift (elements of y" + (f", {stride} pixels each)" if not left else ")")
    figure = equivariance.figure(curves, bars, across, title, notes)
    return figure, f"{title}. How truly the decoded image moves as its latent is moved."


_UNMOVED = "it doesn't move the whole latent, or the image isn't a whole number of elements"


def _told_apart(rows: Sequence[Mapping]) -> list[dict]:
    """The rows of one edit; of policies that give a value the same to 0.01 dB, the first stands for all.

    `apart` is what tells a row's policy, empty where one stands for all. Rows without value are all there.
    """
    values: dict[str | None, dict[str, Mapping]] = {}
    for row in rows:
        if row["equivariance_db"] is not None:
            values.setdefault(row["value"], {})[_number(row["equivariance_db"], 2)] = row
    alike = all(len(found) == 1 for found in values.values())
    known = [row for row in rows if row["equivariance_db"] is not None]
    if alike:
        known = list({row["value"]: row for row in reversed(known)}.values())[::-1]
    lacking = [row for row in rows if row["equivariance_db"] is None]
    several = len({row["side_information"] for row in rows}) > 1
    return [{**row, "apart": "" if alike else f" ({row['side_information']})"} for row in known] + [
        {**row, "apart": f" ({row['side_information']})" if several and known else ""} for row in lacking
    ]


def _shift(row: Mapping) -> float | None:
    """By how many elements a row's edit rolls the latent along one axis; None for other edits."""
    steps = json.loads(row["steps"])
    if len(steps) != 1 or "roll" not in steps[0]["op"]:
        return None
    told = steps[0]["op"]["roll"]
    moved = [by for by in (told["rows"], told["columns"]) if by]
    return float(moved[0]) if len(moved) <= 1 and moved else 0.0 if not moved else None


def _gaps(rows: Sequence[Mapping], job: _Job) -> list[str]:
    """A note on the rows without values, by reason."""
    metrics = list(job.quality().values())
    lacking: dict[str, int] = {}
    for row in rows:
        if row["bpp"] is None or any(row[name] is None for name in metrics):
            lacking[_told(row)] = lacking.get(_told(row), 0) + 1
    return [f"Without value: {count} of {len(rows)} ({reason})." for reason, count in lacking.items()]


_TITLES = {
    "atlas": "channels of the latent",
    "rate_map": "where the bits go",
    "impulse": "responses of the synthesis transform",
    "sheet": "edits",
    "report": "the report's edits",
    "attribution": "which channels earn their bits",
    "progressive": "the strongest channels alone",
    "interpolation": "interpolation",
    "equivariance": "moving the latent",
}
_DRAWN: Mapping[str, Callable[[_Job, figure_names.Named, str], tuple[Figure, str]]] = {
    "atlas": _atlas,
    "rate_map": _rate_map,
    "impulse": _impulse,
    "sheet": _sheet,
    "report": _report,
    "attribution": _attribution,
    "progressive": _progressive,
    "interpolation": _interpolation,
    "equivariance": _equivariance,
}
