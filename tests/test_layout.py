"""The layout that docs/architecture.md describes: where things are, how long a file may be, paths spelled once."""

import ast
import re
import subprocess

import pytest

from study.core import results
from study.core.paths import ROOT, SCRIPTS

TOP = {
    ".ci", ".editorconfig", ".github", ".gitignore", ".npmrc", ".pre-commit-config.yaml",
    ".snakemake-workflow-catalog.yml", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile",
    "README.md", "Snakefile", "catalogue", "config.yaml", "docs", "envs", "eslint.config.js", "mkdocs.yml", "models",
    "package-lock.json", "package.json", "profiles", "pyproject.toml", "references", "rules", "scripts", "studies",
    "tests", "tools",
}  # fmt: skip
RULES = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
COMMANDS = sorted(SCRIPTS.glob("*.py"))
MODULES = sorted((SCRIPTS / "study").rglob("*.py"))
PACKAGES = sorted(path.name for path in (SCRIPTS / "study").iterdir() if (path / "__init__.py").exists())
LONGEST = {"library": 400, "rules": 120, "command": 60, "readme": 90}


def lines(path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_the_top_level_is_the_one_described():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {path.partition("/")[0] for path in listed.splitlines()} == TOP


def test_nothing_is_too_long():
    limits = [(path, LONGEST["library"]) for path in MODULES] + [(path, LONGEST["rules"]) for path in RULES]
    limits += [(path, LONGEST["command"]) for path in COMMANDS] + [(ROOT / "README.md", LONGEST["readme"])]
    long = {path.relative_to(ROOT).as_posix(): lines(path) for path, most in limits if lines(path) > most}
    assert not long


def test_every_command_is_one_of_a_rule():
    rules = "\n".join(path.read_text(encoding="utf-8") for path in RULES)
    planning = "\n".join(path.read_text(encoding="utf-8") for path in (SCRIPTS / "study" / "planning").rglob("*.py"))
    unused = [path.name for path in COMMANDS if path.name not in rules and f'"{path.name}"' not in planning]
    assert not unused


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name == "__init__.py"], ids=lambda path: path.parent.name
)
def test_a_package_is_a_docstring_and_nothing_else(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert len(tree.body) == 1 and len((ast.get_docstring(tree) or "").splitlines()) in range(1, 11)


def test_every_package_has_its_tests_and_its_layer():
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert not [name for name in PACKAGES if not (ROOT / "tests" / name).is_dir()]
    assert not [name for name in PACKAGES if not re.search(rf"\bstudy\.{name}\b|\b{name}\b", contract)]


def test_the_library_knows_nothing_of_snakemake():
    assert not [path for path in MODULES if re.search(r"^\s*(import|from) snakemake", path.read_text(), re.M)]


def test_paths_of_results_are_spelled_in_one_module():
    """Elsewhere they stand in comments, docstrings, help and messages alone: no string of code is such a path."""
    wrong = []
    for path in [*MODULES, *COMMANDS]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if text.startswith(f"{results.FOLDER}/") and path != SCRIPTS / "study" / "core" / "results.py":
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text}")
    for path in RULES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(rf"""["']{results.FOLDER}/""", line.partition("#")[0]):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not wrong


MADE = {"docs/api", "docs/generated", "results/weights", "site"}  # by a run or by `make docs`


def test_what_tools_name_in_the_repository_is_there():
    named = {
        "/".join(re.findall(r'"([^"]+)"', match[0])): path.name
        for path in sorted((ROOT / "tools").rglob("*.py"))
        for match in re.finditer(r'\bROOT(?: / "[^"]+")+', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    assert not {name: tool for name, tool in named.items() if name not in MADE and not (ROOT / name).exists()}
