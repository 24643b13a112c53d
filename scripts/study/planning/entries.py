"""What the ids of a study mean, from the catalogues and from the study itself, as typed objects.

They have the fields and defaults of rules/schema.yaml, which a test holds them to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from study.codecs import registry, targeted
from study.codecs.registry import CodecSpec
from study.core import paths, results, typed
from study.core.errors import StudyError
from study.images import sets
from study.planning import catalogue

Entry = TypeVar("Entry")
Quality = int | float | str


@dataclass(frozen=True)
class TargetValues:
    """Values of a metric, or of a rate, that each image is to reach but for the tolerance."""

    metric: str
    values: list[float]
    tolerance: float = targeted.TOLERANCE

    def all(self) -> list[targeted.Target]:
        """The targets, in the order given."""
        return [targeted.Target(self.metric, value, self.tolerance) for value in self.values]


@dataclass(frozen=True)
class Targets:
    """What a study says of a codec instead of qualities."""

    target: TargetValues


Chosen = str | list[Quality] | Targets


@dataclass(frozen=True, kw_only=True)
class CodecEntry(CodecSpec):
    """What a codec's id means: its specification, how it is shown, and the qualities that `all` stands for.

    `published`: ids of curves in references/curves.csv, each with how its points correspond to the codec's (`quality`
    or `rate`).
    """

    label: str
    family: str
    parameter: str
    qualities: list[Quality]
    published: dict[str, str] = field(default_factory=dict)

    def chosen(self, qualities: Chosen) -> list[Quality]:
        """The qualities that a study runs, in the order given: those listed, or the entry's own for `all`.

        Targets are qualities by their labels.
        """
        if isinstance(qualities, Targets):
            return [target.label for target in qualities.target.all()]
        return list(self.qualities) if isinstance(qualities, str) else list(qualities)


@dataclass(frozen=True)
class ImageSource:
    """Where one image comes from, a URL or a file of an installed package, and whose it is."""

    url: str | None = None
    package: str | None = None
    sha256: str | None = None
    licence: str | None = None
    credit: str | None = None
    was_jpeg: bool | str | None = None
    reduce: int | None = None
    crop: int | None = None


@dataclass(frozen=True)
class ImageSetEntry:
    """What an image set's id means; `study.images.sets` explains the forms of an entry."""

    description: str | None = None
    images: dict[str, str | ImageSource] | None = None
    url: str | None = None
    package: str | None = None
    folder: str | None = None
    files: str | None = None
    of: str | None = None
    only: list[str] | None = None
    skip: list[str] | None = None
    licence: str | None = None
    credit: str | None = None
    was_jpeg: bool | str | None = None
    reduce: int | None = None
    crop: int | None = None
    tags: dict[str, list[str]] | None = None


def codecs(own: Mapping[str, CodecEntry] | None = None) -> dict[str, CodecEntry]:
    """Every codec's entry by id: those of `catalogue/codecs.yaml` and a study's `own`.

    Raises StudyError for an id of the catalogue that the study gives another meaning.
    """
    shared = {name: typed.built(CodecEntry, entry, f"codec {name}") for name, entry in catalogue.read("codecs").items()}
    return with_own(shared, own or {}, "codec")


def check_codec(name: str, quality: Quality, entry: CodecEntry) -> None:
    """Raises StudyError for a codec that can't be at a quality, or whose weights there are a file that isn't there.

    Files of weights that a job makes or downloads need not be there.
    """
    registry.load(name, quality, entry)  # type: ignore[arg-type]
    source = registry.backend(entry.backend, entry.settings).weights_source(entry.settings, quality)  # type: ignore[arg-type]
    path = source and source.path
    if path and not path.startswith(f"{results.FOLDER}/") and not paths.resolved(path).is_file():
        advice = "correct the path, which is relative to the working folder or the repository"
        if entry.qualities and quality not in entry.qualities:
            advice = f"it has weights for the qualities {', '.join(map(str, entry.qualities))}"
        raise StudyError(
            f"codec {name}: at quality {quality} its weights are the file {path}, which isn't there; {advice}"
        )


def image_sets(own: Mapping[str, ImageSetEntry] | None = None) -> dict[str, ImageSetEntry]:
    """Every image set's entry by id: those of `catalogue/images.yaml` and a study's `own`. Raises as `codecs`."""
    shared = {
        name: typed.built(ImageSetEntry, entry, f"image set {name}") for name, entry in catalogue.read("images").items()
    }
    return with_own(shared, own or {}, "image set")


def image_spec(name: str, known: Mapping[str, ImageSetEntry]) -> dict[str, Any]:
    """The specification (JSON) of an image set among those `known`, as jobs get it: see `images.sets.resolved`.

    Raises StudyError for an entry that means nothing.
    """
    above: dict[str, dict[str, Any]] = {}  # the sets that it is part of, the nearest first
    parent = known[name].of
    while parent in known and parent not in above:
        above[parent] = typed.plain(known[parent])
        parent = known[parent].of
    return sets.resolved(typed.plain(known[name]), {**{key: {} for key in known}, **above})  # all ids, for messages


def tags(name: str, known: Mapping[str, ImageSetEntry]) -> dict[str, list[str]]:
    """The images of a set that bear each tag, by tag: those that its own entry names, else those of its parent."""
    seen: set[str] = set()
    while name in known and name not in seen:
        seen.add(name)
        if known[name].tags is not None or known[name].of is None:
            return known[name].tags or {}
        name = str(known[name].of)
    return {}


def with_own(shared: dict[str, Entry], own: Mapping[str, Entry], kind: str) -> dict[str, Entry]:
    """The entries of a catalogue and a study's own. Raises StudyError for an id with two meanings."""
    for name in own:
        if name in shared and own[name] != shared[name]:
            raise StudyError(
                f"define: {kind} {name!r} is in the catalogue already, and an id means one thing; choose another id"
            )
    return {**shared, **own}
