"""The experiments of a config's `latents`: what is edited, on which images, with which codecs, and what is drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from study.codecs import base
from study.codecs import registry as codec_registry
from study.core import paths, readers
from study.core.errors import StudyError, allowed
from study.figures.latents import names as figure_names
from study.images import sets
from study.latents import edits
from study.planning.catalogue import qualities
from study.planning.latents import figure_choice


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
    """Put the groups of catalogue/edits.yaml that experiments include before their own edits; tell what is
    wrong with that."""
    for name, experiment in config["latents"].items():
        groups = readers.read_yaml(paths.CATALOGUE / "edits.yaml") if experiment["include"] else {}
        found: dict[str, object] = {}
        for group in experiment["include"]:
            if group not in groups:
                yield f"latents.{name}.include: the group {group!r} is unknown; {allowed(group, groups)}"
            for edit, given in groups.get(group, {}).items():
                if edit in found or edit in experiment["edits"]:
                    yield f"latents.{name}: the edit {edit!r} of the group {group} is there twice; rename one"
                found[edit] = given
        experiment["edits"] = {**found, **experiment["edits"]}


def problems(config: Mapping, known_codecs: Mapping[str, dict], known_sets: Mapping[str, dict]) -> Iterator[str]:
    """What is wrong with the experiments of a config that the schema has accepted."""
    for name, experiment in config["latents"].items():
        place = f"latents.{name}"
        for image_set in experiment["images"]:
            yield from _set_problems(f"{place}.images", image_set, known_sets)
        for codec, chosen in experiment["codecs"].items():
            yield from _codec_problems(f"{place}.codecs.{codec}", codec, chosen, experiment, known_codecs)
        yield from _edit_problems(place, experiment, known_sets)
        yield from _figure_problems(place, experiment)
        yield from figure_choice.problems(place, experiment)


def channels(entry: Mapping, quality: float) -> dict[str, int] | None:
    """The channels of a learned codec's latents at a quality, None if they aren't known without its weights."""
    return codec_registry.backend(entry["backend"]).latent_channels(entry.get("settings", {}), quality)


def edit_spec(experiment: Mapping) -> str:
    """What decides an experiment's bitstreams beside codec and images, as JSON."""
    return json.dumps({key: experiment[key] for key in ("edits", "side_information")})


def sets_needed(experiment: Mapping) -> list[str]:
    """The image sets whose latents the edits of an experiment ask for, beside its own."""
    return edits.sets_needed(experiment["edits"])


def _set_problems(place: str, image_set: str, known_sets: Mapping[str, dict]) -> Iterator[str]:
    if image_set not in known_sets:
        yield f"{place}: the image set {image_set!r} is unknown; {allowed(image_set, known_sets)}"
        return
    try:
        sets.names(known_sets[image_set], known_sets)
    except StudyError as error:
        yield f"{place}: {image_set}: {error}"


def _codec_problems(
    place: str, codec: str, chosen: str | list, experiment: Mapping, known_codecs: Mapping[str, dict]
) -> Iterator[str]:
    if codec not in known_codecs:
        yield f"{place}: this codec is unknown; {allowed(codec, known_codecs)}"
        return
    entry = known_codecs[codec]
    if not issubclass(codec_registry.backend(entry["backend"]), base.LearnedCodec):
        learned = [
            name for name, each in known_codecs.items()
            if issubclass(codec_registry.backend(each["backend"]), base.LearnedCodec)
        ]  # fmt: skip
        yield f"{place}: this codec has no latent to edit; {allowed(codec, learned)}"
        return
    for quality in qualities(chosen, entry):
        try:
            codec_registry.load(codec, quality, entry)
            found = channels(entry, quality)
        except StudyError as error:
            yield f"{place}: {error}"
            return
        for edit, given in experiment["edits"].items():
            if found is not None:
                for problem in edits.problems(given, found):
                    yield f"{place}: edit {edit} at quality {quality}: {problem}"


def _edit_problems(place: str, experiment: Mapping, known_sets: Mapping[str, dict]) -> Iterator[str]:
    sound = {}
    for name, given in experiment["edits"].items():
        found = [f"{place}.edits.{name}: {problem}" for problem in edits.problems(given)]
        if name == edits.BASELINE:
            found.append(f"{place}.edits.{name}: this name is taken by the baseline, which is always there")
        yield from found
        if not found:
            sound[name] = given
    for image_set in edits.sets_needed(sound):
        yield from _set_problems(f"{place}.edits", image_set, known_sets)
    own = {image for name in experiment["images"] if name in known_sets for image in _names(name, known_sets)}
    for name, given in sound.items():
        for step in edits.parsed(given):
            wanted = step.parameters.get("image")
            image_set = step.parameters.get("set")
            pool = own if image_set is None else set(_names(image_set, known_sets))
            for image in [] if wanted is None else wanted if isinstance(wanted, list) else [wanted]:
                if image not in pool:
                    yield f"{place}.edits.{name}: the image {image!r} is unknown; {allowed(image, sorted(pool))}"


def _names(image_set: str, known_sets: Mapping[str, dict]) -> list[str]:
    try:
        return sets.names(known_sets[image_set], known_sets)
    except (StudyError, KeyError):
        return []


def _figure_problems(place: str, experiment: Mapping) -> Iterator[str]:
    known = [edits.BASELINE, *experiment["edits"]]
    for figure in figure_names.DRAWN:
        chosen = experiment["figures"].get(figure)
        for name in chosen if isinstance(chosen, list) else [chosen] if isinstance(chosen, str) else []:
            if name not in known:
                yield f"{place}.figures.{figure}: the edit {name!r} is unknown; {allowed(name, known)}"
