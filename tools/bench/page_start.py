"""How long the page of a large study takes from a cold start of the browser until its chart can be used.

5,760 made-up rows: 30 codecs, 8 qualities, 24 images. Every load is a browser of its own with an empty profile; prints
the medians of the seconds until the chart is painted and of the processor's seconds of the page's thread, which other
work on the machine changes little, for each of Plotly's scripts that is installed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "scripts")]

from browser import Browser, missing
from pages import make_page
from study.core.errors import StudyError, guarded
from study.figures import palette
from study.page import build

PAINTED = """const done = arguments[0], seen = () => {
  if (!document.documentElement.dataset.ready) return setTimeout(seen, 5);
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() / 1000)));
}; seen()"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="loads of each (default: %(default)s)")
    repeats = parser.parse_args().repeats
    if missing():
        raise StudyError(missing())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = write(Path(folder))
        for library in dict.fromkeys((build.library(), build.whole_library())):
            build.copy_library(page.parent / build.LIBRARY, library)
            loads = [cold(page, Path(folder, f"{library.stem}-{number}")) for number in range(repeats)]
            painted, busy = (statistics.median(seconds) for seconds in zip(*loads))
            print(
                f"{library.name} ({library.stat().st_size / 1e6:.1f} MB): chart painted after {painted:.2f} s, "
                f"{busy:.2f} s of CPU; median of {repeats}, load of the machine {os.getloadavg()[0]:.1f}",
                flush=True,
            )


def write(folder: Path) -> Path:
    """The page of a made-up study of 5,760 rows."""
    families = [name for names in palette.FAMILIES.values() for name in names]
    codecs = [(f"codec-{i}", f"Codec {i}", families[i % len(families)]) for i in range(30)]
    images = [f"kodim{i:02}" for i in range(1, 25)]
    return make_page(folder, codecs=codecs, images=images, qualities=range(1, 9), alike=True, failed=None)


def cold(page: Path, profile: Path) -> tuple[float, float]:
    """Seconds until the chart is painted in a new browser, and the processor's seconds of the page's thread."""
    browser = Browser(profile)
    try:
        browser.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        browser.driver.get(page.as_uri())
        painted = browser.driver.execute_async_script(PAINTED)
        metrics = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return painted, next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    finally:
        browser.close()


if __name__ == "__main__":
    guarded(main)
