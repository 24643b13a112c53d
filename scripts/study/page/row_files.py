"""The rows of a large study in files beside its page, which loads those of the images that it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from study.core import atomic_io
from study.page import payload

FOLDER = "page/rows"
WHOLE = 20_000  # rows that the page itself can hold: some 2 MB
ROWS = 5_000


def groups(
    rows: Sequence[Mapping[str, str]], whole: int | None = None, size: int | None = None
) -> list[list[Mapping[str, str]]]:
    """The rows of rd.csv, up to `whole` in one group; more in groups of some `size`, of whole images of one set."""
    whole, size = WHOLE if whole is None else whole, ROWS if size is None else size
    if len(rows) <= whole:
        return [list(rows)]
    images: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        images.setdefault((row["image_set"], row["image"]), []).append(row)
    parts: list[list[Mapping[str, str]]] = []
    for (image_set, _), members in images.items():
        if not parts or len(parts[-1]) >= size or parts[-1][0]["image_set"] != image_set:
            parts.append([])
        parts[-1] += members
    return parts


def write(folder: Path, parts: Sequence[Sequence[Mapping[str, str]]], metrics: Sequence[str]) -> list[dict]:
    """Write a script for each group of rows below the page's `folder`, remove others, and tell the page of them.

    Each is {"key", "file", "set", "images"}. A script puts its columns under its key in the object `studyRows`: a page
    opened from the file system may read scripts, but no data.
    """
    scripts = []
    for key, rows in enumerate(parts, start=1):
        text = f"(window.studyRows ??= {{}})[{key}] = {payload.as_text(payload.columns(rows, metrics))};\n"
        file = f"{FOLDER}/{key}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.js"
        if not (folder / file).is_file():
            atomic_io.write_text(folder / file, text)
        images = list(dict.fromkeys(row["image"] for row in rows))
        scripts.append({"key": key, "file": file, "set": rows[0]["image_set"], "images": images})
    wanted = {Path(one["file"]).name for one in scripts}
    for path in (folder / FOLDER).glob("*"):
        if path.name not in wanted:
            path.unlink()
    return scripts
