"""The experiments of a config's `latents`: what is edited, on which images, with which codecs, and what is drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from study.codecs import base
from study.codecs import registry as codec_registry
from study.core import paths, readers
from study.core.errors import CodecError, StudyError, allowed
from study.images import sets
from study.latents import edits
from study.planning.entries import CodecEntry, ImageSetEntry, check_codec, image_spec
from study.planning.latents import figure_choice
from study.planning.study import Experiment, Quality, Study


class Edited(NamedTuple):
    """A job of an experiment: one part of an image set with one codec at one quality."""

    experiment: str
    image_set: str
    part: str
    codec: str
    quality: str

    @property
    def path(self) -> str:
        """Where the job's results lie below its experiment."""
        return f"{self.part}/{self.codec}/{self.quality}"


def include(config: dict) -> Iterator[str]:
    """Put the groups of catalogue/edits.yaml that experiments include before their own edits; yield what is wrong.

    `config` is one that the schema has accepted.
    """
    for name, experiment in config.get("latents", {}).items():
        groups = readers.read_yaml(paths.CATALOGUE / "edits.yaml") if experiment.get("include") else {}
        own = experiment.get("edits", {})
        included: dict[str, object] = {}
        for group in experiment.get("include", []):
            if group not in groups:
                yield f"latents.{name}.include: the group {group!r} is unknown; {allowed(group, groups)}"
            for edit, data in groups.get(group, {}).items():
                if edit in included or edit in own:
                    yield f"latents.{name}: the edit {edit!r} of the group {group} is there twice; rename one"
                included[edit] = data
        experiment["edits"] = {**included, **own}


def parse_edits(config: dict) -> tuple[list[str], set[str]]:
    """Replace the edits of a config's experiments by what they mean, leaving out those that mean nothing.

    What is wrong with these, and the experiments that they are of.
    """
    problems, unsound = [], set()
    for name, experiment in config.get("latents", {}).items():
        sound = {}
        for edit, data in experiment["edits"].items():
            where = f"latents.{name}.edits.{edit}"
            try:
                sound[edit] = edits.parsed(data)
            except CodecError as error:
                problems.append(f"{where}: {error}")
                unsound.add(name)
            if edit == edits.BASELINE:
                problems.append(f"{where}: this name is taken by the baseline, which is always there")
        experiment["edits"] = sound
    return problems, unsound


def problems(
    study: Study,
    known_codecs: Mapping[str, CodecEntry],
    known_sets: Mapping[str, ImageSetEntry],
    unsound: Collection[str],
) -> Iterator[str]:
    """What is wrong with the experiments of a study; figures of those that are `unsound` aren't looked at."""
    for name, experiment in study.latents.items():
        where = f"latents.{name}"
        for image_set in experiment.images:
            yield from _set_problems(f"{where}.images", image_set, known_sets)
        for codec, chosen in experiment.codecs.items():
            yield from _codec_problems(f"{where}.codecs.{codec}", codec, chosen, experiment, known_codecs)
        yield from _image_problems(where, experiment, known_sets)
        if name not in unsound:
            yield from figure_choice.problems(where, experiment)


def channels(entry: CodecEntry, quality: Quality) -> dict[str, int] | None:
    """The channels of a learned codec's latents at a quality, None if they aren't known without its weights."""
    return codec_registry.backend(entry.backend, entry.settings).latent_channels(entry.settings, quality)


def _set_problems(where: str, image_set: str, known_sets: Mapping[str, ImageSetEntry]) -> Iterator[str]:
    if image_set not in known_sets:
        yield f"{where}: the image set {image_set!r} is unknown; {allowed(image_set, known_sets)}"
        return
    try:
        sets.names(image_spec(image_set, known_sets))
    except StudyError as error:
        yield f"{where}: {image_set}: {error}"


def _codec_problems(
    where: str, codec: str, chosen: str | list[Quality], experiment: Experiment, known_codecs: Mapping[str, CodecEntry]
) -> Iterator[str]:
    if codec not in known_codecs:
        yield f"{where}: this codec is unknown; {allowed(codec, known_codecs)}"
        return
    entry = known_codecs[codec]
    if not _is_learned(entry):
        learned = [name for name, known in known_codecs.items() if _is_learned(known)]
        yield f"{where}: this codec has no latent to edit; {allowed(codec, learned)}"
        return
    for quality in entry.chosen(chosen):
        try:
            check_codec(codec, quality, entry)
            counts = channels(entry, quality)
        except StudyError as error:
            yield f"{where}: {error}"
            return
        if counts is not None:
            for name, edit in experiment.edits.items():
                for problem in edits.problems(edit, counts):
                    yield f"{where}: edit {name} at quality {quality}: {problem}"


def _is_learned(entry: CodecEntry) -> bool:
    return issubclass(codec_registry.backend(entry.backend, entry.settings), base.LearnedCodec)


def _image_problems(where: str, experiment: Experiment, known_sets: Mapping[str, ImageSetEntry]) -> Iterator[str]:
    """What is wrong with the image sets and images that edits ask for."""
    for image_set in edits.sets_needed(experiment.edits):
        yield from _set_problems(f"{where}.edits", image_set, known_sets)
    own = {image for name in experiment.images if name in known_sets for image in _names(name, known_sets)}
    for name, edit in experiment.edits.items():
        for step in edit.steps:
            wanted, image_set = step.parameters.get("image"), step.parameters.get("set")
            known = own if image_set is None else set(_names(image_set, known_sets))
            for image in [] if wanted is None else wanted if isinstance(wanted, list) else [wanted]:
                if image not in known:
                    yield f"{where}.edits.{name}: the image {image!r} is unknown; {allowed(image, sorted(known))}"


def _names(image_set: str, known_sets: Mapping[str, ImageSetEntry]) -> list[str]:
    try:
        return sets.names(image_spec(image_set, known_sets))
    except (StudyError, KeyError):
        return []
