"""The page's script: its modules are joined into one, linted, and their pure functions tested by node."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from study.core import paths
from study.core.errors import StudyError
from study.page import build, script

NODE = shutil.which("node")
ESLINT = paths.ROOT / "node_modules/.bin/eslint"
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed; apt-get install nodejs npm")


def write_modules(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_modules_are_joined_each_after_what_it_needs(tmp_path: Path) -> None:
    write_modules(
        tmp_path,
        main='import { twice } from "./b.js";\nimport {\n  one,\n} from "./a.js";\n\ntwice(one);\n',
        a="export const one = 1;\n",
        b='import { one } from "./a.js";\n\nexport function twice(x) {\n  return x + one; // export it\n}\n',
    )
    assert list(script.modules(tmp_path)) == ["a.js", "b.js", "main.js"]
    assert [line for line in script.joined(tmp_path).splitlines() if line] == [
        '"use strict";', "const one = 1;", "function twice(x) {", "  return x + one; // export it", "}",
        "twice(one);",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"main": 'import { x } from "./gone.js";\n'}, "needs gone.js, which is not there"),
        (
            {"main": 'import { x } from "./a.js";\n', "a": "export const y = 1;\n"},
            "imports x, which a.js doesn't export",
        ),
        ({"main": 'import { x } from "./a.js";\n', "a": "const x = 1;\n"}, "imports x, which a.js doesn't export"),
        (
            {"main": 'import { x } from "./a.js";\n', "a": 'import { y } from "./main.js";\nexport const x = 1;\n'},
            "import each other: main.js -> a.js -> main.js",
        ),
        ({"main": 'import x from "./a.js";\n'}, "allowed: import { a, b } from"),
        ({"main": "export default 1;\n"}, "allowed: import { a, b } from"),
        ({"main": 'import { x as y } from "./a.js";\n', "a": "export const x = 1;\n"}, "allowed: import { a, b } from"),
        (
            {"main": 'import { x } from "./a.js";\nconst y = x;\n', "a": "export const x = 1;\nconst y = 2;\n"},
            "a.js and main.js both declare y; rename one",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, texts: dict[str, str], message: str) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        script.joined(write_modules(tmp_path, **texts))


def test_every_module_is_used_and_small() -> None:
    assert {path.name for path in script.FOLDER.glob("*.js")} == set(script.modules())
    assert max(text.count("\n") for text in script.modules().values()) <= 300


def test_the_hash_of_the_page_follows_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "page"
    shutil.copytree(build.HERE, folder)
    monkeypatch.setattr(build, "HERE", folder)
    monkeypatch.setattr(script, "FOLDER", folder / "static")
    monkeypatch.setattr(script.joined, "__defaults__", (folder / "static", script.MAIN))
    hashes = {build.parts_hash()}
    for name in ("static/dom.js", "static/page.css", "templates/macros.html.j2"):
        (folder / name).write_text((folder / name).read_text() + "\n")
        hashes.add(build.parts_hash())
    assert len(hashes) == 4


@needs_node
def test_the_joined_script_is_valid(tmp_path: Path) -> None:
    (tmp_path / "page.cjs").write_text(script.joined())
    done = subprocess.run([NODE, "--check", tmp_path / "page.cjs"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@needs_node
def test_functions_without_a_browser() -> None:
    done = subprocess.run([NODE, "--test", "tests/page/script.test.js"], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    assert int(re.search(r"(?:# |ℹ )pass (\d+)", done.stdout)[1]) >= 18


@needs_node
@pytest.mark.skipif(not ESLINT.exists(), reason="eslint is not installed; `npm ci` brings it")
def test_the_script_is_clean_for_eslint() -> None:
    folders = sorted(map(str, (paths.SCRIPTS / "study").glob("*/static")))
    done = subprocess.run(
        [ESLINT, *folders, "tools/lab/static", "tests/page", "tests/opinions", "tests/tools", "eslint.config.js"],
        cwd=paths.ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
