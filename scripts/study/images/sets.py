"""Image sets: what a set's entry in the catalogue (`images.yaml`) means, its images' names, and making its files.

An entry has one of three forms:

- `images`: a mapping from image name to source: a `url` or a `package` file, with its sha256. A `url` or `package` of
  the set itself holds for every image, with `{image}` for the name; then a source may be the sha256 alone.
- `folder`: every image file of a local folder, or those that match the pattern `files` (`*.png`, say). A relative
  folder is relative to the working folder, or else to the repository. Subfolders are not entered and files whose name
  begins with a dot don't count; anything else in the folder that is no image is an error, never passed over.
- `of`: the images of another set.

`crop: n` at a set takes the n by n pixels in the middle of each image, after `reduce`; images of fewer are refused.

`only`, a list of names, picks images from any of them, and `skip` leaves the named ones out. `licence`, `credit` and
`was_jpeg` may stand at the set or at an image; they go into the set's record. So may `reduce: n`: the image is made n
times smaller in both directions by Pillow's Lanczos filter (antialiased, on R'G'B' samples; columns and rows that n
doesn't divide are cut at the right and at the bottom), which takes away the grid and the quantised coefficients of a
JPEG; the record has the factor, and `was_jpeg` is then `reduced` unless it was stated `false`.

An image's name is its file's stem: letters, digits, `.`, `_` and `-`, beginning with a letter, a digit or `_`.
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from study.core import atomic_io, paths, readers
from study.core.errors import ImageError, StudyError, allowed
from study.images import cache as images_cache
from study.images.http import PATIENT, Patience

COLUMNS = ("image", "file", "width", "height", "sha256", "source", "licence", "credit")
COLUMNS += ("was_jpeg", "reduce", "trained_on", "note", "generation")
EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".pbm", ".pnm")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_PART = re.compile(r"@[1-9][0-9]{0,8}$")  # of a set that is cut, `photos@2`
_NAME_RULE = "allowed: at most 100 letters, digits, '.', '_' and '-', beginning with a letter, a digit or '_'"
_ABOUT = ("licence", "credit", "was_jpeg", "reduce", "crop")
_WAS_JPEG = {True: "yes", False: "no", "unknown": "unknown"}


def resolved(entry: Mapping, catalogue: Mapping[str, Mapping] | None = None) -> dict:
    """The spec of a set: its entry with `of`, `only`, templates and what stands at the set itself worked in.

    A spec is plain data (JSON) that means the same without the catalogue, and is an entry itself. It has `images`
    or `folder` (then `only`, too), leaves out the description, and lists under `parents` the sets that it is part of.
    `catalogue` maps ids to entries. Raises StudyError for an entry that means nothing.
    """
    forms = [key for key in ("of", "folder", "images") if key in entry]
    if len(forms) != 1:
        raise StudyError(
            f"an image set needs `images`, `folder` or `of`, one of them; found {' and '.join(forms) or 'none'}"
        )
    if "of" in entry:
        spec = _parent(entry["of"], catalogue or {})
        spec = _cropped(spec, entry["crop"]) if "crop" in entry else spec
    elif "folder" in entry:
        spec = {key: entry[key] for key in ("folder", "files", "parents", *_ABOUT) if key in entry}
    else:
        spec = {"images": {image: _source(entry, image, given) for image, given in entry["images"].items()}}
        spec |= {key: entry[key] for key in ("parents",) if key in entry}
    spec = _subset(spec, entry["only"]) if "only" in entry else spec
    return _without(spec, entry["skip"]) if "skip" in entry else spec


def names(entry: Mapping, catalogue: Mapping[str, Mapping] | None = None) -> list[str]:
    """The names of a set's images: as listed, or sorted for a whole folder. Opens no image.

    Raises StudyError as `resolved`, and for a missing or empty folder or files in it that are no images.
    """
    spec = resolved(entry, catalogue)
    return list(_files(spec)) if "folder" in spec else list(spec["images"])


def sources(entry: Mapping, catalogue: Mapping[str, Mapping] | None = None) -> list[str]:
    """The local files of a set with a folder, in the order of `names`; none for packages and URLs.

    A relative folder gives paths relative to the working directory. Raises StudyError as `names`.
    """
    spec = resolved(entry, catalogue)
    if "folder" not in spec:
        return []
    absolute = Path(spec["folder"]).expanduser().is_absolute()
    return [str(path) if absolute else os.path.relpath(path) for path in _files(spec).values()]


def kind(entry: Mapping, catalogue: Mapping[str, Mapping] | None = None) -> str:
    """Where a set comes from: `folder`, `url` (an image of it at least) or `package`."""
    spec = resolved(entry, catalogue)
    if "folder" in spec:
        return "folder"
    return "url" if any("url" in source for source in spec["images"].values()) else "package"


def make(
    name: str,
    entry: Mapping,
    record: str | Path,
    *,
    catalogue: Mapping[str, Mapping] | None = None,
    mirror: str | Path | None = None,
    cache: str | Path | None = None,
    generation: int = 0,
    trained_on: Collection[str] = (),
    patience: Patience = PATIENT,
    tell: Callable[[str], None] = images_cache.on_stderr,
) -> list[dict[str, object]]:
    """Write a set's images as <image>.png beside `record`, then the record (CSV, `COLUMNS`); return its rows.

    `name` is the set's id, `generation` counts how often lost files were made again, `trained_on` are the digests
    (`png.digest`) of photos that codecs were trained on: an image that is one of them, or was before it was reduced, is
    marked `yes` in the column of this name. The other arguments are those of `fetch.fetch`. Raises StudyError that
    names every image refused, or the downloads missing; no record is left then.
    """
    from study.images import png  # Pillow and NumPy, which listing a set does not need

    if not _NAME.fullmatch(_PART.sub("", name)):
        raise StudyError(f"image set {name!r}: this id is not fit for a folder; {_NAME_RULE}")
    spec, record = resolved(entry, catalogue), Path(record)
    folders = [*reversed(spec.get("parents", [])), name, ""]

    def local(source: Mapping) -> Path:
        if "url" not in source:
            return _package_file(source["package"])
        file = PurePosixPath(urlsplit(source["url"]).path).name
        candidates = [str(PurePosixPath(folder, file)) for folder in folders if file]
        url, sha256 = source["url"], source.get("sha256")
        return images_cache.local_copy(
            url, sha256, mirror=mirror, cache=cache, names=candidates, patience=patience, tell=tell
        )

    rows, refused = [], []
    _write(lambda path, _: path.unlink(missing_ok=True), record, None)
    for image, source, path in _located(name, spec, local):
        try:
            photo = png.normalise(_verified(path, source.get("sha256")))
            was_jpeg = _was_jpeg(source.get("was_jpeg"), photo.jpeg)
            factor = source.get("reduce", 1)
            rgb = png.cropped(png.reduced(photo.rgb, factor), source.get("crop"))
        except (ImageError, OSError) as error:
            refused.append(f"{_shown(path.name)}: {getattr(error, 'strerror', None) or error}")
            continue
        notes = list(photo.notes)
        if "crop" in source:
            notes.append(f"the {source['crop']}x{source['crop']} pixels in the middle")
        if photo.unchecked and not source.get("sha256"):
            notes.append(f"{photo.unchecked} has no check values: damage in the file can't be told")
        for note in notes:
            tell(f"image set {name}: {_shown(path.name)}: {note}")
        if "url" in source and "sha256" not in source:
            tell(f"image set {name}: {image} has no sha256 in its entry; that of its file is {readers.sha256(path)}")
        file = record.with_name(f"{image}.png")
        height, width, _ = rgb.shape
        _write(png.write, file, rgb)
        row = {"image": image, "file": file.name, "width": width, "height": height, "sha256": readers.sha256(file)}
        row |= {"source": source.get("url") or source.get("package") or f"{spec['folder']}/{path.name}"}
        row |= {"licence": source.get("licence", ""), "credit": source.get("credit", "")}
        row |= {"was_jpeg": "reduced" if factor > 1 and was_jpeg != "no" else was_jpeg, "reduce": factor}
        taught = {png.digest(pixels) for pixels in (photo.rgb, rgb)} & set(trained_on) if trained_on else None
        row |= {"trained_on": "yes" if taught else "no"}
        if taught:
            tell(f"image set {name}: {image} is a photo that the bundled codecs were trained on: no test of them")
        rows.append(row | {"note": "; ".join(notes), "generation": generation})
    if refused:
        total = len(refused) + len(rows)
        lines = [f"image set {name}: {len(refused)} of {total} images are refused:", *refused]
        raise ImageError("\n  ".join([*lines, "Mend them, or leave them out: `skip: [name, …]` in the set's entry"]))
    _write(lambda path, rows: atomic_io.write_rows(path, COLUMNS, rows), record, rows)
    return rows


def _parent(parent: str, catalogue: Mapping[str, Mapping]) -> dict:
    """The spec of the set that another is part of."""
    if parent not in catalogue:
        raise StudyError(f"of: the image set {parent!r} is unknown; {allowed(parent, catalogue)}")
    rest = {name: entry for name, entry in catalogue.items() if name != parent}  # so that no set is part of itself
    spec = resolved(catalogue[parent], rest)
    return {**spec, "parents": [parent, *spec.get("parents", [])]}


def _cropped(spec: Mapping, side: int) -> dict:
    """The spec of a set with another crop."""
    if "folder" in spec:
        return {**spec, "crop": side}
    return {**spec, "images": {image: {**source, "crop": side} for image, source in spec["images"].items()}}


def _source(entry: Mapping, image: object, given: object) -> dict:
    """The source of one image of a mapping, complete."""
    if not _NAME.fullmatch(str(image)):
        raise StudyError(f"images: {image!r} is no name for an image; {_NAME_RULE}")
    given = {"sha256": given} if isinstance(given, str) else dict(given or {})
    forms = [form for form in ("url", "package") if form in given] or [f for f in ("url", "package") if f in entry]
    if len(forms) != 1:
        raise StudyError(f"images: {image} needs a `url` or a `package`, one of them, at the image or at the set")
    form = forms[0]
    if form == "package" and "sha256" not in given:
        raise StudyError(f"images: {image} needs the `sha256` of its file in the package")
    template = {form: str(entry[form]).replace("{image}", str(image))} if form in entry else {}
    return {key: entry[key] for key in _ABOUT if key in entry} | template | given


def _subset(spec: Mapping, only: Iterable[str]) -> dict:
    """The spec of some images of a set, in the order given."""
    only = list(only)
    known = _listed(spec) if "folder" in spec else spec["images"]
    for image in only:
        if image not in known:
            raise StudyError(f"only: the set has no image {image!r}; {allowed(image, known)}")
    if not only or len(set(only)) < len(only):
        raise StudyError(f"only: must name at least one image, each once; found {only}")
    if "folder" in spec:
        return {**spec, "only": only}
    return {**spec, "images": {image: spec["images"][image] for image in only}}


def _without(spec: Mapping, skip: Iterable[str]) -> dict:
    """The spec of a set without some of its images."""
    skip = list(skip)
    known = list(spec.get("only", _listed(spec))) if "folder" in spec else list(spec["images"])
    for image in skip:
        if image not in known:
            raise StudyError(f"skip: the set has no image {image!r}; {allowed(image, known)}")
    rest = [image for image in known if image not in skip]
    if not rest:
        raise StudyError("skip: it leaves no image of the set")
    return _subset(spec, rest)


def _listed(spec: Mapping) -> Mapping[str, str]:
    """The names of the image files in a set's folder by image name."""
    folder = _folder(spec)
    try:
        return _listing(folder, spec.get("files"), folder.stat().st_mtime_ns)
    except OSError as error:
        raise StudyError(f"folder {_shown(folder)}: {error.strerror}; it must be a folder of images") from error


