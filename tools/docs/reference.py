"""Tables of what the code knows: keys of a config, codecs and backends, image sets, metrics, operations on latents."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from study.codecs import registry as codec_registry
from study.core import readers
from study.latents import operations, selection
from study.metrics import registry as metric_registry

KEYS_WITH_A_SECTION = "codec", "image_set", "experiment", "step", "claim", "comparison"


def files(root: Path) -> dict[str, str]:
    """The fragments by file name, to be set into pages."""
    return {
        "config.md": config(readers.read_yaml(root / "rules" / "schema.yaml")),
        "codecs.md": codecs(readers.read_yaml(root / "catalogue" / "codecs.yaml")),
        "backends.md": backends(),
        "images.md": image_sets(readers.read_yaml(root / "catalogue" / "images.yaml")),
        "credits.md": credits(readers.read_yaml(root / "catalogue" / "images.yaml")),
        "claims.md": claims(readers.read_yaml(root / "catalogue" / "claims.yaml")),
        "edits.md": edits(readers.read_yaml(root / "catalogue" / "edits.yaml")),
        "metrics.md": metrics(),
        "metrics_entries.md": metric_entries(),
        "operations.md": latent_operations(),
        "selections.md": "\n".join(inspect.getdoc(selection).splitlines()[2:]) + "\n",
    }


def config(schema: Mapping) -> str:
    """Every key of a study's config: a section for each top-level key that has keys of its own, a table before."""
    blocks = ["## Keys of a study", "", *rows(schema["properties"], schema, schema["required"]), ""]
    for name, part in schema["properties"].items():
        if "properties" in part:
            blocks += [f"## `{name}` {{ #{name} }}", "", worded(part["description"]), ""]
            blocks += [*rows(part["properties"], schema, part.get("required", ())), ""]
    for name in KEYS_WITH_A_SECTION:
        part = schema["$defs"][name]
        blocks += [f"## {title(name)} {{ #{name} }}", "", worded(part["description"]), ""]
        blocks += [*rows(part["properties"], schema, part.get("required", ()), f"{name}-"), ""]
        for key, inner in part["properties"].items():
            if "properties" in inner:
                blocks += [f"### `{key}` of {article(name)} {{ #{name}-{key} }}", "", worded(inner["description"]), ""]
                blocks += [*rows(inner["properties"], schema, inner.get("required", ())), ""]
    return "\n".join(blocks)


def rows(properties: Mapping, schema: Mapping, required: Sequence[str], within: str = "") -> Iterator[str]:
    """A table of keys; those that have keys of their own lead to their section, which `within` begins the name of."""
    yield "| key | meaning | allowed | default |"
    yield "| --- | --- | --- | --- |"
    for name, given in properties.items():
        part = resolved(given, schema)
        default = "**required**" if name in required else shown_default(part)
        link = nested(given, schema)
        key = f"[`{name}`](#{link or within + name})" if link or "properties" in part else f"`{name}`"
        yield f"| {key} | {worded(part.get('description', ''))} | {cell(allowed(part, schema))} | {default} |"


def resolved(part: Mapping, schema: Mapping) -> Mapping:
    while "$ref" in part:
        part = {**schema["$defs"][part["$ref"].rpartition("/")[2]], **{k: v for k, v in part.items() if k != "$ref"}}
    return part


def nested(part: Mapping, schema: Mapping) -> str | None:
    """The section that explains what stands under a key: that of a definition which it, or its items, refer to."""
    inner = part.get("additionalProperties")
    for candidate in (part, part.get("items"), inner, *(part.get("oneOf", ()))):
        if isinstance(candidate, Mapping) and "$ref" in candidate:
            name = candidate["$ref"].rpartition("/")[2]
            if name in KEYS_WITH_A_SECTION:
                return name
        if isinstance(candidate, Mapping) and candidate is not part and (section := nested(candidate, schema)):
            return section
    return None


def shown_default(part: Mapping) -> str:
    if "default" not in part:
        return "none"
    value = part["default"]
    return "none" if value in ({}, [], "") else f"`{json.dumps(value, ensure_ascii=False).replace(chr(34), '')}`"


