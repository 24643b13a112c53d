"""A page for each package of the library, which mkdocstrings fills from the source."""

from __future__ import annotations

import ast
from pathlib import Path


def files(root: Path) -> dict[str, str]:
    """The pages by file name: one for each package, and an index that says what each is for."""
    library = root / "scripts" / "study"
    packages = sorted(path.parent for path in library.glob("*/__init__.py"))
    pages = {f"{package.name}.md": f"# {package.name}\n\n::: study.{package.name}\n" for package in packages}
    lines = [f"- [`study.{package.name}`]({package.name}.md): {summary(package)}" for package in packages]
    text = (
        "The library is `scripts/study`. With `scripts/` on Python's path it can be used from a notebook as the\n"
        "commands use it; it imports nothing of Snakemake. [Architecture](../architecture.md) shows how the packages\n"
        "stand to each other."
    )
    return {**pages, "index.md": "\n".join(["# API", "", text, "", *lines, ""])}


def summary(package: Path) -> str:
    """The first line of a package's docstring."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]