@lru_cache
def _listing(folder: Path, pattern: str | None, _changed: int) -> Mapping[str, str]:
    """A folder's image files; kept as long as the folder doesn't change, since every part of a set asks for them."""
    with os.scandir(folder) as entries:
        here = sorted((entry.name, entry.is_file()) for entry in entries if not entry.name.startswith("."))
    here = [(name, is_file) for name, is_file in here if fnmatch.fnmatchcase(name, pattern or "*")]
    odd = [name for name, is_file in here if not is_file or Path(name).suffix.lower() not in EXTENSIONS]
    if odd:
        raise StudyError(
            f"folder {_shown(folder)} holds what is no image file: {_some(odd)}; move it, or name the images "
            f"by a pattern, such as `files: '*.png'`; taken: {' '.join(EXTENSIONS)}"
        )
    if not here:
        match = f" that matches {pattern!r}" if pattern else ""
        raise StudyError(f"folder {_shown(folder)} has no image file{match}; taken: {' '.join(EXTENSIONS)}")
    return _by_name(folder, [name for name, _ in here])


def _by_name(folder: Path, file_names: list[str]) -> dict[str, str]:
    unfit = [name for name in file_names if not _NAME.fullmatch(Path(name).stem)]
    if unfit:
        raise StudyError(f"folder {_shown(folder)}: rename {_some(unfit)}; {_NAME_RULE}")
    twins: dict[str, list[str]] = {}
    for name in file_names:
        twins.setdefault(Path(name).stem.lower(), []).append(name)
    for same in twins.values():
        if len(same) > 1:
            raise StudyError(
                f"folder {_shown(folder)}: {' and '.join(same)} would be one image; rename one, or name the images "
                "by a pattern, such as `files: '*.png'`"
            )
    return {Path(name).stem: name for name in file_names}


