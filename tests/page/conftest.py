"""A page of a small study, and a window of a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import page_answers
import pages
from browser import Browser
from study.page import build


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small study, moved away from its records: its folder is all that there is."""
    root = tmp_path_factory.mktemp("made")
    made = root / "results/studies/made/index.html"
    build.build(page_answers.add(root, pages.make(root)), root / "results", made)
    moved = tmp_path_factory.mktemp("sent") / "a study & more"
    shutil.move(made.parent, moved)
    shutil.rmtree(made.parents[2])
    return moved / "index.html"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(window: Browser) -> Browser:
    window.size(1280, 900)
    window.scheme("light")
    return window
