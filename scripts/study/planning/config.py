"""The check of a study's config: every problem at once, before any job."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import jsonschema

from study.analysis import claim_pairs, published_curves
from study.core import paths, readers, typed
from study.core.errors import StudyError, allowed
from study.figures import paper
from study.images import sets
from study.metrics import registry as metric_registry
from study.planning import catalogue, collisions, entries, opinions, target_problems
from study.planning.entries import Chosen, CodecEntry, Targets
from study.planning.latents import experiments
from study.planning.study import Study, claims

SCHEMA = paths.ROOT / "rules" / "schema.yaml"


def checked(config: Mapping, origin: str = "the config") -> Study:
    """The study that a config means. Raises StudyError with one line for every problem.

    `origin` names the file in the message.
    """
    schema = readers.read_yaml(SCHEMA)
    problems = list(_against_schema(config, schema))
    included, unsound = copy.deepcopy(dict(config)), set()
    if not problems:
        problems = list(experiments.include(included))
    if not problems:
        problems, unsound = experiments.parse_edits(included)
        study = typed.built(Study, included, "the study")
        problems += _against_catalogues(study, schema, unsound)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise StudyError("\n".join([f"{count} in {origin}:", *(f"  {problem}" for problem in problems)]))
    return study


def _against_schema(config: Mapping, schema: Mapping) -> Iterator[str]:
    validator = jsonschema.Draft202012Validator(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: [str(part) for part in error.absolute_path])
    yield from dict.fromkeys(map(_readable, errors))  # each missing key is an error, and all of them say the same


def _readable(error: jsonschema.ValidationError) -> str:
    """One line: the key, what was found, what is allowed."""
    key = ".".join(str(part) for part in error.absolute_path) or "the study"
    value = _brief(error.instance)
    rule = error.validator_value
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [str(name) for name in error.instance if name not in known]
        within = "" if key == "the study" else f"{key}."
        return "; ".join(f"{within}{name}: this key is unknown; {allowed(name, known)}" for name in unknown)
    if error.validator == "required":
        missing = [name for name in rule if name not in error.instance]
        keys, are, it = ("key", "is", "it is") if len(missing) == 1 else ("keys", "are", "they are")
        return f"{key}: the {keys} {', '.join(map(repr, missing))} {are} missing; {it} required"
    if error.validator == "enum":
        return f"{key}: found {value}; {allowed(error.instance, rule)}"
    if error.validator == "oneOf":
        causes = error.context if isinstance(error.instance, dict) and error.context else ()
        inner = [cause for cause in causes if cause.validator != "const"]
        deeper = [cause for cause in inner if cause.validator != "type" or cause.absolute_path != error.absolute_path]
        if deeper:
            return _readable(deeper[0])
        return (
            f"{key}: found {value}; allowed: `all`, a list of different qualities (numbers or names), not empty, or "
            "{target: {metric, values}}"
        )
    if error.validator == "type":
        kinds = [rule] if isinstance(rule, str) else rule
        return f"{key}: found {value}; allowed: {' or '.join(_KINDS[kind] for kind in kinds)}"
    limits = {
        "minimum": "at least {}",
        "maximum": "at most {}",
        "exclusiveMinimum": "more than {}",
        "minItems": "at least {} item",
        "maxItems": "at most {} items",
        "minProperties": "at least {} key",
        "maxLength": "at most {} characters",
        "uniqueItems": "a list without repetitions",
        "pattern": "text that matches {}",
    }
    if error.validator in limits:
        return f"{key}: found {value}; allowed: {limits[error.validator].format(rule)}"
    return f"{key}: {error.message[:300]}"


_KINDS = {
    "object": "keys with values",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _against_catalogues(study: Study, schema: Mapping, unsound: Collection[str]) -> Iterator[str]:
    if problems := list(_catalogue_problems(schema)):
        yield from problems
        return
    try:
        known_codecs = entries.codecs(study.define.codecs)
        known_sets = entries.image_sets(study.define.images)
        known_claims = claims(study)
    except StudyError as error:
        yield str(error)
        return
    for name, chosen in study.codecs.items():
        if name not in known_codecs:
            yield f"codecs.{name}: this codec is unknown; {allowed(name, known_codecs)}"
        else:
            yield from _codec_problems(name, chosen, known_codecs[name])
    for name in study.images:
        if name not in known_sets:
            yield f"images: the image set {name!r} is unknown; {allowed(name, known_sets)}"
        else:
            try:
                names = sets.names(entries.image_spec(name, known_sets))
                for tag, images in (known_sets[name].tags or {}).items():
                    for image in set(images) - set(names):
                        yield f"images: {name}: tags: {tag}: the set has no image {image!r}; {allowed(image, names)}"
            except StudyError as error:
                yield f"images: {name}: {error}"
    chosen_qualities = {
        name: known_codecs[name].chosen(chosen) for name, chosen in study.codecs.items() if name in known_codecs
    }
    yield from collisions.problems(chosen_qualities, study.images)
    if study.timing and all(isinstance(chosen, Targets) for chosen in study.codecs.values()):
        yield "timing: every codec of this study has a target, whose cells aren't timed; leave out `timing`"
    yield from _metric_problems(study)
    yield from _font_problems(study.figures.font)
    yield from opinions.problems(study)
    yield from experiments.problems(study, known_codecs, known_sets, unsound)
    own = study.define.claims
    known_edits = [edit for group in catalogue.read("edits").values() for edit in group]
    known_edits += [edit for experiment in study.latents.values() for edit in experiment.edits]
    yield from claim_pairs.problems(
        study.claims, known_claims, own, list(study.codecs), study.metrics, known_codecs, known_edits
    )
    of_codecs = {name: entry.published for name, entry in known_codecs.items()}
    yield from published_curves.problems(of_codecs, study.published.draw)


def _catalogue_problems(schema: Mapping) -> Iterator[str]:
    for name, kind in (("codecs", "codec"), ("images", "image_set"), ("claims", "claim")):
        names = {"$ref": "#/$defs/name"} if kind != "claim" else {}
        part = {"type": "object", "propertyNames": names, "additionalProperties": {"$ref": f"#/$defs/{kind}"}}
        for problem in _against_schema(catalogue.read(name), {"$defs": schema["$defs"], **part}):
            yield f"catalogue/{name}.yaml: {problem}"


def _codec_problems(name: str, chosen: Chosen, entry: CodecEntry) -> Iterator[str]:
    if isinstance(chosen, Targets):
        yield from target_problems.problems(name, chosen.target, entry)
        return
    for quality in entry.chosen(chosen):
        try:
            entries.check_codec(name, quality, entry)
        except StudyError as error:
            yield f"codecs.{name}: {error}"
            return


def _font_problems(font: str) -> Iterator[str]:
    if font != paper.FONT:
        from study.figures import canvas  # matplotlib, which a run doesn't import otherwise

        try:
            canvas.check_font(font)
        except StudyError as error:
            yield f"figures.font: {error}"


def _metric_problems(study: Study) -> Iterator[str]:
    known = metric_registry.REGISTRY
    for name in study.metrics:
        if name not in known:
            yield f"metrics: the metric {name!r} is unknown; {allowed(name, known)}"
    wanted = {"bd_rate.metrics": study.bd_rate.metrics if study.bd_rate else [], "figures.panels": study.figures.panels}
    for key, names in wanted.items():
        for name in names:
            if name not in study.metrics:
                yield f"{key}: {name!r} is not among the study's metrics; {allowed(name, study.metrics)}"
    for anchor in study.bd_rate.anchors if study.bd_rate else []:
        if anchor not in study.codecs:
            yield f"bd_rate.anchor: {anchor!r} is not among the study's codecs; {allowed(anchor, study.codecs)}"
