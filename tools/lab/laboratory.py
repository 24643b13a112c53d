"""The work of the laboratory: images, their latents by a bundled codec, and edits coded as a study codes them."""

from __future__ import annotations

import base64
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from study.codecs import registry
from study.codecs.base import LearnedCodec
from study.core import errors, outcome, paths, readers
from study.core.errors import CodecError, StudyError, allowed
from study.images import png, sets
from study.jobs.latents import edit as edit_job
from study.latents import archive, edits, operations, selection
from study.latents.set_statistics import Sets
from study.metrics import registry as metric_registry
from study.planning import catalogue, entries

DROPPED = "dropped"  # the set of images that the user gave; no id of the catalogue
METRICS = ("psnr_rgb", "ms_ssim")
LARGEST_UPLOAD = 20 * 2**20  # bytes
LARGEST_IMAGE = 4_000_000  # pixels: some 4 s for an edit
KEPT_LATENTS, KEPT_DROPPED = 16, 8
TILE_COLUMNS = 16
_RAMP = np.array([(33, 102, 172), (146, 197, 222), (247, 247, 247), (244, 165, 130), (178, 24, 43)], np.float64)


class Laboratory:
    """Images of some sets and the codecs whose weights are here; answers are what JSON can hold.

    `image_sets` are ids of the catalogue; their images are made as a study makes them, in `folder`. Every method raises
    StudyError for what isn't here and for what an edit can't be.
    """

    def __init__(self, image_sets: Sequence[str], folder: Path, mirror: str | None = None) -> None:
        self._folder = folder
        self._images: dict[tuple[str, str], np.ndarray] = {}
        self._latents: OrderedDict[tuple, dict[str, Any]] = OrderedDict()
        self._codecs: dict[tuple[str, str], LearnedCodec] = {}
        self._dropped = 0
        known = catalogue.read("images")
        for name in image_sets:
            entry = catalogue.entry("image set", name, known)
            record = folder / name / "images.csv"
            for row in sets.make(name, entry, record, catalogue=known, mirror=mirror):
                self._images[name, str(row["image"])] = png.read(record.parent / str(row["file"]))

    def start(self) -> dict[str, Any]:
        """What may be chosen: images by set, codecs with their qualities, operations with their parameters."""
        images = [{"set": name, "image": image, **_size(rgb)} for (name, image), rgb in self._images.items()]
        codecs = {
            name: {"label": entry.label or name, "qualities": list(map(str, entry.qualities))}
            for name, entry in _bundled().items()
        }
        return {"images": images, "codecs": codecs, "operations": _operations(), "policies": list(edits.POLICIES)}

    def image(self, image_set: str, image: str) -> bytes:
        """An image as PNG."""
        return png.png(self._rgb(image_set, image))

    def drop(self, data: bytes) -> dict[str, Any]:
        """Take an image that the user gave, under the rules for sources of image sets; its set and name."""
        rgb = png.normalise(data).rgb
        if rgb.shape[0] * rgb.shape[1] > LARGEST_IMAGE:
            height, width, _ = rgb.shape
            most = f"{LARGEST_IMAGE // 1_000_000} megapixels"
            raise StudyError(f"the image is {width}x{height}; allowed: at most {most}; reduce it or cut a part out")
        self._dropped += 1
        name = f"image-{self._dropped}"
        self._images[DROPPED, name] = rgb
        for old in [key for key in self._images if key[0] == DROPPED][:-KEPT_DROPPED]:
            del self._images[old]
        return {"set": DROPPED, "image": name, **_size(rgb)}

    def latent(self, codec: str, quality: str, image_set: str, image: str) -> dict[str, Any]:
        """The channels of an image's latents, by site: bits, energy, their order by bits, and one image of all."""
        analysed = self._analysed(codec, quality, image_set, image)
        return {"sites": {name: _channels(site) for name, site in analysed["sites"].items()}}

    def edit(
        self, codec: str, quality: str, image_set: str, image: str, steps: Sequence[Mapping], policy: str
    ) -> dict[str, Any]:
        """Code and decode an edit of an image: rates, metrics, seconds, and the decoded image (PNG, base64).

        `steps` as in a study, without sweeps; none of them is the baseline. A bitstream that can't be written has a
        `reason` instead.
        """
        edit = _edit(steps)
        if policy not in edits.POLICIES:
            raise StudyError(f"side information: found {policy!r}; {allowed(policy, edits.POLICIES)}")
        model, original = self._codec(codec, quality), self._rgb(image_set, image)
        analysed = self._analysed(codec, quality, image_set, image)
        begun = time.perf_counter()
        row, data = self._written(model, edit, policy, analysed, (codec, quality, image_set))
        if not outcome.is_ok(row):
            return {"reason": row["reason"]}
        coded = time.perf_counter()
        try:
            decoded = model.decode(data)
        except StudyError as error:
            return {"reason": str(error)}
        finished = time.perf_counter()
        pixels = original.shape[0] * original.shape[1]
        rates = {"bpp": row["bytes"], "bpp_y": row["bytes_y"], "bpp_z": row.get("bytes_z")}
        values: dict[str, Any] = {name: None if size is None else 8 * size / pixels for name, size in rates.items()}
        if decoded.shape == original.shape:
            values |= metric_registry.score(original, decoded, METRICS)[0]
        scored = time.perf_counter()
        return {
            "values": values,
            "bytes": row["bytes"],
            "sha256": row["sha256"],
            "seconds": {"encode": coded - begun, "decode": finished - coded, "score": scored - finished},
            "image": base64.b64encode(png.png(decoded)).decode(),
            **_size(decoded),
        }

    def study(
        self, codec: str, quality: str, image_set: str, image: str, steps: Sequence[Mapping], policy: str
    ) -> dict[str, str]:
        """The edit in a study's words: `edit` alone, and `study`, a whole study of this image with this edit."""
        data = _edit(steps).data()
        for step in data:
            _name_sets(step["op"], image_set)
        experiment = {
            "images": ["lab-image"],
            "codecs": {codec: [readers.number(quality)]},
            "side_information": [policy],
            "edits": {"edit": data},
        }
        if image_set == DROPPED:
            source: dict[str, Any] = {"folder": "FOLDER-OF-YOUR-IMAGE"}
        else:
            source = {"of": image_set, "only": [image]}
        whole = {
            "study": "lab",
            "images": ["lab-image"],
            "codecs": {codec: [readers.number(quality)]},
            "metrics": list(METRICS),
            "define": {"images": {"lab-image": {"description": "The image of the laboratory.", **source}}},
            "figures": {"panels": list(METRICS)},
            "latents": {"lab": experiment},
        }
        return {"edit": _yaml({"edit": data}), "study": _yaml(whole)}

    def _written(
        self, model: LearnedCodec, edit: edits.Edit, policy: str, analysed: Mapping[str, Any], key: tuple[str, str, str]
    ) -> tuple[dict[str, Any], bytes]:
        sites = analysed["sites"]
        channels = {site: len(statistics.values) for site, statistics in sites.items()}
        problem = next(edits.problems(edit, channels), None)
        if problem:
            raise StudyError(problem)
        cells = edits.expanded({"edit": edit} if edit.steps else {}, [policy], channels)
        cell = cells[-1]
        if len(cells) > 2:
            raise StudyError("a list in the place of a parameter is a sweep, which a study can do; here give one value")
        around = {site: Around(self, site, *key) for site in edits.SITES}
        path = self._folder / f"edit.{model.extension}"
        row = edit_job.written(model, cell, analysed["latents"], sites, around, path)
        return row, path.read_bytes() if outcome.is_ok(row) else b""

    def _analysed(self, codec: str, quality: str, image_set: str, image: str) -> dict[str, Any]:
        """The latents of an image and the sites that edits select from; those asked for last are kept."""
        key, rgb = (codec, quality, image_set, image), self._rgb(image_set, image)
        if key not in self._latents:
            model = self._codec(codec, quality)
            arrays = archive.arrays(model, model.analyse(rgb))
            sites, latents = edit_job.sites_of(arrays, _size(rgb))
            self._latents[key] = {"sites": sites, "latents": latents}
        self._latents.move_to_end(key)
        while len(self._latents) > KEPT_LATENTS:
            self._latents.popitem(last=False)
        return self._latents[key]

    def _codec(self, name: str, quality: str) -> LearnedCodec:
        if (name, quality) not in self._codecs:
            known = _bundled()
            if name not in known:
                raise StudyError(f"codec {name!r} has no weights here; {allowed(name, known)}")
            qualities = list(map(str, known[name].qualities))
            if quality not in qualities:
                raise StudyError(f"codec {name}: quality {quality!r} is unknown; {allowed(quality, qualities)}")
            entry = known[name]
            model = registry.load(name, readers.number(quality), entry, _weights(entry, quality))
            if not isinstance(model, LearnedCodec):
                raise StudyError(f"codec {name} has no latents")
            if reason := model.skip():
                raise StudyError(f"codec {name} can't run: {reason}")
            model.prepare()
            self._codecs[name, quality] = model
        return self._codecs[name, quality]

    def _rgb(self, image_set: str, image: str) -> np.ndarray:
        names = self.names(image_set)
        if image not in names:
            raise StudyError(f"the image set {image_set} has no image {image!r}; {allowed(image, names)}")
        return self._images[image_set, image]

    def sets(self) -> list[str]:
        """The sets that have an image here."""
        return list(dict.fromkeys(name for name, _ in self._images))

    def names(self, image_set: str) -> list[str]:
        """The images of a set. Raises StudyError for a set that isn't here."""
        images = [image for name, image in self._images if name == image_set]
        if not images:
            raise StudyError(f"the image set {image_set!r} isn't here; {allowed(image_set, self.sets())}")
        return images

    def site(self, codec: str, quality: str, image_set: str, image: str, site: str) -> np.ndarray:
        """The latent of an image at a site, float32 [C, R, W]."""
        return self._analysed(codec, quality, image_set, image)["sites"][site].values