def allowed(part: Mapping, schema: Mapping) -> str:
    """What a key may be, in words."""
    part = resolved(part, schema)
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in part["enum"])
    if "oneOf" in part:
        return "; or ".join(allowed(one, schema) for one in part["oneOf"])
    kinds = part.get("type", "object" if "properties" in part else "see the text")
    words = [limited(kind, part, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(words)


def limited(kind: str, part: Mapping, schema: Mapping) -> str:
    names = {"string": "text", "integer": "whole number", "boolean": "`true`, `false`", "null": "`null`"}
    if kind in ("number", "integer"):
        ends = [
            f"{word} {part[key]}"
            for key, word in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
            if key in part
        ]
        return " ".join([names.get(kind, kind), ", ".join(ends)]).strip()
    if kind == "array":
        items = allowed(part["items"], schema) if "items" in part else "anything"
        return f"list of {items}"
    if kind == "object":
        return "keys with values"
    return names.get(kind, kind)


def codecs(catalogue: Mapping) -> str:
    """The catalogue's codecs, a table for each backend."""
    lines = []
    for name in dict.fromkeys(entry["backend"] for entry in catalogue.values()):
        lines += [f"### Backend `{name}`", "", "| id | codec | qualities | settings |", "| --- | --- | --- | --- |"]
        for codec, entry in catalogue.items():
            if entry["backend"] == name:
                settings = ", ".join(f"`{key}: {plainly(value)}`" for key, value in entry.get("settings", {}).items())
                qualities = f"{plainly(entry['qualities']).strip('[]')}<br>*{entry['parameter']}*"
                lines.append(f"| `{codec}` | {entry['label']} | {qualities} | {cell(settings)} |")
        lines.append("")
    return "\n".join(lines)


def backends() -> str:
    """The backends: what each is, and its settings with their defaults and what they may be."""
    lines = []
    for name in codec_registry.backends():
        kind = codec_registry.backend(name)
        module = inspect.getmodule(kind)
        lines += [f"### `{name}`", "", prose(module), "", prose(kind), ""]
        choices = getattr(kind, "choices", {})
        if kind.defaults:
            lines += ["| setting | default | allowed |", "| --- | --- | --- |"]
            for key, value in kind.defaults.items():
                options = choices.get(key)
                allowed = f"{options[0]} to {options[-1]}" if isinstance(options, range) else ""
                allowed = allowed or ", ".join(f"`{plainly(one)}`" for one in options or ()) or "see above"
                lines.append(f"| `{key}` | `{plainly(value)}` | {cell(allowed)} |")
            lines.append("")
    return "\n".join(lines)


def image_sets(catalogue: Mapping) -> str:
    lines = ["| id | images | what they are | licence |", "| --- | --- | --- | --- |"]
    for name, entry in catalogue.items():
        count = len(entry.get("images", entry.get("only", ())))
        lines.append(f"| `{name}` | {count} | {cell(entry['description'])} | {cell(entry.get('licence', ''))} |")
    return "\n".join(lines) + "\n"


def credits(catalogue: Mapping) -> str:
    """The images of the default study with licence, credit and whether they were JPEG."""
    words = {True: "yes", False: "no", "unknown": "no trace of it"}
    lines = ["| image | credit | licence | JPEG before | reduced |", "| --- | --- | --- | --- | --- |"]
    for name, entry in (catalogue["photos-8"]["images"] | catalogue["photos"]["images"]).items():
        entry = catalogue["photos-8"]["images"].get(name, entry)
        reduced = f"{entry['reduce']}-fold" if "reduce" in entry else ""
        lines.append(f"| {name} | {entry['credit']} | {entry['licence']} | {words[entry['was_jpeg']]} | {reduced} |")
    return "\n".join(lines) + "\n"


def claims(catalogue: Mapping) -> str:
    lines = ["| id | claim | source |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {cell(entry['text'])} | {entry.get('source', '')} |" for name, entry in catalogue.items()]
    return "\n".join(lines) + "\n"


def edits(catalogue: Mapping) -> str:
    lines = ["| group | edits |", "| --- | --- |"]
    lines += [f"| `{name}` | {', '.join(f'`{edit}`' for edit in group)} |" for name, group in catalogue.items()]
    return "\n".join(lines) + "\n"


def metrics() -> str:
    """The registry in short."""
    lines = ["| name | unit | better | smallest side | equals |", "| --- | --- | --- | --- | --- |"]
    for name, entry in metric_registry.REGISTRY.items():
        better = "higher" if getattr(entry, "higher_is_better", True) else "lower"
        lines.append(
            f"| [`{name}`](#{name}) | {entry.unit} | {better} | {entry.smallest} px | {cell(entry.function)} |"
        )
    return "\n".join(lines) + "\n"


def metric_entries() -> str:
    """Every field of every entry of the registry."""
    lines = []
    for name, entry in metric_registry.REGISTRY.items():
        lines += [f"### `{name}` {{ #{name} }}", ""]
        start = len(lines)
        for field in dataclasses.fields(entry):
            value = getattr(entry, field.name)
            if field.name == "name" or value in ("", None) or callable(value):
                continue
            words = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
            lines.append(f"| {field.name.replace('_', ' ')} | {cell(str(words))} |")
            if len(lines) == start + 1:
                lines.append("| --- | --- |")
        lines.append("")
    return "\n".join(lines)


def latent_operations() -> str:
    """The operations on latents, with their parameters."""
    lines = ["| operation | what it does | parameters |", "| --- | --- | --- |"]
    for name, entry in operations.REGISTRY.items():
        parameters = []
        for key, kind in entry.kinds.items():
            default = f"; default {plainly(entry.defaults[key])}" if key in entry.defaults else ""
            parameters.append(f"`{key}`: {kind.words}{default}")
        moves = " Moves elements, so the selection must be a box." if entry.moves else ""
        lines.append(f"| `{name}` | {cell(entry.summary)}{moves} | {cell('<br>'.join(parameters))} |")
    return "\n".join(lines) + "\n"


def title(name: str) -> str:
    return {"step": "A step of an edit"}.get(name, article(name).capitalize())


def article(name: str) -> str:
    words = name.replace("_", " ")
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def prose(thing: object) -> str:
    """A docstring as paragraphs."""
    return "\n".join(line.strip() for line in (inspect.getdoc(thing) or "").splitlines())


def worded(text: str) -> str:
    """A description as one cell: placeholders in angle brackets are no HTML."""
    return cell(text.replace("<", "&lt;").replace(">", "&gt;"))


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def plainly(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace('"', "")
