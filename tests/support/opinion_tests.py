"""Made-up opinion tests: one without images, as test.json and rows of rd.csv, and a page of a made-up study."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pages
from study.analysis.opinions.answers import Stimulus
from study.core import readers
from study.opinions import build

OPTIONS = {"rates": [0.2, 0.6], "crop": 24, "trials": 5, "repeats": 2, "traps": 2}
METRICS = ("psnr_rgb", "ssim_sewar")


def rows(codecs: Sequence[str], images: Sequence[str], rates: Sequence[float] = (0.25,)) -> list[dict[str, str]]:
    """Rows of rd.csv: the later a codec stands, the better its PSNR and the worse its SSIM."""
    return [
        {
            "image_set": "set", "image": image, "codec": codec, "quality": str(number), "bytes": str(1000 + number),
            "bpp": str(rate), "psnr_rgb": str(30 + index), "ssim_sewar": str(0.9 - 0.01 * index), "status": "ok",
        }
        for image in images
        for index, codec in enumerate(codecs)
        for number, rate in enumerate(rates)
    ]  # fmt: skip


def trials_of(table: Sequence[dict[str, str]], trials: int = 40, repeats: int = 4, traps: int = 4) -> dict:
    """A test.json that compares all codecs of the rows at each rate."""
    cells = [
        Stimulus(row["image_set"], row["image"], row["codec"], row["quality"], int(row["bytes"]), float(row["bpp"]))
        for row in table
    ]
    images = list(dict.fromkeys(one.image for one in cells))
    originals = [Stimulus("set", image, "", "", 0, 0.0) for image in images]
    names = {one: f"{number:016x}" for number, one in enumerate([*cells, *originals])}
    pairs = [
        [names[one], names[other]]
        for one, other in itertools.combinations(cells, 2)
        if (one.image, one.rate) == (other.image, other.rate)
    ]
    worst = {image: next(one for one in cells if one.image == image) for image in images}
    return {
        "format": 1, "study": "made", "test": "00000000000000aa", "method": "triplet", "boosted": False, "seed": 0,
        "counts": {"trials": trials, "repeats": repeats, "traps": traps},
        "stimuli": {name: vars(one) for one, name in names.items()},
        "originals": {f"set/{one.image}": names[one] for one in originals},
        "pairs": pairs,
        "traps": [[names[one], names[worst[one.image]]] for one in originals],
    }  # fmt: skip


def made(root: Path, **options: object) -> tuple[dict, Path, list[dict[str, str]]]:
    """The page of a test on a made-up study in `root`: its test.json, the page, and the rows of rd.csv."""
    plan = pages.make(root)
    rd = readers.read_rows(root / "results/studies/made/rd.csv")
    out = root / "results/studies/made/opinions/index.html"
    test = {"study": "made", "sets": plan["sets"], "metric": "psnr_rgb", "options": OPTIONS | options}
    build.build(test, rd, root / "results", out)
    return json.loads((out.parent / "test.json").read_text()), out, rd
