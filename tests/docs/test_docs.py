"""README and documentation: short enough, and what they name is there."""

from __future__ import annotations

import html.parser
import json
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")), ROOT / "models/README.md"]
FOLDERS = ("catalogue", "docs", "envs", "models", "profiles", "references")
FOLDERS += ("rules", "scripts", "studies", "tests", "tools")
YOURS = ("studies/mine.yaml", "studies/hyperprior.yaml", "rules/archive.smk", "scripts/plot_spread.py")
OURS = (*YOURS, "scripts/export_markdown.py", "scripts/study/codecs/classical/steps.py")  # of the examples
COMMANDS = sorted([*ROOT.glob("scripts/*.py"), *ROOT.glob("tools/*.py"), *ROOT.glob("tools/bench/*.py")])


def named(pattern: str) -> list[tuple[str, str]]:
    """What a pattern finds in the pages: (page, text)."""
    return [
        (page.relative_to(ROOT).as_posix(), name)
        for page in PAGES
        for name in dict.fromkeys(re.findall(pattern, page.read_text(encoding="utf-8")))
    ]


def commands(start: str) -> list[tuple[str, list[str]]]:
    """The command lines in the pages that begin with some text: (page, words), comments left out."""
    lines = named(rf"(?m)(?:^[ ]*|`)({start}[^`\n]*)")
    return [(page, shlex.split(line.replace("…", ""), comments=True)) for page, line in lines]


PYTHON = commands("python (?:scripts|tools|tests)/")

# One process loads the packages that most commands load and forks for each of them, which saves four fifths of the
# time; so does an end without clearing up.
HELP = """
import gc, json, os, runpy, sys
import matplotlib.figure, numpy, PIL.Image, yaml
gc.freeze()
for script in map(str.strip, sys.stdin):
    read, write = os.pipe()
    if os.fork() == 0:
        os.dup2(write, 1), os.dup2(write, 2)
        sys.argv, sys.path[0] = [script, "--help"], os.path.dirname(script)
        status = 0
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as ended:
            status = ended.code or 0
        sys.stdout.flush()
        os._exit(status)
    os.close(write)
    text = open(read).read()
    print(json.dumps([os.waitstatus_to_exitcode(os.wait()[1]), text]), flush=True)
"""


@cache
def help_texts() -> dict[str, tuple[int, str]]:
    """The exit status and output of every command with `--help`, by its path."""
    scripts = list({path.relative_to(ROOT).as_posix() for path in COMMANDS} | {words[1] for _, words in PYTHON})
    lines = "".join(f"{script}\n" for script in scripts)
    command = [sys.executable, "-c", HELP]
    done = subprocess.run(command, input=lines, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return dict(zip(scripts, map(json.loads, done.stdout.splitlines()), strict=True))


def help_of(script: str) -> str:
    status, text = help_texts()[script]
    assert status == 0, text
    return text


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 90


@pytest.mark.parametrize(
    "page,name", named(rf"(?<![\w/.>-])((?:{'|'.join(FOLDERS)})/[\w./{{}}*-]*\w[\w./{{}}*-]*)(?![\w…<])")
)
def test_a_file_that_is_named_is_there(page: str, name: str) -> None:
    assert name in OURS or name.startswith("docs/generated") or list(ROOT.glob(name.rstrip("."))), f"{page}: {name}"


@pytest.mark.parametrize("page,words", commands("make "))
def test_a_target_of_make_is_there(page: str, words: list[str]) -> None:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in words[1:]:
        name, sign, value = word.partition("=")
        if not sign:
            assert re.search(rf"^{re.escape(word)}:", rules, re.M), f"{page}: make {word}"
            continue
        assert re.search(rf"^{name} \?=", rules, re.M) or name == "OPTIONS", f"{page}: {name} is no variable"
        known = {"STUDY": [*ROOT.glob("studies/*.yaml")], "PROFILE": [*ROOT.glob("profiles/*")]}
        assert name not in known or value in (*(path.stem for path in known[name]), "mine"), f"{page}: {word}"


@pytest.mark.parametrize("page,words", PYTHON)
def test_the_options_of_a_command_are_there(page: str, words: list[str]) -> None:
    if words[1] in OURS or "support" in words[1]:
        assert words[1] in OURS or (ROOT / words[1]).is_file()
        return
    help_text = help_of(words[1])
    for word in words[2:]:
        if word.startswith("--"):
            assert re.search(rf"{re.escape(word)}\b", help_text), f"{page}: {words[1]} has no {word}"


@pytest.mark.parametrize("script", COMMANDS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_command_tells_what_it_does_and_takes(script: Path) -> None:
    if script.name in ("__init__.py", "tfci.py"):  # the latter runs in another environment
        return
    help_text = help_of(script.relative_to(ROOT).as_posix())
    first = script.read_text(encoding="utf-8").partition('"""')[2].partition("\n")[0].strip('"')
    assert " ".join(first.split()) in " ".join(help_text.split()), (
        "--help tells something else than the script's docstring"
    )
    options = re.findall(r"^  (-{1,2}[\w-]+|[\w-]+)(?:[ ,].*)?(?:\n|$)(?: {10,}\S)?", help_text, re.M)
    assert "-h" in options
    bare = [line for line in help_text.splitlines() if re.fullmatch(r"  --[\w-]+(?: [A-Z_.{}\[\],\w]+)*", line)]
    following = dict(zip(help_text.splitlines(), [*help_text.splitlines()[1:], ""]))
    assert not [line for line in bare if not following[line].startswith(" " * 10)], f"options without help: {bare}"


class Links(html.parser.HTMLParser):
    """The addresses that a page refers to, those that it loads by itself, and the places in it that have a name."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.names |= {value for key, value in attributes if key in ("id", "name") and value}
        address = given.get("href") or given.get("src")
        if address and given.get("rel") not in ("canonical", "edit"):
            (self.links if tag == "a" else self.loaded).append(address)


@pytest.mark.slow
def test_the_site_is_whole_and_asks_for_nothing_from_elsewhere() -> None:
    mkdocs = ROOT / ".venv-docs" / "bin" / "mkdocs"
    if not mkdocs.exists():
        pytest.skip("the environment of the documentation isn't built; `make docs` builds it")
    for command in ([sys.executable, "tools/docs/generate.py"], [str(mkdocs), "build", "--strict", "--quiet"]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
    site = ROOT / "site"
    pages = {path: Links() for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    assert len(pages) > 25
    for path, links in pages.items():
        links.feed(path.read_text(encoding="utf-8"))
    broken = []
    for path, links in pages.items():
        broken += [f"{path.name} loads {address}" for address in links.loaded if urlsplit(address).netloc]
        for address in (*links.links, *links.loaded):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                broken.append(f"{path.name}: {address}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].names:
                broken.append(f"{path.name}: {address} has no such place")
    assert not broken
    assert not re.search(r"/(?:home|root|work|tmp)/", (site / "troubleshooting.html").read_text(encoding="utf-8"))
