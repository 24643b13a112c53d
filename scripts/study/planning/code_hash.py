"""A hash of a script and of all project modules that it imports, so that an edit reruns what uses it, and only that."""

from __future__ import annotations

import ast
import atexit
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from study.core import atomic_io
from study.core.errors import StudyError
from study.core.paths import ROOT, SCRIPTS, cache_folder, resolved
from study.core.readers import sha256

_MOST = 5000  # files in the cache, before it is begun anew


@cache
def code(script: str, *more: str) -> str:
    """16 hex digits of the content of `script`, of the files `more` and of everything of the project they import.

    A path is relative to `scripts/`. Imports are found in the syntax tree, those inside functions included; a
    module that is imported by its name only (a codec's backend) is one of `more`; what only a type checker imports
    (`if TYPE_CHECKING:`) isn't. Names of files count relative to `scripts/`, so that a moved checkout has the same
    hash; comments and dates don't count, strings do.
    """
    files = sorted(closure([SCRIPTS / name for name in (script, *more)]))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(SCRIPTS)}\0{_meaning(file)}\0".encode())
    return digest.hexdigest()[:16]


@cache
def lock(name: str) -> str:
    """16 hex digits of the pins of an environment's lock, `envs/<name>.txt`; comments don't count."""
    lines = (ROOT / "envs" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("#")[0].strip() for line in lines]
    return hashlib.sha256("\n".join(pin for pin in pins if pin).encode()).hexdigest()[:16]


LARGEST_FILE = 2**32  # that any job takes


@cache
def content(file: str) -> str:
    """16 hex digits of the content of a file of the checkout or the working folder. Raises StudyError without it.

    Of a file that is larger than what any job takes, the size instead: its job will refuse it.
    """
    try:
        path = resolved(file)
        size = path.stat().st_size
        return sha256(path)[:16] if size <= LARGEST_FILE else f"{size} bytes"
    except OSError as error:
        raise StudyError(f"can't read {file}: {error.strerror}") from None


@cache
def contents(*files: Path) -> str:
    """16 hex digits of the names and the content of some files. Raises StudyError for one that can't be read."""
    return hashlib.sha256("\0".join(f"{file.name} {content(str(file))}" for file in files).encode()).hexdigest()[:16]


def closure(start: Iterable[Path]) -> set[Path]:
    """The files of the project that these import, directly or not, and themselves."""
    reached: set[Path] = set()
    waiting = list(start)
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting.extend(_imports(file))
    return reached


def _meaning(file: Path) -> str:
    return _facts(file)[0]


@cache
def _imports(file: Path) -> frozenset[Path]:
    return frozenset(path for name in _facts(file)[1] for path in _files(name, SCRIPTS))


@cache
def _facts(file: Path) -> tuple[str, list[str]]:
    """The hash of a file's syntax tree, and the absolute names that it imports.

    Parsing the library takes a third of the time that planning the default study does, so both are kept in the cache
    under the file's content: with it, the hashes of all commands take 0.02 s instead of 0.6 s.
    """
    data = file.read_bytes()
    key = f"{file.relative_to(SCRIPTS)} {hashlib.sha256(data).hexdigest()}"
    kept = _kept()
    if key not in kept:
        tree = ast.parse(data, filename=str(file))
        kept[key] = [hashlib.sha256(ast.dump(tree).encode()).hexdigest(), sorted(_names(tree, file))]
        _keep_at_exit()
    meaning, names = kept[key]
    return meaning, names


def _names(tree: ast.Module, file: Path) -> set[str]:
    names: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, file)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


def _cache_file() -> Path:
    """The cache of this Python, whose syntax trees are its own, and of this module as it is."""
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    return cache_folder() / f"code-{sys.implementation.cache_tag}-{own}.json"


@cache
def _kept() -> dict[str, list]:
    try:
        kept = json.loads(_cache_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) and len(kept) < _MOST else {}


@cache
def _keep_at_exit() -> None:
    atexit.register(_keep)


def _keep() -> None:
    with suppress(OSError, StudyError):  # a cache that can't be written costs the next run its time
        atomic_io.write_text(_cache_file(), json.dumps(_kept()))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement inside a node, at any depth, that runs; no expression holds an import."""
    fields = ("body", "orelse", "finalbody", "handlers", "cases")
    for field in fields[1:] if _for_types_alone(node) else fields:
        for child in getattr(node, field, ()):
            yield child
            yield from _statements(child)


def _for_types_alone(node: ast.AST) -> bool:
    """Whether it is `if TYPE_CHECKING:`, whose body no job runs."""
    if not isinstance(node, ast.If):
        return False
    name = node.test.attr if isinstance(node.test, ast.Attribute) else getattr(node.test, "id", None)
    return name == "TYPE_CHECKING"


def _absolute(node: ast.ImportFrom, file: Path) -> str:
    if not node.level:
        return node.module or ""
    package = file.relative_to(SCRIPTS).parent.parts
    parts = package[: len(package) - node.level + 1]
    return ".".join((*parts, node.module) if node.module else parts)


@cache
def _files(name: str, scripts: Path) -> tuple[Path, ...]:
    """The project's files that importing `name` runs: the packages on the way, and the module itself."""
    package, _, last = name.rpartition(".")
    above = _files(package, scripts) if package else ()
    if package and not above:
        return ()  # not of the project
    path = scripts.joinpath(*name.split("."))
    own = (path / "__init__.py", path.with_suffix(".py")) if last else ()
    return (*above, *[file for file in own if file.is_file()][:1])
