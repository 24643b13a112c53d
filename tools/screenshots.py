"""Remake the images of README and docs from a finished study: two of its figures, and its page in a browser.

The browser is chromium (on Debian: apt-get install chromium chromium-driver), without a window.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import atomic_io
from study.core.errors import StudyError, guarded

WINDOW = (1280, 900)
WIDTH = 1000
VIEW = "log=1&matched=1&match=0.3&crops=1&zoom=2&x=0.42&y=0.3"
TOP = 1130  # CSS pixels, to below the table of BD-rates
SECTIONS = {"images": 1600, "claims": 1230, "latents": 985}  # by id, how much of each
LOADED = "return document.documentElement.dataset.ready && [...document.images].every((img) => img.complete)"
EAGER = "for (const img of document.images) img.loading = 'eager'"
PLACE = "const box = document.getElementById(arguments[0]).getBoundingClientRect(); return box.top + scrollY"


@contextmanager
def opened(page: Path, view: str) -> Iterator[Any]:
    """A browser without a window that shows a page at a view of its address. Raises StudyError if that can't be."""
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.support.ui import WebDriverWait

    if not page.is_file():
        raise StudyError(f"there is no page {page}; run the study first (make study)")
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"):
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    try:
        browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    except WebDriverException as error:
        raise StudyError(
            f"no browser starts; on Debian: apt-get install chromium chromium-driver ({error.msg})"
        ) from None
    try:
        browser.set_window_size(*WINDOW)
        browser.get(f"{page.resolve().as_uri()}#{view}")
        browser.execute_script(EAGER)
        WebDriverWait(browser, 300).until(lambda shown: shown.execute_script(LOADED))
        yield browser
    finally:
        browser.quit()


def screenshot(browser: Any, top: float, height: float, out: Path) -> None:
    """Write an image of the page from `top` on, of that height, both in CSS pixels."""
    clip = {"x": 0, "y": top, "width": WINDOW[0], "height": height, "scale": 1}
    asked = {"clip": clip, "captureBeyondViewport": True, "format": "png"}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", asked)["data"]
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder, "shot.png")
        shot.write_bytes(base64.b64decode(taken))
        shrink(shot, out)


def shrink(image: Path, out: Path, width: int = WIDTH) -> None:
    """Write an image as WebP, at most `width` pixels wide. Raises StudyError if it is not there."""
    from PIL import Image

    if not image.is_file():
        raise StudyError(f"there is no figure {image}; run the study first (make study)")
    with Image.open(image) as opened:
        small = opened.convert("RGB")
    small.thumbnail((width, 10_000), Image.Resampling.LANCZOS)
    with atomic_io.replacing(out) as temporary:
        small.save(temporary, "webp", quality=80, method=6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add(
        "--study", type=Path, default=Path("results/studies/default"), help="folder of the study (default: %(default)s)"
    )
    add("--figures", nargs="+", default=["photos-8/average", "photos-8/bd_rate"], metavar="NAME",
        help="figures of the study, below its figures/ and without suffix (default: %(default)s)")  # fmt: skip
    add("--view", default=VIEW, help="what the page shows: the fragment of its address (default: %(default)s)")
    add("--out", type=Path, default=Path("docs/assets"), help="folder to write the images to (default: %(default)s)")
    arguments = parser.parse_args()
    for name in arguments.figures:
        shrink(arguments.study / "figures" / f"{name}.png", arguments.out / f"{Path(name).name}.webp")
    with opened(arguments.study / "index.html", arguments.view) as browser:
        screenshot(browser, 0, TOP, arguments.out / "page.webp")
        for section, height in SECTIONS.items():
            screenshot(browser, browser.execute_script(PLACE, section), height, arguments.out / f"page-{section}.webp")


if __name__ == "__main__":
    guarded(main)
