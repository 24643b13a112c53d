"""The work of an edit job: every edit of an experiment on every image of a set, written as real bitstreams."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from study.codecs.base import Latents, LearnedCodec
from study.core import atomic_io, isolation, outcome, readers
from study.core.errors import CodecError, StudyError
from study.core.isolation import Limit
from study.jobs import supervised
from study.latents import archive, edits
from study.latents.edits import Cell, Edit
from study.latents.selection import Site
from study.latents.set_statistics import Reference

COLUMNS = (
    "image", "source", "edit", "value", "site", "side_information", "steps", "stride", "file", "width", "height",
    "bytes", "payload_bytes", "bytes_y", "bytes_z", "sha256", "encode_s", "settings", "versions", "status", "reason",
    "generation",
)  # fmt: skip


def edit_set(
    codec: LearnedCodec,
    image_set: str,
    latents: Path,
    record: Path,
    named: Mapping[str, Edit],
    policies: Sequence[str],
    others: Mapping[str, Sequence[Path]] | None = None,
    generation: int = 0,
    limit: Limit | None = None,
) -> None:
    """Edit the latents of a set's record (latents.csv), write bitstreams beside `record`, and `record` last.

    `named` are the edits by name, `policies` those on side information (see `edits`); `others` are the records of
    latents of further sets that edits ask for. `record` has a row for every cell of every image: `image` names the
    cell, `source` the image. A cell without bitstream has its reason, as in `coding.encode_set`.
    """
    sources = readers.read_record(latents, ("image", "file", "sha256", "width", "height", "channels", "z_channels"))
    for source in sources:
        outcome.check(source, latents)
    jobs = [
        (source, cell)
        for source in sources
        for cell in (edits.expanded(named, policies, _channels(source)) if source["file"] else [None])
    ]
    records = {image_set: [latents], **(others or {})}

    def start() -> Callable[[tuple[Mapping, Cell | None]], dict]:
        skip, versions = supervised.state(codec)
        around = {site: Reference(site, image_set, records) for site in edits.SITES}
        loaded: dict[str, tuple[Latents, dict[str, Site]]] = {}

        def work(job: tuple[Mapping, Cell | None]) -> dict:
            source, cell = job
            if cell is None or skip is not None:
                if skip is not None:
                    return outcome.without(outcome.SKIPPED, skip)
                return {column: source[column] for column in ("status", "reason")}
            path = record.parent / f"{_name(source, cell)}.{codec.extension}"
            done = supervised.attempted(lambda: written(codec, cell, *of_image(source), around, path))
            return {"versions": versions, **done}

        def of_image(source: Mapping) -> tuple[Latents, dict[str, Site]]:
            if source["image"] not in loaded:
                if not loaded:
                    grey = np.full((64, 64, 3), 128, np.uint8)
                    supervised.quietly(lambda: codec.write(codec.analyse(grey)))  # so that no cell's seconds have it
                loaded.clear()
                arrays = archive.verified(latents.parent / source["file"], source["sha256"])
                sites, analysed = sites_of(arrays, source)
                loaded[source["image"]] = analysed, sites
            return loaded[source["image"]]

        return work

    settings = json.dumps(codec.settings, sort_keys=True)
    rows = []
    for (source, cell), result in zip(jobs, isolation.run(jobs, start, limit or Limit())):
        name = _name(source, cell)
        row = {"image": name, "source": source["image"], "width": source["width"], "height": source["height"]}
        row |= {"edit": edits.BASELINE, "settings": settings, "generation": generation, "stride": _stride(source)}
        if cell is not None:
            row |= {"edit": cell.edit, "value": cell.value, "site": cell.site}
            row |= {"side_information": cell.policy, "steps": edits.as_text(cell.steps)}
        rows.append(row | supervised.ended(codec, name, result))
    atomic_io.write_rows(record, COLUMNS, rows)


def _name(source: Mapping[str, str], cell: Cell | None) -> str:
    return source["image"] if cell is None else f"{source['image']}~{cell.name}"


def _channels(source: Mapping[str, str]) -> dict[str, int]:
    """The channels of each site of an image's latents, from its row."""
    counts = {"y": source["channels"], "z": source["z_channels"]}
    return {site: int(count) for site, count in counts.items() if count}


def sites_of(arrays: Mapping[str, np.ndarray], source: Mapping) -> tuple[dict[str, Site], Latents]:
    """The sites that edits select from, and the latents as analysed, from an image's arrays and its row."""
    size = int(source["height"]), int(source["width"])
    sites = {site: Site(arrays[site], arrays.get(f"bits_{site}"), size) for site in edits.SITES if site in arrays}
    return sites, Latents(arrays["y"], arrays.get("z"), size)


def written(
    codec: LearnedCodec,
    cell: Cell,
    analysed: Latents,
    sites: Mapping[str, Site],
    around: Mapping[str, Reference],
    path: Path,
) -> dict[str, object]:
    """Write the bitstream of one cell; its columns of the record, or the reason why there is none."""
    try:
        values = edits.edited(cell, sites, around)
        latents = _as_written(cell, analysed, values)
        with supervised.same_folder():
            begun = time.perf_counter()
            data = codec.write(latents)
            seconds = time.perf_counter() - begun
            supervised.check_bitstream(data)
            strings = codec.string_bytes(data)
    except CodecError as error:
        return outcome.without(outcome.REFUSED, error)
    except StudyError as error:
        return outcome.without(outcome.FAILED, error)
    atomic_io.write_bytes(path, data)
    return {
        "status": outcome.OK,
        "file": path.name,
        "bytes": len(data),
        "payload_bytes": codec.payload_bytes(data),
        **{f"bytes_{site}": count for site, count in strings.items()},
        "sha256": hashlib.sha256(data).hexdigest(),
        "encode_s": round(seconds, 6),
    }


def _stride(source: Mapping[str, str]) -> int | None:
    """Pixels per element of y, where the image is a whole number of them on both axes."""
    if not source["rows"]:
        return None
    (rows, lines), (columns, pixels) = (
        divmod(int(source[side]), int(source[axis])) for side, axis in (("height", "rows"), ("width", "columns"))
    )
    return rows if rows == columns and not lines and not pixels else None


def _as_written(cell: Cell, analysed: Latents, values: Mapping[str, np.ndarray]) -> Latents:
    """The latents that a cell writes: z as it was, as it was edited, or left to the hyperprior."""
    turned = values["y"].shape[1:] == analysed.y.shape[2:0:-1] and values["y"].shape != analysed.y.shape
    size = analysed.size[::-1] if turned else analysed.size
    z = None if analysed.z is None or cell.policy == "recompute" else values["z"]
    if turned and z is not None and cell.policy == "keep":
        raise CodecError("the image's size was turned, so the z of the original doesn't fit; use recompute")
    return Latents(values["y"], z, size)
