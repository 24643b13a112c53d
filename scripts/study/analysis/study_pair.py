"""Two finished studies beside each other: what differs in what was asked for and in what ran, and what they share.

Images are the same whose files have one sha256 or whose pixels are equal: another version of a library may write the
same pixels as other bytes. Where a folder has neither hash nor file, images of one name and size count as the same.

A study is read from its folder alone (`rd.csv`, `codecs.csv`, `provenance.json`, and `files/` with its images and
bitstreams), so that it may come from another checkout or another machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from study.core import outcome, readers, results
from study.core.columns import COSTS, RATES
from study.core.errors import StudyError, allowed
from study.images import png
from study.metrics import registry

DIFFERENCES = ("kind", "of", "name", "a", "b")
FILES = "files"
ENTRY = ("label", "family", "backend", "parameter", "versions", "reason")
_NEEDED = ("image_set", "image", "codec", "quality", "width", "height", "bytes", *RATES, *COSTS)
_ABSENT = "not there"
_TOLD_ELSEWHERE = ("codecs", "metrics", "define.codecs")  # keys of a config whose differences have a kind of their own


@dataclass(frozen=True)
class Finished:
    """A finished study: its folder, the rows of its tables, and what its provenance tells."""

    folder: Path
    rows: Sequence[Mapping[str, str]]
    codecs: Mapping[str, Mapping[str, str]]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def metrics(self) -> list[str]:
        """The metrics of its rows, in the order of the table."""
        return [column for column in self.rows[0] if column in registry.REGISTRY]

    @cached_property
    def images(self) -> dict[tuple[str, str], tuple[str, str]]:
        """The size of each image, by (image set, image), and the sha256 of its file, empty if nothing tells it."""
        described = {}
        for row in self.rows:
            key = row["image_set"], row["image"]
            if key not in described:
                file = self.original(*key)
                recorded = self.provenance.get("images", {}).get(key[0], {}).get(key[1])
                digest = recorded or (readers.sha256(file) if file.is_file() else "")
                described[key] = f"{row['width']}x{row['height']}", str(digest)
        return described

    def facts(self, kind: str) -> dict[tuple[str, str], str]:
        """What its provenance records of a kind (config, code, package, lock, machine), by (codec, name)."""
        if kind == "config":
            return {("", key): value for key, value in _flat(self.provenance.get("config", {}))}
        if kind == "code":
            stages = self.provenance.get("code", {})
            hashes = {
                (codec, f"{name} (hash)"): str(value) for codec, one in stages.items() for name, value in one.items()
            }
            return hashes | {("", "score (hash)"): str(self.provenance.get("scoring"))} if hashes else {}
        kept = self.provenance.get({"package": "packages", "lock": "locks"}.get(kind, kind), {})
        return {("", name): str(value) for name, value in kept.items()}

    @cached_property
    def qualities(self) -> dict[str, list[str]]:
        """The qualities of each codec, as text, in the order of its rows."""
        by_codec: dict[str, dict[str, None]] = {name: {} for name in self.codecs}
        for row in self.rows:
            by_codec[row["codec"]][row["quality"]] = None
        return {name: list(some) for name, some in by_codec.items()}

    def original(self, image_set: str, image: str) -> Path:
        """The file of an original image in the study's folder."""
        return self.folder / FILES / "original" / image_set / f"{image}.png"


def finished(given: str, parent: Path = Path()) -> Finished:
    """The study that a name, a config (`….yaml`) or a folder means; names and configs are looked up below `parent`.

    A folder is that of a study (`…/results/studies/<name>`), a results folder or a checkout with one finished study.
    Raises StudyError, which says what was found and what is allowed.
    """
    return read(_folder(given, parent))


