"""The code hash changes with what a script runs, and with nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from study.core import paths
from study.planning import code_hash


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small project: a.py imports study.one in a function, which imports study.two relatively; three is not used."""
    folder = tmp_path / "scripts"
    (folder / "study" / "deep").mkdir(parents=True)
    (folder / "a.py").write_text("import numpy\ndef main():\n    from study import one\n")
    (folder / "study/__init__.py").write_text("")
    (folder / "study/one.py").write_text("from .two import x\nfrom study.deep import four\n")
    (folder / "study/two.py").write_text("x = 1\n")
    (folder / "study/three.py").write_text("y = 1\n")
    (folder / "study/deep/__init__.py").write_text("")
    (folder / "study/deep/four.py").write_text("from ..two import x\n")
    monkeypatch.setattr(code_hash, "SCRIPTS", folder)
    yield folder
    forget()


def fresh(*names: str) -> str:
    forget()
    return code_hash.code(*names)


def forget() -> None:
    """Clear what the module keeps of the files."""
    for function in vars(code_hash).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


@pytest.mark.parametrize("name", ["a.py", "study/__init__.py", "study/one.py", "study/two.py", "study/deep/four.py"])
def test_an_edit_of_what_is_used_changes_it(scripts: Path, name: str) -> None:
    before = fresh("a.py")
    (scripts / name).write_text((scripts / name).read_text() + "z = 2\n")
    assert fresh("a.py") != before


def test_what_is_not_used_and_comments_do_not_change_it(scripts: Path) -> None:
    before = fresh("a.py")
    (scripts / "study/three.py").write_text("y = 2\n")
    (scripts / "study/two.py").write_text("# why\nx = 1  # so\n")
    assert fresh("a.py") == before


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_only_a_type_checker_imports_does_not_count(scripts: Path, test: str) -> None:
    condition = f"if {test}:\n    from study import three\nelse:\n    import study.deep\n"
    (scripts / "study/two.py").write_text(f"import typing\nfrom typing import TYPE_CHECKING\n{condition}")
    before = fresh("a.py")
    (scripts / "study/three.py").write_text("y = 2\n")
    assert fresh("a.py") == before
    (scripts / "study/deep/__init__.py").write_text("y = 2\n")
    assert fresh("a.py") != before


def test_a_figure_of_latents_is_not_drawn_anew_for_a_downloader() -> None:
    files = code_hash.closure([paths.SCRIPTS / "plot_latents.py"])
    assert not {file.name for file in files} & {"http.py", "cache.py", "weights.py"}


def test_a_named_module_counts(scripts: Path) -> None:
    before = fresh("a.py", "study/three.py")
    assert before != fresh("a.py")
    (scripts / "study/three.py").write_text("y = 2\n")
    assert fresh("a.py", "study/three.py") != before


def test_a_moved_project_has_the_same_hash(scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh("a.py")
    shutil.copytree(scripts, tmp_path / "moved" / "scripts")
    monkeypatch.setattr(code_hash, "SCRIPTS", tmp_path / "moved" / "scripts")
    assert fresh("a.py") == before


def test_every_import_inside_the_library_is_followed() -> None:
    """The real scripts: the hash of encode.py covers the modules that Python really loads for it."""
    import subprocess
    import sys

    program = "import sys, encode; print(*[m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'study'])"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=paths.SCRIPTS, capture_output=True, text=True, check=True
    )
    closure = code_hash.closure([paths.SCRIPTS / "encode.py"])
    assert {Path(name) for name in loaded.stdout.split()} <= closure


@pytest.mark.parametrize("script", ["encode.py", "decode.py", "score.py", "fetch_images.py", "fetch_weights.py"])
def test_commands_of_cells_know_neither_edits_nor_claims_nor_what_a_study_is(script: str) -> None:
    """Else an edit of an operation on latents would encode everything again."""
    files = {file.relative_to(code_hash.SCRIPTS).as_posix() for file in code_hash.closure([code_hash.SCRIPTS / script])}
    assert not {file for file in files if file.startswith(("study/latents/", "study/analysis/"))}
    assert "study/planning/study.py" not in files


def test_a_cache_changes_no_hash_and_a_damaged_one_is_begun_anew(
    scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    without = fresh("a.py")
    code_hash._keep()
    (kept,) = (tmp_path / "cache").iterdir()
    monkeypatch.setattr(code_hash.ast, "parse", None)  # what is in the cache is not parsed again
    assert fresh("a.py") == without
    monkeypatch.undo()
    monkeypatch.setattr(code_hash, "SCRIPTS", scripts)
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    (scripts / "study/one.py").write_text("y = 2\n")
    assert fresh("a.py") != without
    (scripts / "study/one.py").write_text("from .two import x\nfrom study.deep import four\n")
    kept.write_text("{")
    assert fresh("a.py") == without
