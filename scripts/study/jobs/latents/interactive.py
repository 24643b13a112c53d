"""One edit of one image, without the workflow: for a notebook, or `tools/edit.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from study.codecs.base import LearnedCodec
from study.core import atomic_io, outcome
from study.core.columns import EDIT_RATES as RATES
from study.core.errors import CodecError, StudyError
from study.images import png
from study.images.sets import EXTENSIONS
from study.jobs.latents import edit as edit_job
from study.latents import archive, edits
from study.latents.edits import Edit
from study.latents.set_statistics import Sets
from study.metrics import registry as metric_registry


def edit(
    codec: LearnedCodec,
    image: np.ndarray,
    named: Mapping[str, Edit],
    out: Path,
    policies: Sequence[str] = edits.POLICIES,
    names: Sequence[str] = ("psnr_rgb", "ms_ssim"),
) -> list[dict[str, object]]:
    """Do edits of an image, uint8 [H, W, 3], through bitstreams, as the workflow does them; a row for each cell.

    `named` are edits by name, where `image` and `set` are the path of an image and of a folder of
    images. Rows have the columns of edits.csv that one image has: rates, the metrics `names`, and changes against
    the baseline, which comes first. Bitstreams and images are written to the folder `out`. Raises StudyError for a
    codec that can't run and for an edit that means nothing; a cell that can't be done has a status and
    a reason (see `outcome`).
    """
    skip = codec.skip()
    if skip:
        raise StudyError(f"codec {codec.name} can't run: {skip}")
    latents = codec.analyse(image)
    arrays = archive.arrays(codec, latents)
    height, width = latents.size
    sites, given = edit_job.sites_of(arrays, {"height": height, "width": width})
    around = {site: Files(codec, site) for site in edits.SITES}
    rows: list[dict[str, object]] = []
    for cell in edits.expanded(named, policies, {site: len(latent.values) for site, latent in sites.items()}):
        path = out / f"{cell.name}.{codec.extension}"
        row = {"edit": cell.edit, "value": cell.value, "site": cell.site, "side_information": cell.policy}
        row |= edit_job.written(codec, cell, given, sites, around, path)
        if outcome.is_ok(row):
            row |= _measured(codec, image, path, row, names)
        baseline = rows[0] if rows else row
        for name in (*RATES, *names):
            if row.get(name) is not None and baseline.get(name) is not None:
                row[f"delta_{name}"] = row[name] - baseline[name]
        rows.append(row)
    return rows


class Files(Sets):
    """Other images for edits, by path: `image` is an image, a set is a folder of images."""

    def __init__(self, codec: LearnedCodec, site: str) -> None:
        super().__init__()
        self._codec = codec
        self._site = site

    def latent(self, image: str, image_set: str | None) -> np.ndarray:
        """The latent of the image at a path (below the folder `image_set`, if that is given)."""
        return self._of(Path(image_set or "") / image)

    def all(self, image_set: str) -> list[np.ndarray]:
        """The latents of the images in a folder. Raises CodecError for a folder without."""
        folder = Path(image_set)
        images = sorted(path for path in folder.glob("*") if path.suffix.lower() in EXTENSIONS)
        if not images:
            raise CodecError(f"{folder} is no folder of images, which a set must be here")
        return [self._of(path) for path in images]

    def _of(self, path: Path) -> np.ndarray:
        values = getattr(self._codec.analyse(read_image(path)), self._site)
        if values is None:
            raise CodecError(f"{self._codec.name} has no latent {self._site}")
        return values


def read_image(path: str | Path) -> np.ndarray:
    """The image in a file of any form that image sets take, uint8 [H, W, 3]. Raises StudyError."""
    try:
        return png.normalise(Path(path).read_bytes()).rgb
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}") from None
    except StudyError as error:
        raise StudyError(f"{path}: {error}") from None


def _measured(
    codec: LearnedCodec, original: np.ndarray, path: Path, row: Mapping, names: Sequence[str]
) -> dict[str, object]:
    pixels = original.shape[0] * original.shape[1]
    counts = [row["bytes"], row["payload_bytes"], row["bytes_y"], row.get("bytes_z")]
    measured: dict[str, object] = {key: 8 * count / pixels for key, count in zip(RATES, counts) if count is not None}
    try:
        decoded = codec.decode(path.read_bytes())
    except StudyError as error:
        return measured | outcome.without(outcome.FAILED, error)
    atomic_io.write_bytes(path.with_suffix(".png"), png.png(decoded))
    if decoded.shape != original.shape:
        why = "the edit turned the image, so it can't be scored against the original"
        return measured | {"gaps": outcome.as_gaps(dict.fromkeys(names, why))}
    values, reasons = metric_registry.score(original, decoded, names)
    return measured | values | {"gaps": outcome.as_gaps(reasons)}
