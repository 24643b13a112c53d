"""What a real browser makes of the page."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

import finished_studies
import pages
from browser import Browser, missing
from pages import make_page
from study.analysis import study_pair, study_verdicts
from study.core import atomic_io, readers
from study.core.paths import ROOT
from study.figures.palette import FAMILIES
from study.images import png
from study.jobs import error_maps
from study.page import build, comparison, row_files
from vision import linear

AXE = ROOT / "node_modules/axe-core/axe.min.js"
pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing())]


def sources(browser: Browser) -> list[Path]:
    """The files of the images that are shown, when all are loaded."""
    script = "return [...document.querySelectorAll('.over img[src]')].map(i => [i.src, i.complete && i.naturalWidth])"
    browser.run("document.getElementById('viewer').scrollIntoView({block: 'center'})")
    loads = browser.wait(lambda: all(loaded for _, loaded in browser.run(script)) and browser.run(script))
    return [Path(unquote(url.removeprefix("file://"))) for url, _ in loads]


def test_opens_from_the_file_system_without_errors_or_requests_elsewhere(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert len(sources(browser)) == 4
    console, requests = browser.logs()
    assert console == []
    folder = page.parent.as_uri()
    assert requests and all(url.startswith(f"{folder}/") for url in requests)
    assert browser.run("return document.querySelectorAll('#chart .scatterlayer .trace').length") == 3
    assert browser.run("return document.querySelectorAll('#viewer img[src=x]').length") == 0
    buttons = browser.run("return [...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title)")
    assert len(buttons) > 4 and not any(word in " ".join(buttons).lower() for word in ("share", "cloud"))
    assert browser.run("return $('chart')._context.plotlyServerURL") == ""
    assert pages.HOSTILE in browser.run("return document.getElementById('codecs').textContent")


@pytest.mark.parametrize("kind", ["basic", "whole"])
def test_either_of_plotlys_scripts_draws_all_of_the_chart(browser: Browser, tmp_path: Path, kind: str) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    if kind == "basic" and not build.BASIC.is_file():
        pytest.skip("the basic script is not installed; where there is npm, `make study` brings it")
    script = build.BASIC if kind == "basic" else build.whole_library()
    made = make_page(tmp_path, failed=None)
    build.copy_library(made.parent / build.LIBRARY, script)
    browser.open(made, "band=1&front=1&log=1")
    assert (made.parent / build.LIBRARY).stat().st_size == script.stat().st_size
    drawn = "return [document.querySelectorAll('#chart .scatterlayer .trace').length, $('chart').data.length]"
    assert browser.run(drawn) == [13, 13]
    fills, points, lines = "#chart .fills path", "#chart .point", "#chart .js-line"
    assert all(browser.run("return document.querySelectorAll(arguments[0]).length", one) for one in (fills, points))
    dashes = f"return [...document.querySelectorAll('{lines}')].some(line => line.style.strokeDasharray.includes(','))"
    assert browser.run(dashes) and browser.run("return $('chart')._fullLayout.xaxis.type") == "log"
    ActionChains(browser.driver).move_to_element(browser.driver.find_elements(By.CSS_SELECTOR, points)[1]).perform()
    browser.wait(lambda: "bpp" in browser.run("return document.querySelector('#chart .hoverlayer').textContent"))
    buttons = browser.run("return [...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title)")
    assert {"Download plot as a PNG", "Zoom", "Pan", "Zoom in", "Zoom out", "Autoscale", "Reset axes"} == {*buttons}
    assert browser.logs()[0] == []


def test_plotlys_scripts_are_of_one_version() -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["dependencies"]["plotly.js-basic-dist-min"]
    with build.whole_library().open(encoding="utf-8") as script:
        assert f"plotly.js v{pinned}\n" in script.read(200)


def test_a_point_that_is_clicked_shows_its_image(browser: Browser, page: Path) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    browser.open(page)
    browser.choose("#curve", '["set","second one"]')
    points = browser.driver.find_elements(By.CSS_SELECTOR, "#chart .scatterlayer .trace:nth-child(2) .point")
    assert len(points) == 3
    ActionChains(browser.driver).move_to_element(points[2]).pause(0.2).click().perform()
    browser.wait(lambda: browser.run("return state.panes[0].join()") == "webp,60")
    original, first, *_ = sources(browser)
    record = page.parent / "files"
    assert original == record / "original/set/second one.png"
    expected = record / "decoded/set/webp/60/second one.png"
    assert hashlib.sha256(first.read_bytes()).hexdigest() == hashlib.sha256(expected.read_bytes()).hexdigest()
    others = [path for path in record.rglob("*.png") if path != expected]
    assert first.read_bytes() not in [path.read_bytes() for path in others]
    assert "quality 60" in browser.run("return document.querySelector('.pair .over img').alt")
    commands = browser.run("return document.querySelector('.pair pre').textContent")
    assert "scripts/encode.py --codec webp --quality 60 " in commands
    assert "--images results/images/set/images.csv" in commands
    links = browser.run("return [...document.querySelectorAll('.pair:nth-child(2) .links a')].map(a => a.href)")
    assert Path(unquote(links[1].removeprefix("file://"))).read_bytes() == b"set/webp/60 second one"


def test_a_cell_without_value_tells_why(browser: Browser, page: Path) -> None:
    browser.open(page, "panes=mine@60")
    assert browser.run("return document.querySelector('.empty').textContent") == f"failed: {pages.HOSTILE}"
    assert pages.HOSTILE in browser.run("return document.getElementById('best').textContent")
    assert browser.run("return document.querySelectorAll('.pair:not([hidden]) img[src]').length") == 0


LOADED = "return [...document.querySelectorAll('.half img[src]')].every(i => i.complete && i.naturalWidth)"
PLACES = """return [...document.querySelectorAll('.pane:not([hidden])')].map(pane => {
  const [view, img] = ['.view', '.over img'].map(name => pane.querySelector(name).getBoundingClientRect());
  return [img.x - view.x, img.y - view.y, img.width, img.height].map(number => Math.round(100 * number)).join()})"""


def test_zoom_and_move_are_the_same_in_all_images(browser: Browser, page: Path) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    browser.open(page)
    sources(browser)
    seen = [browser.run(PLACES)]
    view = browser.driver.find_elements(By.CSS_SELECTOR, ".view")[2]
    browser.click("#pixels")
    seen.append(browser.run(PLACES))
    assert seen[-1][0].endswith("6000,4000")
    browser.run("arguments[0].focus()", view)
    browser.keys(*"++++++")
    seen.append(browser.run(PLACES))
    ActionChains(browser.driver).drag_and_drop_by_offset(view, 31, -17).perform()
    seen.append(browser.run(PLACES))
    browser.run(
        "arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: -250, ctrlKey: true, cancelable: true,"
        "clientX: arguments[0].getBoundingClientRect().x + 20, clientY: arguments[0].getBoundingClientRect().y + 30}))",
        view,
    )
    seen.append(browser.run(PLACES))
    assert all(len(places) == 4 and len(set(places)) == 1 for places in seen)
    assert len({places[0] for places in seen}) == 5
    before, after = (list(map(float, places[0].split(","))) for places in seen[2:4])
    assert [round((b - a) / 100) for a, b in zip(before, after)] == [31, -17, 0, 0]


def test_the_same_crop_is_shown_from_every_codec(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.click("#crops summary")
    count = "return document.querySelectorAll('#crops .window').length"
    browser.wait(lambda: browser.run(count) == 1 + len(pages.CODECS))
    browser.choose("#by", "psnr_rgb")
    browser.run("const n = document.getElementById('match'); n.value = 28; n.dispatchEvent(new Event('input'))")
    files = browser.run("return [...document.querySelectorAll('#crops img')].map(img => img.getAttribute('src'))")
    wanted = "return data.codecs.map(one => [one.id, nearest(state.set, state.image, one.id, 28, 'psnr_rgb')])"
    near = browser.run(wanted)
    assert [file for file in files if "/decoded/" in file] == [
        f"files/decoded/set/{codec}/{quality}/first.png" for codec, quality in near
    ]
    assert "PSNR (RGB) 28" in browser.run("return document.getElementById('crops-about').textContent")
    places = (
        "return [...new Set([...document.querySelectorAll('#crops img')].map(img => "
        "[img.offsetLeft, img.offsetTop, img.offsetWidth].join()))]"
    )
    seen = [browser.run(places)]
    for selector in ("#in", "#in", "#in", "#in", "#in", "#in", "#in", "#in"):
        browser.click(selector)
    seen.append(browser.run(places))
    assert all(len(crops) == 1 for crops in seen) and seen[0] != seen[1]
    browser.click("#matched")
    browser.run("document.querySelectorAll('#crops button')[1].click()")
    assert browser.run("return state.panes[state.active][0]") == near[1][0]
    browser.wait(lambda: "crops=1" in browser.run("return location.hash"))
    for width in (390, 768, 1280, 1920):
        browser.size(width, 900)
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), width
    browser.size(1280, 900)
    assert browser.logs()[0] == []


def test_the_address_restores_a_view(browser: Browser, page: Path) -> None:
    browser.open(page)
    for selector, value in (
        ("#metric", "ssim_sewar"), ("#image", '["set","second one"]'), ("#count", "2"), ("#mode", "absolute"),
        ("#reference", "1"), ("#gain", "4"), ("#rate", "payload_bpp"),
    ):  # fmt: skip
        browser.choose(selector, value)
    for selector in ("#log", "#db", "#codecs input[value=jpeg]", "#in", "#in"):
        browser.click(selector)
    browser.choose(".pair .codec", "mine")
    browser.choose(".pair .quality", "30")
    state, places = browser.run("return JSON.stringify(state)"), browser.run(PLACES)
    browser.wait(lambda: "mode=absolute" in browser.run("return location.hash"))
    browser.wait(lambda: "mine%4030" in browser.run("return location.hash"))
    address = browser.run("return location.hash")
    browser.open(page, address[1:])
    restored = json.loads(browser.run("return JSON.stringify(state)"))
    known = json.loads(state)
    assert {**restored, "zoom": 0, "x": 0, "y": 0} == {**known, "zoom": 0, "x": 0, "y": 0}
    assert [np.allclose([float(a) for a in one.split(",")], [float(b) for b in two.split(",")], atol=2)
            for one, two in zip(places, browser.run(PLACES))] == [True] * 3  # fmt: skip
    shown = browser.run(
        "return ['metric', 'mode', 'gain', 'rate', 'reference'].map(n => document.getElementById(n).value)"
    )
    assert shown == ["ssim_sewar", "absolute", "4", "payload_bpp", "1"]


def test_four_decoded_images_stand_beside_the_original(browser: Browser, tmp_path: Path) -> None:
    """The fourth is of a codec that no other pane shows, at a like rate; on a wide window all stand in one row."""
    families = [name for names in FAMILIES.values() for name in names]
    codecs = [(f"codec-{i}", f"Codec {i}", families[i]) for i in range(5)]
    browser.open(make_page(tmp_path, codecs=codecs, failed=None))
    before = browser.run("return state.panes.map(([codec]) => codec)")
    browser.choose("#count", "4")
    assert len(sources(browser)) == 5
    codec, quality = browser.run("return state.panes[3]")
    first = "find(state.set, state.image, ...state.panes[0]).get('bpp')"
    assert codec not in before and quality == browser.run(f"return nearest(state.set, state.image, '{codec}', {first})")
    tops = "return [...document.querySelectorAll('.pane:not([hidden]) .view')].map(e => e.getBoundingClientRect().top)"
    for width, rows in ((390, 5), (768, 2), (1280, 1), (1920, 1)):
        browser.size(width, 900)
        assert len(set(browser.run(tops))) == rows, width
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), width
    browser.size(1280, 900)
    browser.wait(lambda: browser.run("return decodeURIComponent(location.hash).split('~').length") == 4)
    address = browser.run("return location.hash")
    browser.open(tmp_path / "results/studies/made/index.html", address[1:])
    assert len(sources(browser)) == 5 and browser.run("return state.panes[3].join()") == f"{codec},{quality}"
    assert browser.logs()[0] == []


def test_panes_match_a_metric_of_which_less_is_better(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "METRICS", (*pages.METRICS, "lpips_alex"))
    plan, study = pages.make(tmp_path, failed=None), tmp_path / "results/studies/made"
    rows = readers.read_rows(study / "rd.csv")
    rows = [
        row | {"lpips_alex": f"{1 / (2 + float(row['quality']) * (1 + (row['codec'] == 'webp'))):.6f}"} for row in rows
    ]
    atomic_io.write_rows(study / "rd.csv", list(rows[0]), rows)
    build.build(plan, tmp_path / "results", study / "index.html")
    browser.open(study / "index.html")
    browser.choose("#by", "lpips_alex")
    browser.run("const box = $('match'); box.value = 0.035; box.dispatchEvent(new Event('input'))")
    expected = {codec: "10" if codec == "webp" else "30" for codec, *_ in pages.CODECS}
    assert dict(browser.run("return state.panes")) == expected
    numbers = browser.run(
        "return [...document.querySelectorAll('.pair:not([hidden]) .numbers')].map(e => e.textContent)"
    )
    assert len(numbers) == 3 and all(re.search(r"LPIPS \(AlexNet\) 0\.0(31|45)", text) for text in numbers)


def test_a_foolish_address_gives_the_page(browser: Browser, page: Path) -> None:
    browser.open(page, "panes=x@1~jpeg@77&metric=nope&set=%3Cb%3E&zoom=NaN&mode=x&active=9&reference=7&curve=gone")
    assert browser.run("return state.panes.join()") == "jpeg,10"
    assert len(sources(browser)) == 2
    assert browser.logs()[0] == []


def test_matched_rates_choose_the_nearest_quality(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.click("#matched")
    browser.run("const n = document.getElementById('match'); n.value = 1.1; n.dispatchEvent(new Event('input'))")
    for codec, quality in browser.run("return state.panes"):
        rates = {q: 0.02 * q * (1 + 0.1 * [c for c, *_ in pages.CODECS].index(codec)) for q in (10, 30, 60)}
        if codec == "mine":
            del rates[60]  # it has no value
        assert int(quality) == min(rates, key=lambda q: abs(rates[q] - 1.1))
    assert browser.run("return document.querySelector('.pair .quality').disabled")


@pytest.mark.parametrize("gain", [2, 8])
def test_error_maps_are_exact(browser: Browser, page: Path, gain: int) -> None:
    folder = page.parent / "files"
    original, decoded = (
        np.asarray(Image.open(folder / name)).astype(int)
        for name in ("original/set/first.png", "decoded/set/jpeg/30/first.png")
    )
    for mode in ("absolute", "signed"):
        browser.open(page, f"panes=jpeg@30&mode={mode}&gain={gain}&zoom=16")
        sources(browser)
        browser.wait(lambda: browser.run(LOADED))
        left, top = (int(float(number) / 100) for number in browser.run(PLACES)[0].split(",")[:2])
        seen = browser.screenshot(".pair .view")
        rows, columns = (np.arange(-(-shift // 16) + 1, (shift + size) // 16 - 1)
                         for shift, size in ((-top, seen.shape[0]), (-left, seen.shape[1])))  # fmt: skip
        at = np.ix_(rows * 16 + 8 + top, columns * 16 + 8 + left)
        difference = (decoded - original)[np.ix_(rows, columns)]
        wanted = np.abs(difference) * gain if mode == "absolute" else 127.5 + gain * difference
        assert len(rows) > 10 and len(columns) > 10
        assert np.abs(seen[at].astype(float) - np.clip(wanted, 0, 255)).max() <= 1, mode


def test_flips_map_is_shown_where_there_is_one(
    browser: Browser, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.open(page, "mode=flip")
    assert browser.run("return [...$('mode').options].some(option => option.value === 'flip')") is False
    assert browser.run("return $('mode').value") == "decoded"
    monkeypatch.setattr(pages, "METRICS", (*pages.METRICS, "flip"))
    plan, study = pages.make(tmp_path), tmp_path / "results/studies/made"
    rows = readers.read_rows(study / "rd.csv")
    atomic_io.write_rows(
        study / "rd.csv", list(rows[0]), [row | {"flip": "0.1" * (row["codec"] == "jpeg")} for row in rows]
    )
    maps = tmp_path / "results/error_maps/set/jpeg/10"
    atomic_io.write_rows(maps / "flip.csv", error_maps.COLUMNS, [{"image": "first", "file": "first.png"}])
    png.write(maps / "first.png", np.full((40, 60, 3), (252, 253, 191), np.uint8))
    build.build(plan, tmp_path / "results", study / "index.html")
    browser.open(study / "index.html", "mode=flip&panes=jpeg@10~webp@10")
    shown = sources(browser)
    assert [path.parts[-5:] for path in shown[1:]] == [("error_maps", "set", "jpeg", "10", "first.png")]
    assert browser.run("return document.querySelector('.empty').textContent") == "no value"
    hidden = "return ['#flip-note', '#gain-label', '#swipe-label'].map(one => document.querySelector(one).hidden)"
    assert browser.run(hidden) == [False, True, True]


def test_swipe_and_flicker_show_both_images(browser: Browser, page: Path) -> None:
    folder = page.parent / "files"
    original, decoded = (
        np.asarray(Image.open(folder / name)).astype(int)
        for name in ("original/set/first.png", "decoded/set/jpeg/30/first.png")
    )

    def seen() -> np.ndarray:
        sources(browser)
        browser.wait(lambda: browser.run(LOADED))
        return browser.screenshot(".pair .view")[8::16, 8::16].astype(int)

    view = "panes=jpeg@30&zoom=16&x=0&y=0"
    browser.open(page, f"{view}&mode=swipe&swipe=25")
    both = seen()
    height, width = both.shape[:2]
    border = width // 4
    assert np.abs(both[:, : border - 2] - original[:height, : border - 2]).max() <= 1
    assert np.abs(both[:, border + 2 :] - decoded[:height, border + 2 : width]).max() <= 1
    browser.open(page, f"{view}&mode=flicker&blink=0")
    first = seen()
    browser.click("#blink-once")
    second = seen()
    assert np.abs(first - decoded[:height, :width]).max() <= 1
    assert np.abs(second - original[:height, :width]).max() <= 1


def test_tables_sort(browser: Browser, page: Path) -> None:
    browser.open(page)
    column = """const t = [...document.querySelectorAll('table')].find(t => t.textContent.includes('payload bpp'));
      const h = [...t.tHead.rows[0].cells].find(c => c.textContent === arguments[0]);
      if (arguments[1]) h.querySelector('button').click();
      return [h.ariaSort, [...t.tBodies[0].rows].map(r => r.cells[h.cellIndex].dataset.value)]"""
    _, before = browser.run(column, "PSNR (RGB)", False)
    assert before.count("") == 1
    way, up = browser.run(column, "PSNR (RGB)", True)
    numbers = [float(text) for text in up[:-1]]
    assert (way, up[-1]) == ("ascending", "") and numbers == sorted(numbers) != [float(t) for t in before if t]
    way, down = browser.run(column, "PSNR (RGB)", True)
    assert way == "descending" and down == [*reversed(up[:-1]), ""]
    assert browser.run(column, "Quality", True)[1] == sorted(["10.0", "30.0", "60.0"] * 3)


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_window_in_light_and_dark(browser: Browser, page: Path, width: int, scheme: str) -> None:
    browser.size(width, 844)
    browser.scheme(scheme)
    browser.open(page)
    sources(browser)
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.run(
        "const bar = document.querySelector('.laboratory .controls'); bar.hidden = false;"
        "bar.querySelector('select').add(new Option('a name that is long '.repeat(9)))"
    )
    assert browser.run("return document.documentElement.scrollWidth") <= width
    outside = """const wide = [];
      for (const e of document.querySelectorAll('main *, header *')) {
        if (e.closest('.scroll, .half, nav, #chart, .hidden, svg, .skip')) continue;
        const r = e.getBoundingClientRect();
        if (r.width && (r.right > innerWidth + 1 || r.left < -1)) wide.push(e.outerHTML.slice(0, 80));
      }
      return wide"""
    assert browser.run(outside) == []
    overlaps = """const overlapping = [];
      for (const bar of document.querySelectorAll('.controls, .choose, #viewer, #codecs, .card, .forest li, .bench,'
        + '.gallery, .edit, .statements, main')) {
        const boxes = [...bar.children].map(e => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width && r.height);
        for (const [a, r] of boxes) for (const [b, s] of boxes)
          if (a !== b && Math.min(r.right, s.right) - Math.max(r.left, s.left) > 1
              && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 1) overlapping.push(a.outerHTML.slice(0, 60));
      }
      return overlapping"""
    assert browser.run(overlaps) == []
    assert browser.run("return document.querySelector('#chart .main-svg').getBoundingClientRect().width") <= width
    colours = browser.run(
        "const s = getComputedStyle(document.body), r = getComputedStyle(document.documentElement);"
        "const of = name => getComputedStyle(document.querySelector(name));"
        "return [r.backgroundColor, s.color, of('#chart .main-svg').backgroundColor, of('.note').color, of('a').color]"
    )
    ground, text, chart, note, link = (_luminance(colour) for colour in colours)
    assert (ground < 0.1) == (scheme == "dark") and ground == chart
    for ink, least in ((text, 7), (note, 4.5), (link, 4.5)):
        assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= least


def _luminance(colour: str) -> float:
    red, green, blue = (linear(int(part) / 255) for part in re.findall(r"\d+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_everything_is_reached_by_keyboard_and_has_a_name(browser: Browser, page: Path) -> None:
    browser.open(page)
    sources(browser)
    browser.run("scrollTo(0, 0)")
    browser.driver.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "link", "combobox", "checkbox", "spinbutton", "slider", "image", "group", "region", "table"}
    named = [(one["role"]["value"], one.get("name", {}).get("value", "")) for one in nodes if not one.get("ignored")]
    interactive = [(role, name) for role, name in named if role in roles]
    unnamed = [role for role, name in interactive if not name and role not in ("table", "group")]
    assert len(interactive) > 40 and unnamed == []
    seen = set()
    for _ in range(400):
        browser.keys("\ue004")
        seen.add(browser.run("const e = document.activeElement; return e.id || e.className || e.tagName"))
        if browser.run("return document.activeElement === [...document.querySelectorAll('#trust summary')].pop()"):
            break
    assert {"curve", "metric", "log", "image", "mode", "matched", "fit", "codec", "quality", "view", "scroll"} <= seen
    view = "document.querySelector('.pair .view')"
    browser.run(f"{view}.focus()")
    before = browser.run(PLACES)
    browser.keys("+", "+", "+", "+", "\ue012")
    after = browser.run(PLACES)
    assert after != before and len(set(after)) == 1
    browser.run("document.querySelector('#points summary').focus()")
    browser.keys("\ue007")
    buttons = "document.querySelectorAll('#points button[aria-label]')"
    browser.wait(lambda: browser.run(f"return {buttons}.length > 4"))
    browser.run(f"{buttons}[4].focus()")
    browser.keys("\ue007")
    assert browser.wait(lambda: browser.run("return state.panes[state.active].join()") == "webp,30")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; `npm ci` brings it")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_screen_reader_out(browser: Browser, page: Path, scheme: str) -> None:
    browser.scheme(scheme)
    browser.open(page)
    sources(browser)
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.run(f"{AXE.read_text(encoding='utf-8')}; window.axe = axe")
    wrong = browser.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(result => done("
        "{passes: result.passes.length, violations: result.violations.map("
        "one => [one.impact, one.id, one.nodes.map(node => node.html.slice(0, 120))])}))"
    )
    assert wrong["passes"] > 20
    assert [one for one in wrong["violations"] if one[0] in ("serious", "critical")] == []


def test_edits_and_channels_are_compared_with_the_image_without_them(browser: Browser, page: Path) -> None:
    browser.open(page)
    title = "return document.querySelector('.stage-title').textContent"
    assert browser.run(title).endswith("side information made anew: rows half")
    numbers = "return document.querySelector('.stage .numbers').textContent"
    assert browser.run(numbers) == "bpp 0.2500 (−50 %)PSNR 20.00 (−10)"
    bars = "[...document.querySelectorAll('.bar input')]"
    assert browser.run(f"return {bars}.map(bar => bar.parentNode.title.slice(0, 9)).join()") == "channel 0,channel 1"
    assert (
        browser.run(f"return {bars}[0].parentNode.title") == "channel 0: 75 % of the bits of y, PSNR +0.50 without it"
    )
    browser.run(f"{bars}[0].focus()")
    browser.keys("\ue014")
    assert browser.run(title).endswith("channel 1")
    browser.choose(".atlas select", "loss")
    assert browser.run(f"return {bars}[0].parentNode.title").startswith("channel 1: 25 % of the bits of y, PSNR −8.0")
    browser.click(".gallery li:nth-child(2) button")
    assert browser.run(numbers) == "refused: beyond the coder's range"
    assert browser.run("return document.querySelector('.edit[aria-pressed=true] strong').textContent") == "x100"
    assert browser.run(f"return {bars}.filter(bar => bar.checked).length") == 0
    browser.click(".bar")  # the channel that was shown before the edit
    assert browser.run(title).endswith("channel 1")
    cut = "return getComputedStyle(document.querySelector('.frame .after')).clipPath"
    browser.run(
        "const r = document.querySelector('.stage [type=range]'); r.value = 20; r.dispatchEvent(new Event('input'))"
    )
    assert browser.run(cut) == "inset(0px 0px 0px 20%)"
    assert browser.logs()[0] == []


def test_published_curves_are_dashed_and_can_be_left_out(browser: Browser, tmp_path: Path) -> None:
    plan = pages.make(tmp_path)
    study = tmp_path / "results/studies/made"
    (study / "published.csv").write_text(
        "source,codec,label,quality,bpp,metric,value,drawn\n"
        + "".join(f"A paper,webp,Theirs,{q},{q / 10},psnr_rgb,{30 + q},no\n" for q in (2, 1, 3))
        + "A paper,webp,Theirs,1,0.1,other,3,no\nA paper,,Another,1,0.1,psnr_rgb,31,no\n"
        + "A paper,,Drawn,1,0.1,psnr_rgb,32,yes\n"
    )
    plan["files"].append("published.csv")
    build.build(plan, tmp_path / "results", study / "index.html")
    browser.open(study / "index.html")
    curves = "return $('chart').data.filter(t => t.line.dash === 'dash').map(t => [t.name, t.x.join()])"
    assert browser.run(curves) == [["Theirs", "0.1,0.2,0.3"], ["Drawn", "0.1"]]
    browser.click("#published")
    assert browser.run(curves) == []
    browser.click("#published")
    browser.choose("#curve", '["set","first"]')
    assert browser.run(curves) == []
    assert "Published curves are means over all images" in browser.run("return $('chart-note').textContent")


def test_tags_bands_fronts_and_matching_by_a_metric(browser: Browser, tmp_path: Path) -> None:
    plan = pages.make(tmp_path, failed=None)
    plan["tags"] = {"set": {"water": ["second one"]}}
    study = tmp_path / "results/studies/made"
    build.build(plan, tmp_path / "results", study / "index.html")
    browser.open(study / "index.html")
    names = "return $('chart').data.map(trace => trace.name)"
    plain = browser.run(names)
    browser.click("#band")
    assert len(browser.run(names)) == len(plain) + 9
    browser.click("#front")
    front = "return $('chart').data.filter(trace => trace.name === 'Pareto front').map(trace => trace.y.length)"
    assert browser.run(front)[0] >= 3
    browser.choose("#by", "psnr_rgb")
    browser.run("const box = $('match'); box.value = 28; box.dispatchEvent(new Event('input'))")
    near = (
        "return state.panes.every(([codec, quality]) => codecs.get(codec).qualities.every((other) =>"
        "[quality, other].map(q => Math.abs(find(state.set, state.image, codec, q).get('psnr_rgb') - 28))"
        ".reduce((a, b) => a <= b)))"
    )
    assert browser.run("return state.matched && state.by") == "psnr_rgb" and browser.run(near)
    browser.choose("#tag", "water")
    assert browser.run("return state.image") == "second one"
    assert browser.run("return [...$('image').options].map(option => option.textContent)") == ["second one"]
    assert "means over 1 images of set with the tag water" in browser.run("return $('chart').ariaLabel")
    values = "return $('chart').data.filter(trace => trace.meta === 'webp')[0].y.join()"
    mean = browser.run(values)
    browser.choose("#curve", '["set","second one"]')
    assert browser.run(values) == mean and browser.run("return $('band').disabled")
    for width in (390, 768, 1280, 1920):
        browser.size(width, 900)
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), width
    assert browser.logs()[0] == []


def test_two_studies_compared_open_with_the_worst_image_in_turn(browser: Browser, tmp_path: Path) -> None:
    rates = {"first": 1.0, "second": 1.4, "third": 1.1}
    one = study_pair.read(finished_studies.write(tmp_path / "a"))
    two = study_pair.read(
        finished_studies.write(tmp_path / "b", rate=lambda codec, image: rates[image] if codec == "webp" else 1)
    )
    figures = study_verdicts.bd_rows(one, two, ["psnr_rgb"])
    rows = {
        "differences.csv": study_pair.differences(one, two),
        "comparison.csv": study_verdicts.comparison(one, two, figures, []),
        "worst.csv": study_verdicts.worst(figures, one, two, 2),
    }
    comparison.build(one, two, ("a", "b"), rows, tmp_path / "out")
    browser.open(tmp_path / "out/index.html")
    view = "return [state.image, state.mode, state.reference, state.panes.map(pane => pane.join()).join(' ')].join(' ')"
    assert browser.run(view) == "second flicker 1 A.webp,30 B.webp,30"
    assert [path.parent.parent.name for path in sources(browser)] == ["original", "A.webp", "B.webp"]
    assert browser.run("return document.querySelectorAll('#chart .scatterlayer .trace').length") == 4
    assert browser.run(
        "return [...document.querySelectorAll('.pair:not([hidden]) .commands')].every(box => box.hidden)"
    )
    browser.click("#worst figure:not([hidden]) tbody tr:nth-child(2) a")
    assert browser.wait(lambda: browser.run(view) == "third flicker 1 A.webp,10 B.webp,10")
    for width in (390, 768, 1280, 1920):
        browser.size(width, 900)
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), width
    assert browser.logs()[0] == []


def test_a_large_study_has_few_elements_and_loads_few_images(browser: Browser, tmp_path: Path) -> None:
    """5,760 cells, of which each element would stand for one: what a browser lays out doesn't grow with the images."""
    families = [name for names in FAMILIES.values() for name in names]
    codecs = [(f"codec-{i}", f"Codec {i}", families[i % len(families)]) for i in range(30)]
    images = [f"kodim{i:02}" for i in range(1, 25)]
    made = make_page(tmp_path, codecs=codecs, images=images, qualities=range(1, 9), alike=True, failed=None)
    assert made.stat().st_size <= 10e6
    assert made.read_text(encoding="utf-8").count("</script>") == 3
    browser.open(made)
    assert browser.run("return [data.rd.bpp.length, document.getElementById('chart').data.length]") == [5760, 30]
    assert browser.run("return document.getElementsByTagName('*').length") < 5760
    sources(browser)
    requests = [url for url in browser.logs()[1] if url.endswith(".png")]
    assert 1 <= len(requests) <= 4


