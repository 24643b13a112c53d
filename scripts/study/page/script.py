"""The page's script: ES modules joined into one, since a page opened from the file system may load no modules."""

from __future__ import annotations

import re
from pathlib import Path

from study.core.errors import StudyError

FOLDER = Path(__file__).parent / "static"
MAIN = "main.js"
IMPORT = re.compile(r'import \{\s*([\w$]+(?:,\s*[\w$]+)*),?\s*\} from "\./([\w-]+\.js)";\n')
EXPORT = re.compile(r"^export (?=(?:const|let|function|class) )", re.MULTILINE)
DECLARED = re.compile(r"^(?:export )?(?:const|let|function|class) +([\w$]+)", re.MULTILINE)
EXPORTED = re.compile(r"^export (?:const|let|function|class) +([\w$]+)", re.MULTILINE)


def modules(folder: Path = FOLDER, main: str = MAIN) -> dict[str, str]:
    """The modules that a script needs, by file, each after those that it imports.

    Raises StudyError for one that is not there, for a name that is imported and not exported, for imports in a
    circle, and for a form of import or export that `joined` can't take out.
    """
    texts: dict[str, str] = {}

    def add(name: str, users: tuple[str, ...]) -> None:
        if name in users:
            raise StudyError(f"{folder}: modules import each other: {' -> '.join((*users, name))}")
        if name in texts:
            return
        path = folder / name
        if not path.is_file():
            raise StudyError(f"{folder / users[-1] if users else folder} needs {name}, which is not there")
        text = path.read_text(encoding="utf-8")
        for names, other in IMPORT.findall(text):
            add(other, (*users, name))
            wanted = {word.strip() for word in names.split(",")}
            if missing := wanted - set(EXPORTED.findall(texts[other])):
                raise StudyError(f"{path} imports {', '.join(sorted(missing))}, which {other} doesn't export")
        rest = EXPORT.sub("", IMPORT.sub("", text))
        if odd := re.search(r"^(?:import|export)\b.*", rest, re.MULTILINE):
            raise StudyError(f'{path}: {odd[0]!r}; allowed: import {{ a, b }} from "./c.js"; and export before a name')
        texts[name] = text

    add(main, ())
    return texts


def joined(folder: Path = FOLDER, main: str = MAIN) -> str:
    """One classic script of the modules. Raises StudyError as `modules` does, and for a name that two declare."""
    owners: dict[str, str] = {}
    parts = ['"use strict";\n']
    for name, text in modules(folder, main).items():
        for declared in DECLARED.findall(text):
            if declared in owners:
                raise StudyError(f"{folder}: {owners[declared]} and {name} both declare {declared}; rename one")
            owners[declared] = name
        parts.append(EXPORT.sub("", IMPORT.sub("", text)))
    return "\n".join(parts)