class Around(Sets):
    """Other images of the laboratory for the edits of an image of `own`, by one codec."""

    def __init__(self, laboratory: Laboratory, site: str, codec: str, quality: str, own: str) -> None:
        super().__init__()
        self._laboratory, self._site, self._model, self._own = laboratory, site, (codec, quality), own

    def latent(self, image: str, image_set: str | None) -> np.ndarray:
        """The latent of an image of a set, by default that of the edited image."""
        return self._of(image_set or self._own, image)

    def all(self, image_set: str) -> list[np.ndarray]:
        """The latents of all images of a set."""
        return [self._of(image_set, image) for image in self._laboratory.names(image_set)]

    def _of(self, image_set: str, image: str) -> np.ndarray:
        try:
            return self._laboratory.site(*self._model, image_set, image, self._site)
        except StudyError as error:
            raise CodecError(str(error)) from None


@cache
def _bundled() -> dict[str, entries.CodecEntry]:
    """The codecs of the catalogue whose weights come with the repository, of the qualities that have them."""
    bundled = {}
    for name, entry in entries.codecs().items():
        if entry.backend != "compressai":
            continue
        files = [_weights(entry, str(quality)) for quality in entry.qualities]
        if files and all(path is not None and path.is_file() for path in files):
            bundled[name] = entry
    return bundled


