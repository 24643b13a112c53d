"""A real browser for the tests of the page: Debian's chromium, headless, driven by selenium."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import waiting

T = TypeVar("T")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")


def missing() -> str:
    """Why there is no browser; empty if there is one."""
    programs = {"chromium": CHROMIUM, "chromedriver": DRIVER}
    lacking = [name for name, path in programs.items() if path is None]
    return f"no {' and no '.join(lacking)} here; apt-get install chromium chromium-driver" if lacking else ""


class Browser:
    """One window of the browser."""

    def __init__(self, profile: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (
            "--headless=new",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--force-device-scale-factor=1",
            "--hide-scrollbars",
        ):
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={profile}")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.add_argument("--no-sandbox")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.size(1280, 900)

    def close(self) -> None:
        self.driver.quit()

    def size(self, width: int, height: int) -> None:
        """The window's size in CSS pixels, one device pixel each."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def scheme(self, name: str) -> None:
        """Prefer a `light` or a `dark` scheme."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, page: Path, fragment: str = "") -> None:
        """Open a page from the file system, anew, and wait until its script is done."""
        self.driver.get("about:blank")
        self.logs()
        self.driver.get(page.as_uri() + (f"#{fragment}" if fragment else ""))
        self.wait(lambda: self.run("return document.documentElement.dataset.ready"))

    def run(self, script: str, *arguments: object) -> object:
        """What a script returns in the page."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], T]) -> T:
        """The first true value of a condition."""
        return waiting.wait(condition, "what the test waits for in the browser")

    def logs(self) -> tuple[list[str], list[str]]:
        """The console's messages and the requests' addresses since the last call."""
        console = [entry["message"] for entry in self.driver.get_log("browser")]
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return console, [url for url in sent if not url.startswith(("about:", "data:"))]

    def click(self, selector: str) -> None:
        from selenium.webdriver.common.by import By

        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select element, as a user does."""
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.select import Select

        Select(self.driver.find_element(By.CSS_SELECTOR, selector)).select_by_value(value)

    def keys(self, *keys: str) -> None:
        """Press keys, one after the other."""
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def screenshot(self, selector: str):
        """The pixels of an element as uint8 [H, W, 3]."""
        import numpy as np
        from PIL import Image

        box = self.run(
            "const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
            "const r = e.getBoundingClientRect();"
            "return {x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height, scale: 1}",
            selector,
        )
        given = {"format": "png", "clip": box, "captureBeyondViewport": True}
        data = self.driver.execute_cdp_cmd("Page.captureScreenshot", given)["data"]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
