"""Remake the images of the README from a finished study: two of its figures, and its page as a browser shows it.

The browser is chromium (on Debian: apt-get install chromium), without a window.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import atomic_io
from study.core.errors import StudyError, guarded

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WINDOW = (1280, 1460)
WIDTH = 1000
VIEW = "log=1&matched=1&match=0.3&zoom=3&x=0.42&y=0.3"


def screenshot(page: Path, fragment: str, out: Path) -> None:
    """An image of the page as it opens at a fragment of its address. Raises StudyError if it can't be taken."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise StudyError(f"there is no browser here, one of {', '.join(BROWSERS)}; on Debian: apt-get install chromium")
    if not page.is_file():
        raise StudyError(f"there is no page {page}; run the study first (make study)")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder, "shot.png")
        command = [browser, "--headless=new", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]
        command += ["--no-sandbox"] if os.geteuid() == 0 else []
        command += [f"--user-data-dir={folder}/profile", f"--window-size={WINDOW[0]},{WINDOW[1]}"]
        command += ["--virtual-time-budget=10000", f"--screenshot={shot}", f"{page.resolve().as_uri()}#{fragment}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if not shot.is_file():
            raise StudyError(f"{browser} took no screenshot of {page}: {done.stderr[-400:]}")
        shrink(shot, out, WINDOW[0])


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
    screenshot(arguments.study / "index.html", arguments.view, arguments.out / "page.webp")


if __name__ == "__main__":
    guarded(main)
