"""The images of the documentation are taken from a study's page, each of the size that was asked for."""

from pathlib import Path

import pytest
from PIL import Image

import browser
import page_answers
import pages
import screenshots
from study.core.errors import StudyError
from study.page import build


@pytest.mark.browser
@pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())
def test_a_section_is_taken_from_its_beginning(tmp_path: Path) -> None:
    page = tmp_path / "results/studies/made/index.html"
    build.build(page_answers.add(tmp_path, pages.make(tmp_path)), tmp_path / "results", page)
    with screenshots.opened(page, "log=1") as shown:
        top = shown.execute_script(screenshots.PLACE, "latents")
        heading = shown.execute_script("return document.getElementById('latents-title').getBoundingClientRect().top")
        assert 0 <= heading - top < 60 and shown.execute_script("return state.log")
        screenshots.screenshot(shown, top, 640, tmp_path / "latents.webp")
    with Image.open(tmp_path / "latents.webp") as image:
        assert image.size == (1000, 500) and sum(map(bool, image.convert("L").histogram())) > 50


def test_a_page_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(StudyError, match="run the study first"),
        screenshots.opened(tmp_path / "index.html", ""),
    ):
        pass
