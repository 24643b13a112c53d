"""Two things of a study that would share a path below the folder of results: refused, since one would be the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


def problems(codecs: Mapping[str, Iterable[object]], image_sets: Iterable[str]) -> Iterator[str]:
    """A sentence for each group of codecs, qualities of a codec or image sets that would have one folder.

    Names that differ in capitals alone share one on the file systems of macOS and Windows.
    """
    for same in _sharing(codecs):
        yield f"codecs: {' and '.join(map(repr, same))} would share a folder; rename all but one"
    for same in _sharing(image_sets):
        yield f"images: {' and '.join(map(repr, same))} would share a folder; rename all but one"
    for name, qualities in codecs.items():
        for same in _sharing(qualities):
            yield f"codecs.{name}: the qualities {' and '.join(map(repr, same))} would share a folder; keep one"


def _sharing(names: Iterable[object]) -> list[list[object]]:
    groups: dict[str, list[object]] = {}
    for name in names:
        groups.setdefault(str(name).lower(), []).append(name)
    return [same for same in groups.values() if len(same) > 1]