def _weights(entry: entries.CodecEntry, quality: str) -> Path | None:
    """The file of weights in the repository; None where the weights would have to be downloaded."""
    kind = registry.backend(entry.backend, entry.settings)
    source = kind.weights_source({**kind.defaults, **entry.settings}, readers.number(quality))
    return paths.ROOT / source.path if source is not None and source.path else None


def _edit(steps: Sequence[Mapping]) -> edits.Edit:
    """The edit that steps mean. Raises StudyError for what is none, and for a mask in a file."""
    try:
        edit = edits.parsed(list(steps))
    except CodecError as error:
        raise StudyError(str(error)) from None
    if edits.files_needed({"edit": edit}):
        raise StudyError("select.mask.png: the laboratory reads no file of a path; allowed: a rectangle")
    return edit


def _name_sets(op: Mapping[str, dict], image_set: str) -> None:
    """Name the set of another image that an operation takes, so that a study with this image alone finds it."""
    for parameters in op.values():
        if "image" in parameters and parameters.get("set") is None:
            parameters["set"] = image_set


def _operations() -> list[dict[str, Any]]:
    """The operations of the registry with what their parameters may be, for a form."""
    return [
        {
            "name": name,
            "summary": operation.summary,
            "parameters": [
                {"name": key, "kind": _form(key, kind), "words": kind.words, "default": operation.defaults.get(key)}
                for key, kind in operation.kinds.items()
            ],
        }
        for name, operation in operations.REGISTRY.items()
    ]


