"""The check of a study's config: every problem at once, before any job."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema

from study.analysis import claim_pairs, published_curves
from study.codecs import registry as codec_registry
from study.core import paths, readers
from study.core.errors import StudyError, allowed
from study.images import sets
from study.metrics import registry as metric_registry
from study.planning import catalogue
from study.planning.catalogue import qualities
from study.planning.latents import experiments

SCHEMA = paths.ROOT / "rules" / "schema.yaml"


def checked(config: Mapping, origin: str = "the config") -> dict:
    """The config with the schema's defaults filled in. Raises StudyError with one line for every problem.

    `origin` names the file in the message.
    """
    schema = readers.read_yaml(SCHEMA)
    config = with_defaults(copy.deepcopy(dict(config)), schema)
    if isinstance(config["latents"], dict):
        experiment = schema["$defs"]["experiment"]
        config["latents"] = {name: with_defaults(given, experiment) for name, given in config["latents"].items()}
    problems = list(_against_schema(config, schema))
    if not problems:
        problems = list(experiments.include(config))
    if not problems:
        problems = list(_against_catalogues(config, schema))
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise StudyError("\n".join([f"{count} in {origin}:", *(f"  {problem}" for problem in problems)]))
    return config


def with_defaults(config: Any, schema: Mapping) -> Any:
    """The config with every key that it lacks and that has a default in the schema; parts of the wrong type stay."""
    if isinstance(config, dict):
        for key, part in schema.get("properties", {}).items():
            if key not in config and "default" in part:
                config[key] = copy.deepcopy(part["default"])
            if key in config:
                config[key] = with_defaults(config[key], part)
    return config


def _against_schema(config: Mapping, schema: Mapping) -> Iterator[str]:
    validator = jsonschema.Draft202012Validator(schema)
    for error in sorted(validator.iter_errors(config), key=lambda error: [str(part) for part in error.absolute_path]):
        yield _readable(error)


def _readable(error: jsonschema.ValidationError) -> str:
    """One line: the key, what was found, what is allowed."""
    key = ".".join(str(part) for part in error.absolute_path) or "the study"
    found = _brief(error.instance)
    rule = error.validator_value
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [str(name) for name in error.instance if name not in known]
        place = "" if key == "the study" else f"{key}."
        return "; ".join(f"{place}{name}: this key is unknown; {allowed(name, known)}" for name in unknown)
    if error.validator == "required":
        missing = [name for name in rule if name not in error.instance]
        return f"{key}: the key {', '.join(map(repr, missing))} is missing; it is required"
    if error.validator == "enum":
        return f"{key}: found {found}; {allowed(error.instance, rule)}"
    if error.validator == "oneOf":
        return f"{key}: found {found}; allowed: `all`, or a list of different qualities (numbers or names), not empty"
    if error.validator == "type":
        kinds = [rule] if isinstance(rule, str) else rule
        return f"{key}: found {found}; allowed: {' or '.join(_KINDS[kind] for kind in kinds)}"
    limits = {
        "minimum": "at least {}",
        "maximum": "at most {}",
        "exclusiveMinimum": "more than {}",
        "minItems": "at least {} item",
        "maxItems": "at most {} items",
        "minProperties": "at least {} key",
        "uniqueItems": "a list without repetitions",
        "pattern": "text that matches {}",
    }
    if error.validator in limits:
        return f"{key}: found {found}; allowed: {limits[error.validator].format(rule)}"
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


def _against_catalogues(config: Mapping, schema: Mapping) -> Iterator[str]:
    try:
        known_codecs, known_sets = catalogue.codecs(config), catalogue.image_sets(config)
        known_claims = catalogue.claims(config)
    except StudyError as error:
        yield str(error)
        return
    if problems := list(
        _catalogue_problems({"codec": known_codecs, "image_set": known_sets, "claim": known_claims}, schema)
    ):
        yield from problems
        return
    for name, chosen in config["codecs"].items():
        if name not in known_codecs:
            yield f"codecs.{name}: this codec is unknown; {allowed(name, known_codecs)}"
        else:
            yield from _codec_problems(name, chosen, known_codecs[name])
    for name in config["images"]:
        if name not in known_sets:
            yield f"images: the image set {name!r} is unknown; {allowed(name, known_sets)}"
        else:
            try:
                sets.names(known_sets[name], known_sets)
            except StudyError as error:
                yield f"images: {name}: {error}"
    yield from _metric_problems(config)
    yield from experiments.problems(config, known_codecs, known_sets)
    yield from claim_pairs.problems(config, known_claims, known_codecs)
    yield from published_curves.problems(known_codecs)


def _catalogue_problems(catalogues: Mapping[str, Mapping], schema: Mapping) -> Iterator[str]:
    for kind, entries in catalogues.items():
        part = {"$defs": schema["$defs"], "type": "object", "additionalProperties": {"$ref": f"#/$defs/{kind}"}}
        for problem in _against_schema(entries, part):
            yield f"the catalogue of {kind.replace('_', ' ')}s: {problem}"


def _codec_problems(name: str, chosen: str | list, entry: Mapping) -> Iterator[str]:
    for quality in qualities(chosen, entry):
        try:
            codec_registry.load(name, quality, entry)
        except StudyError as error:
            yield f"codecs.{name}: {error}"
            return


def _metric_problems(config: Mapping) -> Iterator[str]:
    known = metric_registry.REGISTRY
    for name in config["metrics"]:
        if name not in known:
            yield f"metrics: the metric {name!r} is unknown; {allowed(name, known)}"
    for key in ("bd_rate.metrics", "figures.panels"):
        part, leaf = key.split(".")
        for name in config.get(part, {}).get(leaf, []):
            if name not in config["metrics"]:
                yield f"{key}: {name!r} is not among the study's metrics; {allowed(name, config['metrics'])}"
    anchor = config.get("bd_rate", {}).get("anchor")
    if anchor is not None and anchor not in config["codecs"]:
        yield f"bd_rate.anchor: {anchor!r} is not among the study's codecs; {allowed(anchor, config['codecs'])}"
