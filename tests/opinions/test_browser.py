"""An observer takes the test in a browser: what is shown, which key means what, and the file that is saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from browser import Browser, missing
from opinion_tests import made
from study.analysis.opinions import answers
from tiny_study import ROOT

AXE = ROOT / "node_modules/axe-core/axe.min.js"
pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing())]
READY = "return state.ready ? [state.list[state.at], state.at] : null"


def begin(browser: Browser, page: Path, observer: str = "ada") -> None:
    browser.driver.get("about:blank")
    browser.driver.get(page.as_uri())
    browser.run("document.getElementById('observer').value = arguments[0]", observer)
    browser.click("#begin button")


def answer(browser: Browser, number: int, key: str) -> dict:
    """Answer the comparison at a place with a key, when it is shown; gives what it was."""
    one, _ = browser.wait(lambda: (state := browser.run(READY)) and state[1] == number and state)
    browser.keys(key)
    return one


def test_an_observer_answers_with_keys_and_saves_what_was_answered(browser: Browser, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    test, page, rows = made(tmp_path)
    browser.size(1280, 900)
    browser.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path / "saved")}
    )
    begin(browser, page)
    asked = [answer(browser, number, (Keys.LEFT, Keys.RIGHT, Keys.DOWN)[number % 3]) for number in range(10)]
    assert asked[0]["kind"] == "practice"
    kinds = [one["kind"] for one in asked[1:]]
    assert [kinds.count(kind) for kind in ("trial", "repeat", "trap")] == [5, 2, 2]
    browser.wait(lambda: browser.run("return document.body.dataset.screen") == "end")
    browser.click("#save")
    file = tmp_path / "saved/made-ada.json"
    browser.wait(file.is_file)
    browser.wait(lambda: file.read_text())
    (sheet,) = answers.read_all([file], rows)
    assert (sheet.observer, sheet.simulated, sheet.scaled) == ("ada", False, False)
    assert [one.better for one in sheet.answers] == [("left", "right", "none")[number % 3] for number in range(1, 10)]
    for one, given in zip(asked[1:], sheet.answers, strict=True):
        assert given.left.codec == test["stimuli"][one["left"]]["codec"]
        assert given.right.codec == test["stimuli"][one["right"]]["codec"]
    console, requests = browser.logs()
    assert console == [] and not any(url.startswith(("http", "ws")) for url in requests)
    assert json.loads(file.read_text())["screen"]["ratio"] == 1


def test_the_images_are_shown_pixel_by_pixel_with_the_original_between(browser: Browser, tmp_path: Path) -> None:
    _, page, _ = made(tmp_path)
    browser.size(1280, 900)
    begin(browser, page)
    one, _ = browser.wait(lambda: browser.run(READY))
    shown = browser.run(
        "return [...document.querySelectorAll('#stage img')].map(i => [i.src, i.getBoundingClientRect().width, i.alt])"
    )
    test = json.loads((page.parent / "test.json").read_text())
    original = test["originals"]["set/" + test["stimuli"][one["left"]]["image"]]
    assert [Path(src).stem for src, _, _ in shown] == [one["left"], original, one["right"]]
    assert [width for _, width, _ in shown] == [24, 24, 24]
    assert not any(codec in json.dumps(shown).lower() for codec in ("jpeg", "webp", "mine"))
    text = browser.run("return document.body.innerText")
    assert not any(codec in text for codec in ("jpeg", "webp", "mine"))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("options", [{}, {"method": "pair"}, {"boosted": True}], ids=str)
def test_nothing_is_cut(browser: Browser, tmp_path: Path, width: int, options: dict) -> None:
    _, page, _ = made(tmp_path, **options)
    browser.size(width, 800)
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        begin(browser, page)
        browser.wait(lambda: browser.run(READY))
        assert browser.run("return document.documentElement.scrollWidth") <= width
        boxes = "[...document.querySelectorAll('img, button')].map(e => e.getBoundingClientRect().right)"
        cut = f"return Math.max(...{boxes}) > innerWidth"
        assert not browser.run(cut)
    assert browser.run("return document.querySelectorAll('.flicker').length") == (2 if options.get("boosted") else 0)
    assert browser.run("return document.querySelectorAll('#stage figure').length") == (2 if options else 3)


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; `npm ci` brings it")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_screen_reader_out(browser: Browser, tmp_path: Path, scheme: str) -> None:
    _, page, _ = made(tmp_path)
    browser.scheme(scheme)

    def violations() -> list:
        browser.run(f"{AXE.read_text(encoding='utf-8')}; window.axe = axe")
        return browser.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(result => done("
            "result.violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html.slice(0, 120))])))"
        )

    browser.driver.get(page.as_uri())
    assert violations() == []
    begin(browser, page)
    browser.wait(lambda: browser.run(READY))
    assert violations() == []
    browser.click("#stop")
    assert violations() == []


def test_the_images_stand_together_in_a_narrow_window(browser: Browser, tmp_path: Path) -> None:
    _, page, _ = made(tmp_path)
    browser.size(390, 1600)
    begin(browser, page)
    browser.wait(lambda: browser.run(READY))
    boxes = (
        "['original', 'left', 'right'].map(side => document.querySelector(`figure.${side}`).getBoundingClientRect())"
    )
    original, left, right = browser.run(f"return {boxes}.map(box => [box.top, box.bottom])")
    assert left == right and 0 < left[0] - original[1] <= 16


def test_a_page_without_its_images_says_so(browser: Browser, tmp_path: Path) -> None:
    _, page, _ = made(tmp_path)
    for file in (page.parent / "stimuli").iterdir():
        file.unlink()
    begin(browser, page)
    browser.wait(
        lambda: "`stimuli` must lie beside" in browser.run("return document.getElementById('count').innerText")
    )
    browser.logs()
