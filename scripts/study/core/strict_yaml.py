"""YAML without surprises: what YAML 1.1 would read as something else than it looks like is an error with its line.

A study file holds mappings with keys that are text, lists, text, numbers, true, false and null. Refused: a key given
twice; a key that isn't text; `01`, `0x10`, `1_000` and `1:30`, which would be numbers; `yes`, `no`, `on` and `off`,
which would be truth values; dates; `.nan`; NUL in a text; tags; aliases that unfold to more than a study can be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from study.core.errors import StudyError

LARGEST_FILE = 2**24
MOST_NODES = 500_000  # with aliases unfolded: a study of all codecs and sets has some thousands
DEEPEST = 100
_KINDS = {
    "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str", "tag:yaml.org,2002:int",
    "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null",
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)")
_NUMERIC = ("str", "int", "float")
_TRUTHS = ("true", "false", "True", "False", "TRUE", "FALSE")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Problem(StudyError):
    """What is wrong in a YAML file, and where."""


def load(text: str, origin: str, numeric_keys: bool = False) -> Any:
    """The content of a YAML document; keys may be numbers where `numeric_keys`.

    Raises StudyError, which names `origin` and the line, for what is refused.
    """
    try:
        _check_depth(text, origin)
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check(node, origin, numeric_keys)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}" if mark else ""
        what = " ".join(f"{error.context or ''} {error.problem or ''}".split())
        raise Problem(f"{origin}{where}: not valid YAML: {what}") from None
    except (yaml.YAMLError, ValueError) as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error, yaml.reader.ReaderError) else None
        where = f":{line}" if line else ""
        raise Problem(f"{origin}{where}: not valid YAML: {' '.join(str(error).split())[:200]}") from None


def read(path: str | Path, numeric_keys: bool = False) -> Any:
    """The content of a YAML file (UTF-8). Raises StudyError as `load`, and for a file that is no text."""
    try:
        if Path(path).stat().st_size > LARGEST_FILE:
            raise Problem(f"{path}: {Path(path).stat().st_size:,} bytes; allowed: {LARGEST_FILE:,}")
        data = Path(path).read_bytes()
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Problem(f"{path}:{line}: not a text file in UTF-8 (byte {data[error.start]:#04x})") from None
    return load(text, str(path), numeric_keys)


def _check_depth(text: str, origin: str) -> None:
    """Raise Problem for deep nesting: the library's composer calls itself, and dies of it."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Problem(f"{origin}:{event.start_mark.line + 1}: nested too deeply; allowed: {DEEPEST} levels")


def _check(root: yaml.Node, origin: str, numeric_keys: bool) -> None:
    sizes: dict[int, int] = {}
    total = _size(root, sizes, [])
    if total is None or total > MOST_NODES:
        fault = "an alias holds itself" if total is None else f"its aliases unfold to {total:,} values"
        raise Problem(f"{origin}: {fault}; allowed: {MOST_NODES:,} values")
    for node in _all(root):
        line = f"{origin}:{node.start_mark.line + 1}"
        if node.tag not in _KINDS and node.tag != "tag:yaml.org,2002:merge":
            kind = node.tag.removeprefix("tag:yaml.org,2002:")
            value = f"{node.value} is read as a {kind}" if isinstance(node, yaml.ScalarNode) else f"the tag {kind}"
            raise Problem(f"{line}: {value}; write text in quotes, and no tags")
        if isinstance(node, yaml.ScalarNode):
            _check_scalar(node, line)
        if isinstance(node, yaml.MappingNode):
            _check_keys(node, origin, _NUMERIC if numeric_keys else ("str",))


def _size(node: yaml.Node, sizes: dict[int, int], above: list[int]) -> int | None:
    """How many nodes a node unfolds to; None if one holds itself."""
    if id(node) in above:
        return None
    if id(node) not in sizes:
        total = 1
        for child in _children(node):
            size = _size(child, sizes, [*above, id(node)])
            if size is None:
                return None
            total += size
        sizes[id(node)] = total
    return sizes[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _all(root: yaml.Node) -> Iterator[yaml.Node]:
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        yield node
        for child in reversed(_children(node)):  # in the order of the file
            if id(child) not in seen:
                seen.add(id(child))
                waiting.append(child)


def _check_scalar(node: yaml.ScalarNode, line: str) -> None:
    kind, text = node.tag.rpartition(":")[2], node.value
    if "\0" in text:
        raise Problem(f"{line}: a text with the character NUL, which no name and no path can hold")
    if node.style:  # quoted, or a block
        return
    hint = f"write '{text}' in quotes if it is a name"
    if kind == "int" and not _INTEGER.fullmatch(text):
        raise Problem(f"{line}: {text} would be read as the number {_number(text)}; {hint}")
    if kind == "float" and text.lower().lstrip("+-") == ".nan":
        raise Problem(f"{line}: {text} is no number; give one, or leave the key out")
    if kind == "float" and not _REAL.fullmatch(text):
        raise Problem(f"{line}: {text} would be read as the number {_number(text)}; {hint}")
    if kind == "bool" and text not in _TRUTHS:
        truth = text.lower() in ("yes", "on")
        raise Problem(f"{line}: {text} would be read as {str(truth).lower()}; write that, or {hint}")


def _number(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except ValueError:
        return "of another base"


def _check_keys(node: yaml.MappingNode, origin: str, kinds: Collection[str]) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        kind = key.tag.rpartition(":")[2]
        if not isinstance(key, yaml.ScalarNode) or kind not in kinds:
            actual = key.value if isinstance(key, yaml.ScalarNode) else "a list or mapping"
            raise Problem(f"{origin}:{line}: the key {actual} isn't text ({kind}); write it in quotes")
        if key.value in lines:
            raise Problem(f"{origin}:{line}: the key {key.value!r} is given twice, first in line {lines[key.value]}")
        lines[key.value] = line
