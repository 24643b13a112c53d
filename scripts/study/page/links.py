"""The images and bitstreams beside a page, as hard links, so that the study's folder is whole by itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from study.core import atomic_io, readers
from study.core import results as core_results
from study.core.cell import Cell
from study.core.errors import StudyError

FOLDER = "files"


def links(
    results: Path, sets: Mapping[str, Sequence[str]], cells: Iterable[tuple[str, str]], maps: bool = False
) -> dict[str, Path]:
    """What the page shows and where it lies: path below the page's folder -> file under `results`.

    `sets` gives the parts of each image set, `cells` are (codec, quality). Paths are original/<set>/<image>.png and
    decoded or bitstreams/<set>/<codec>/<quality>/<file>, with `maps` error_maps/… too, below `FOLDER`. A cell without
    record, or an image without file, has none. Raises StudyError for a file of a record that is not there.
    """
    targets: dict[str, Path] = {}
    chosen = list(cells)
    for image_set, parts in sets.items():
        for part in parts:
            for file in _recorded(Path(core_results.images(part, results))):
                targets[f"{FOLDER}/original/{image_set}/{file.name}"] = file
            for codec, quality in chosen:
                cell = Cell(image_set, part, codec, quality)
                kinds = {"decoded": cell.decoded(results), "bitstreams": cell.encoded(results)}
                if maps:
                    kinds["error_maps"] = cell.error_maps(results)
                for kind, record in kinds.items():
                    for file in _recorded(Path(record)):
                        targets[f"{FOLDER}/{kind}/{image_set}/{codec}/{quality}/{file.name}"] = file
    return targets


def write(folder: Path, targets: Mapping[str, Path]) -> None:
    """Make the links `targets` in the page's `folder` (copies across file systems); remove those of earlier pages."""
    for name, source in targets.items():
        _place(source, folder / name)
    if (folder / FOLDER).is_dir():
        _remove_others(str(folder / FOLDER), FOLDER, targets)


def _place(source: Path, target: Path) -> None:
    """Link or copy a file. A large study has half a million: a link that isn't there yet is one call of the system."""
    try:
        os.link(source, target)
        return
    except OSError:
        if target.exists() and target.samefile(source):
            return
    with atomic_io.replacing(target) as temporary:
        temporary.unlink()
        _link(source, temporary)


def _remove_others(folder: str, name: str, targets: Mapping[str, Path]) -> bool:
    """Remove the files of a folder that are not among `targets`, and it, if nothing is left in it; tell whether."""
    left = 0
    with os.scandir(folder) as entries:
        others = list(entries)
    for entry in others:
        path = f"{name}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            left += not _remove_others(entry.path, path, targets)
        elif path in targets:
            left += 1
        else:
            Path(entry).unlink()
    if not left:
        Path(folder).rmdir()
    return not left


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _recorded(record: Path) -> Iterator[Path]:
    try:
        rows = readers.read_rows(record)
    except FileNotFoundError:
        return
    with os.scandir(record.parent) as entries:
        there = {entry.name for entry in entries}
    for row in rows:
        if row["file"]:
            file = record.parent / row["file"]
            if row["file"] not in there:
                raise StudyError(f"{file} is gone, though {record} names it; run the study again, which makes it anew")
            yield file