def _form(key: str, kind: operations.Kind) -> str:
    """The form's element for a parameter: that of its kind; a name is that of an image or of a set."""
    if kind in (operations.NAME, operations.NAME_OR_NONE):
        return "image" if key == "image" else "set"
    forms = {
        operations.NUMBER: "number",
        operations.POSITIVE: "positive",
        operations.WHOLE: "whole",
        operations.INDEX: "index",
        operations.COUNT: "count",
        operations.FLAG: "flag",
    }
    return forms.get(kind, "choice")


def _channels(site: selection.Site) -> dict[str, Any]:
    """What the page shows of a latent: numbers of each channel, and all channels beside each other in one PNG."""
    by = "energy" if site.bits is None else "bits"
    count, rows, columns = site.values.shape
    return {
        "channels": count,
        "rows": rows,
        "columns": columns,
        "order": selection.strongest(site, by).tolist(),
        "ordered_by": by,
        "bits": None if site.bits is None else site.bits.sum((1, 2)).round(1).tolist(),
        "energy": np.square(site.values, dtype=np.float64).mean((1, 2)).round(6).tolist(),
        "tile_columns": TILE_COLUMNS,
        "tiles": base64.b64encode(png.png(tiles(site.values))).decode(),
    }


def tiles(values: np.ndarray) -> np.ndarray:
    """The channels of a latent [C, R, W] as one image [H, W, 3], `TILE_COLUMNS` beside each other.

    Blue is below 0, white 0, red above; each channel reaches from its largest absolute value to the opposite one.
    """
    count, rows, columns = values.shape
    peaks = np.abs(values).max((1, 2), keepdims=True)
    share = (values / np.where(peaks > 0, peaks, 1) + 1) / 2 * (len(_RAMP) - 1)
    colours = np.stack([np.interp(share, np.arange(len(_RAMP)), _RAMP[:, plane]) for plane in range(3)], -1)
    lines = -(-count // TILE_COLUMNS)
    grid = np.full((lines * TILE_COLUMNS, rows, columns, 3), 255.0)
    grid[:count] = colours
    grid = grid.reshape(lines, TILE_COLUMNS, rows, columns, 3).transpose(0, 2, 1, 3, 4)
    return np.rint(grid.reshape(lines * rows, TILE_COLUMNS * columns, 3)).astype(np.uint8)


def _size(rgb: np.ndarray) -> dict[str, int]:
    return {"width": rgb.shape[1], "height": rgb.shape[0]}


def _yaml(data: object) -> str:
    return yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=110)


def answer(laboratory: Laboratory, method: str, arguments: Mapping[str, Any]) -> tuple[bool, Any]:
    """What a method says, as (True, answer), or why it can't, as (False, sentence)."""
    try:
        return True, getattr(laboratory, method)(**arguments)
    except Exception as error:
        message = errors.message(error)
        if message is None:
            raise
        return False, message