def test_rows_in_files_are_loaded_with_their_images(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_files, "WHOLE", 1)
    monkeypatch.setattr(row_files, "ROWS", 1)
    made = make_page(tmp_path, images=("first", "second", "third"), failed=None)
    rates = "return document.getElementById('chart').data.map(trace => trace.x.length).join()"
    browser.open(made)
    assert browser.run("return cells.length") == 9 and not [url for url in browser.logs()[1] if "/rows/" in url]
    browser.choose("#curve", '["set","second"]')
    browser.wait(lambda: browser.run("return cells.length") == 18)
    assert browser.run(rates) == "3,3,3" and "second" in browser.run("return chart.getAttribute('aria-label')")
    assert sources(browser)[1].name == "second.png"
    browser.open(made, "image=third&curve=third")
    assert browser.run("return cells.length") == 18 and browser.run(rates) == "3,3,3"
    browser.open(made, "band=1")
    assert browser.run("return cells.length") == 27 and browser.logs()[0] == []
    for file in (made.parent / "page/rows").iterdir():
        file.unlink()
    browser.open(made)
    browser.choose("#curve", '["set","third"]')
    browser.wait(lambda: "belongs beside the page" in browser.run("return $('chart-note').textContent"))
    browser.choose("#curve", '["set","first"]')
    assert browser.run(rates) == "3,3,3" and "first" in browser.run("return chart.getAttribute('aria-label')")
