"""The page of an opinion test: crops of originals and decoded images under names that tell nothing, and the trials."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from study.analysis.opinions.answers import FORMAT, Stimulus
from study.core import atomic_io, readers, results, typed
from study.core.cell import Cell
from study.core.errors import StudyError, allowed
from study.images import png
from study.opinions import stimuli as seen
from study.opinions import trials
from study.opinions.trials import METHODS, Options
from study.page import payload
from study.page import script as page_script

HERE = Path(__file__).parent
FOLDER = "stimuli"
NEEDED = ("study", "sets", "metric", "options")


def parts_hash() -> str:
    """16 hex digits of the content of the page's template, style and script."""
    digest = hashlib.sha256(page_script.joined(HERE / "static").encode())
    for name in ("templates/index.html.j2", "static/opinions.css"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:16]


def build(plan: Mapping, rows: Sequence[Mapping[str, str]], folder: Path, out: Path) -> None:
    """Write the page `out`, its images in `stimuli/` and its trials as `test.json` beside it.

    `plan` is what `payloads.opinion_test` gives, `rows` are those of rd.csv, `folder` is that of the results. The same
    inputs give the same bytes. Raises StudyError for a plan that lacks a key, where nothing can be compared, and for
    images that aren't there.
    """
    for key in NEEDED:
        if key not in plan:
            raise StudyError(f"the plan of the opinion test has no {key!r}; {allowed(key, plan)}")
    options = typed.built(Options, plan["options"], "opinions")
    if options.method not in METHODS:
        raise StudyError(f"opinions.method: found {options.method!r}; {allowed(options.method, METHODS)}")
    chosen = trials.chosen(rows, options)
    trials.check(rows, chosen, options)
    images = _Images(plan["sets"], folder, options)
    shutil.rmtree(out.parent / FOLDER, ignore_errors=True)
    crops = [images.crop(stimulus) for stimulus in chosen]
    pairs = [
        (first, second) for first, second in trials.pairs(chosen) if not np.array_equal(crops[first], crops[second])
    ]
    if not pairs:
        raise StudyError("all codecs decode to the same pixels at the rates of the opinion test; name other `rates`")
    used = {index for pair in pairs for index in pair}
    names = {index: images.write(out.parent / FOLDER, chosen[index], crops[index]) for index in sorted(used)}
    worst = trials.worst(rows, plan["metric"])
    originals, traps, key = {}, [], {names[index]: vars(chosen[index]) for index in names}
    for image in dict.fromkeys((chosen[index].image_set, chosen[index].image) for index in sorted(used)):
        original = Stimulus(*image, "", "", 0, 0.0)
        bad = trials.stimulus(worst[image], 0.0)
        pair = [images.write(out.parent / FOLDER, stimulus, images.crop(stimulus)) for stimulus in (original, bad)]
        key |= {name: vars(stimulus) for name, stimulus in zip(pair, (original, bad))}
        originals["/".join(image)] = pair[0]
        traps.append(pair)
    data = {
        "format": FORMAT,
        "study": plan["study"],
        "method": options.method,
        "boosted": options.boosted,
        "zoom": seen.ZOOM if options.boosted else 1,
        "counts": {name: getattr(options, name) for name in ("trials", "repeats", "traps")},
        "seed": options.seed,
        "stimuli": key,
        "originals": originals,
        "pairs": [[names[first], names[second]] for first, second in pairs],
        "traps": traps,
    }
    text = json.dumps(data, sort_keys=True)
    data["test"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    atomic_io.write_text(out.parent / "test.json", json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False))
    atomic_io.write_text(out, _page(data))


class _Images:
    """The crops of a study's images, read from its records."""

    def __init__(self, sets: Mapping[str, Sequence[str]], folder: Path, options: Options) -> None:
        self._folder = folder
        self._boosted = options.boosted
        self._side = options.crop // seen.ZOOM if options.boosted else options.crop
        self._parts: dict[tuple[str, str], tuple[str, Path]] = {}
        self._originals: dict[tuple[str, str], tuple[np.ndarray, tuple[slice, slice]]] = {}
        for name, parts in sets.items():
            for part in parts:
                record = Path(results.images(part, folder))
                for row in readers.read_record(record, ("image", "file")):
                    self._parts[name, row["image"]] = part, record.parent / row["file"]

    def crop(self, stimulus: Stimulus) -> np.ndarray:
        """The pixels that are shown of a stimulus, uint8 [H, W, 3]. Raises StudyError for an image that is gone."""
        image = stimulus.image_set, stimulus.image
        part, file = self._parts[image]
        if image not in self._originals:
            rgb = png.read(file)
            self._originals[image] = rgb, seen.busiest(rgb, self._side)
        original, where = self._originals[image]
        if not stimulus.codec:
            return original[where]
        record = Path(Cell(stimulus.image_set, part, stimulus.codec, stimulus.quality).decoded(self._folder))
        rows = {row["image"]: row for row in readers.read_record(record, ("image", "file"))}
        if not rows.get(stimulus.image, {}).get("file"):
            raise StudyError(f"{record} has no decoded image of {stimulus.image}; run the study again")
        decoded = png.read(record.parent / rows[stimulus.image]["file"])
        return seen.amplified(original[where], decoded[where]) if self._boosted else decoded[where]

    def write(self, folder: Path, stimulus: Stimulus, crop: np.ndarray) -> str:
        """Write a crop under its name, 16 hex digits that tell nothing of the codec, and give the name."""
        data = png.png(crop)
        name = hashlib.sha256(repr(stimulus).encode() + data).hexdigest()[:16]
        atomic_io.write_bytes(folder / f"{name}.png", data)
        return name


def _page(data: Mapping) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("index.html.j2").render(
        data=payload.as_text(data),
        test=data,
        css=(HERE / "static" / "opinions.css").read_text(encoding="utf-8"),
        script=page_script.joined(HERE / "static"),
    )