def _files(spec: Mapping) -> dict[str, Path]:
    """The image files of a set with a folder by image name: those of `only`, or all."""
    folder, by_name = _folder(spec), _listed(spec)
    missing = [image for image in spec.get("only", []) if image not in by_name]
    if missing:
        raise StudyError(f"folder {_shown(folder)} has no image {missing[0]!r}; {allowed(missing[0], by_name)}")
    return {image: folder / by_name[image] for image in spec.get("only", by_name)}


def _folder(spec: Mapping) -> Path:
    odd = sorted({character for character in "{}\0" if character in spec["folder"]})
    if odd:  # Snakemake would take {x} for a wildcard
        raise StudyError(
            f"folder {spec['folder']!r}: {' and '.join(map(repr, odd))} can't stand in its path; rename it, or put a "
            "link to it elsewhere"
        )
    return paths.resolved(spec["folder"])


def _located(name: str, spec: Mapping, local: Callable[[Mapping], Path]) -> Iterator[tuple[str, Mapping, Path]]:
    """Each image, its source as in a spec, and its local file."""
    if "folder" in spec:
        about = {key: spec[key] for key in _ABOUT if key in spec}
        for image, path in _files(spec).items():
            yield image, about, path
        return
    waiting = dict(spec["images"])
    for image, source in spec["images"].items():
        del waiting[image]
        try:
            path = local(source)
        except StudyError as error:
            rest = [other["url"] for other in waiting.values() if "url" in other]
            reason, _, advice = str(error).partition("\n")
            more = ["  Of the same set, not tried yet:", *(f"  {url}" for url in rest)] if rest else []
            raise StudyError("\n".join([f"image set {name}: {reason}", *more, advice]).rstrip()) from error
        yield image, source, path