def read(folder: Path) -> Finished:
    """The study of a folder. Raises StudyError for tables that are missing, empty, or lack columns."""
    rows = readers.table(folder / "rd.csv", "a finished study")
    if not rows:
        raise StudyError(f"{folder / 'rd.csv'} has no rows: the study has no cells, so there is nothing to compare")
    for column in _NEEDED:
        if column not in rows[0]:
            raise StudyError(f"{folder / 'rd.csv'} has no column {column!r}; {allowed(column, rows[0])}")
    numeric = ["width", "height", "bytes", *RATES, *(name for name in rows[0] if name in registry.REGISTRY)]
    for row in rows:
        if None in row.values() or None in row:
            raise StudyError(f"{folder / 'rd.csv'} has a row that is cut short or too long; run the study again")
        outcome.check(row, folder / "rd.csv")
        for column in numeric:
            _check_number(row[column], column, folder / "rd.csv")
    listed = readers.table(folder / "codecs.csv", "a finished study")
    codecs = {row.get("codec", ""): row for row in listed}
    if lost := next((row["codec"] for row in rows if row["codec"] not in codecs), None):
        raise StudyError(f"{folder / 'codecs.csv'} lacks the codec {lost!r} of rd.csv; run the study again")
    return Finished(folder, rows, codecs, _provenance(folder / "provenance.json"))


def differences(a: Finished, b: Finished) -> list[dict[str, str]]:
    """What differs between two studies, `DIFFERENCES`: its kind, of which codec or image set, its name, both values.

    Config, code, packages and the machine are those that gathered the tables; encoders' versions are those that cells
    recorded.
    """
    listed = list(_one_only("codec", a.codecs, b.codecs))
    for codec in shared(a.codecs, b.codecs):
        listed += _codec(codec, a, b)
    listed += _one_only("metric", a.metrics, b.metrics)
    same = shared_images(a, b)
    for key in dict.fromkeys([*a.images, *b.images]):
        if key not in same:
            cells = [_content(*study.images[key]) if key in study.images else _ABSENT for study in (a, b)]
            listed.append({"kind": "image", "of": key[0], "name": key[1], "a": cells[0], "b": cells[1]})
    for kind in ("config", "code", "package", "lock", "machine"):
        facts = [study.facts(kind) for study in (a, b)]
        if not all(facts):  # of a version that didn't record it, so that nobody can tell
            cells = ["recorded" if recorded else "not recorded" for recorded in facts]
            listed.append({"kind": kind, "of": "", "name": "all", "a": cells[0], "b": cells[1]})
            continue
        for (codec, name), x, y in _values(*facts):
            if not codec or {codec} <= {*a.codecs} & {*b.codecs}:
                listed.append({"kind": kind, "of": codec, "name": name, "a": x, "b": y})
    return listed


def shared(a: Iterable[Any], b: Iterable[Any]) -> list[Any]:
    """What both have, in the order of the first."""
    return [name for name in a if name in set(b)]


def shared_images(a: Finished, b: Finished) -> dict[tuple[str, str], None]:
    """The images, (image set, image), that both studies have with the same content."""
    return dict.fromkeys(key for key in a.images if key in b.images and _same(key, a, b))


def _folder(given: str, parent: Path) -> Path:
    if given.endswith((".yaml", ".yml")):
        name = str(readers.read_yaml(given).get("study", ""))
        folder = Path(results.study(name, parent / results.FOLDER))
        if not name or not (folder / "rd.csv").is_file():
            raise StudyError(f"{given} is the study {name!r}, which has no {folder / 'rd.csv'}; run it first")
        return folder
    path = Path(given)
    if not path.is_dir():
        named = Path(results.study(given, parent / results.FOLDER))
        if (named / "rd.csv").is_file():
            return named
        if "/" in given:
            raise StudyError(f"there is no folder {given}; allowed: a finished study's name, config or folder")
        known = [one.name for one in _studies(named.parent)]
        names = f"{allowed(given, known)}, or" if known else "there is none; allowed:"
        raise StudyError(
            f"{given!r} is neither a folder nor a finished study of {named.parent}; {names} a study's config or folder"
        )
    if (path / "rd.csv").is_file():
        return path
    known_folders = [one for folder in ("studies", f"{results.FOLDER}/studies") for one in _studies(path / folder)]
    if len(known_folders) == 1:
        return known_folders[0]
    if not known_folders:
        raise StudyError(
            f"{path} has no rd.csv, and no finished study in studies/; allowed: the folder of a finished study "
            "(results/studies/<name>), or a results folder or checkout with one"
        )
    raise StudyError(f"{path} has several studies; name one: {', '.join(map(str, known_folders))}")