def _package_file(package: str) -> Path:
    """The file of an installed Python package, named as <package>/<path in it>."""
    top, _, inner = package.partition("/")
    spec = importlib.util.find_spec(top) if top.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise StudyError(f"source {package!r}: there is no Python package {top!r} here; install it")
    folder = Path(spec.submodule_search_locations[0]).resolve()
    path = (folder / inner).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise StudyError(f"source {package!r}: the installed package {top} has no such file")
    return path


def _verified(path: Path, sha256: str | None) -> bytes:
    from study.images import png

    png.check_size(path.stat().st_size)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if not digest.startswith((sha256 or "").lower()):
        raise ImageError(f"it has sha256 {digest}, not {sha256}: another version of the image")
    return data


def _was_jpeg(stated: object, jpeg: bool) -> str:
    if jpeg and stated is False:
        raise ImageError("it is a JPEG file, and its entry says `was_jpeg: false`")
    return "yes" if jpeg else _WAS_JPEG[stated if stated is not None else "unknown"]


def _write(write: Callable, path: Path, content: object) -> None:
    try:
        write(path, content)
    except OSError as error:
        raise StudyError(
            f"can't write {path}: {error.strerror or error}; free some space or correct the rights"
        ) from error


def _some(file_names: list[str]) -> str:
    more = f" and {len(file_names) - 10} more" if len(file_names) > 10 else ""
    return ", ".join(_shown(name) for name in file_names[:10]) + more


def _shown(name: str | Path) -> str:
    """A file name as it is, or quoted and escaped where it has other than plain characters."""
    return str(name) if re.fullmatch(r"[\w./~+@%:,=-]+", str(name)) and str(name)[0] != "-" else repr(str(name))