def _studies(folder: Path) -> list[Path]:
    return sorted(file.parent for file in folder.glob("*/rd.csv"))


def _check_number(text: str, column: str, path: Path) -> None:
    try:
        float(text or 0)
    except ValueError:
        raise StudyError(
            f"{path} has {text!r} in column {column}, where a number belongs; run the study again"
        ) from None


def _provenance(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; a finished study has it") from None
    except ValueError as error:
        raise StudyError(f"{path} is not valid JSON: {error}; run the study again") from None
    objects = ("packages", "machine", "images", "config", "code", "locks")
    nested = ("images", "code")  # of objects
    if not isinstance(content, dict):
        wrong = list(objects)
    else:
        wrong = [key for key in objects if not isinstance(content.get(key, {}), dict)]
        for key in set(nested) - set(wrong):
            wrong += [f"{key}.{name}" for name, one in content.get(key, {}).items() if not isinstance(one, dict)]
    if wrong:
        raise StudyError(
            f"{path} must be an object with the objects {', '.join(map(repr, wrong))}; run the study again"
        )
    return content


def _same(key: tuple[str, str], a: Finished, b: Finished) -> bool:
    """Whether an image of both has the same content, as far as their folders tell."""
    (size, digest), (other_size, other_digest) = a.images[key], b.images[key]
    if size != other_size or digest == other_digest or not (digest and other_digest):
        return size == other_size
    one, other = a.original(*key), b.original(*key)
    return one.is_file() and other.is_file() and np.array_equal(png.read(one), png.read(other))


def _content(size: str, digest: str) -> str:
    return f"{size}, sha256 {digest[:16]}" if digest else size


def _flat(config: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """The keys of a config, joined by dots, with their values as JSON."""
    for name, value in config.items():
        key = f"{within}.{name}" if within else str(name)
        if key in _TOLD_ELSEWHERE:
            continue
        if isinstance(value, dict) and value:
            yield from _flat(value, key)
        else:
            yield key, json.dumps(value, ensure_ascii=False)


def _one_only(kind: str, a: Iterable[str], b: Iterable[str]) -> Iterator[dict[str, str]]:
    there = [list(a), list(b)]
    for name in dict.fromkeys([*there[0], *there[1]]):
        if not all(name in names for names in there):
            cells = [name if name in names else _ABSENT for names in there]
            yield {"kind": kind, "of": "", "name": name, "a": cells[0], "b": cells[1]}


def _codec(codec: str, a: Finished, b: Finished) -> Iterator[dict[str, str]]:
    """What differs in one codec: its entry, each of its settings, its qualities."""
    entries = [study.codecs[codec] for study in (a, b)]
    values = [{name: entry.get(name, "") for name in ENTRY} for entry in entries]
    for facts, entry, study in zip(values, entries, (a, b)):
        facts |= {f"setting {name}": value for name, value in _settings(entry.get("settings", "")).items()}
        facts["qualities"] = ", ".join(study.qualities[codec])
    for name, x, y in _values(*values):
        yield {"kind": "codec", "of": codec, "name": name, "a": x, "b": y}


def _settings(text: str) -> dict[str, str]:
    """The settings of a row of codecs.csv by name; those of cells that differ among each other as one text."""
    try:
        content = json.loads(text or "{}")
    except ValueError:
        return {"of cells": text}
    return {name: json.dumps(value) for name, value in content.items()} if isinstance(content, dict) else {"": text}


def _values(a: Mapping[Any, object], b: Mapping[Any, object]) -> Iterator[tuple[Any, str, str]]:
    """Keys whose values differ, with both."""
    for key in dict.fromkeys([*a, *b]):
        first, second = (str(values[key]) if key in values else _ABSENT for values in (a, b))
        if first != second:
            yield key, first, second
