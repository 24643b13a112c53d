"""One edit of one picture, without the workflow: for a notebook, or `scripts/edit.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from study import files, images, metrics
from study.codecs import LearnedCodec
from study.errors import CodecError, StudyError
from study.imagesets import EXTENSIONS
from study.latents import apply, edits, extract
from study.latents.reference import Sets
from study.latents.table import RATES


def edit(
    codec: LearnedCodec,
    picture: np.ndarray,
    named: Mapping[str, object],
    out: Path,
    policies: Sequence[str] = edits.POLICIES,
    names: Sequence[str] = ("psnr_rgb", "ms_ssim"),
) -> list[dict[str, object]]:
    """Do edits of a picture, uint8 [H, W, 3], through bitstreams, as the workflow does them; a row for each cell.

    `named` are edits by name, as in a config, where `image` and `set` are the path of a picture and of a folder of
    pictures. Rows have the columns of edits.csv that one picture has: rates, the metrics `names`, and changes against
    the control, which comes first. Bitstreams and pictures are written to the folder `out`. Raises StudyError for a
    codec that can't run and for an edit that means nothing; a cell that can't be done has a `reason`.
    """
    skip = codec.skip()
    if skip:
        raise StudyError(f"codec {codec.name} can't run: {skip}")
    latents = codec.analyse(picture)
    arrays = extract.arrays(codec, latents)
    height, width = latents.size
    sites, given = apply.sites_of(arrays, {"height": height, "width": width})
    around = {site: Files(codec, site) for site in edits.SITES}
    rows: list[dict[str, object]] = []
    for cell in edits.expanded(named, policies, {site: len(each.values) for site, each in sites.items()}):
        path = out / f"{cell.name}.{codec.extension}"
        row = {"edit": cell.edit, "value": cell.value, "site": cell.site, "side_information": cell.policy}
        row |= apply.written(codec, cell, given, sites, around, path)
        if not row.get("reason"):
            row |= _measured(codec, picture, path, row, names)
        control = rows[0] if rows else row
        for name in (*RATES, *names):
            if row.get(name) is not None and control.get(name) is not None:
                row[f"delta_{name}"] = row[name] - control[name]
        rows.append(row)
    return rows


class Files(Sets):
    """Other pictures for edits, by path: `image` is a picture, a set is a folder of pictures."""

    def __init__(self, codec: LearnedCodec, site: str) -> None:
        super().__init__()
        self._codec = codec
        self._site = site

    def latent(self, image: str, image_set: str | None) -> np.ndarray:
        """The latent of the picture at a path (below the folder `image_set`, if that is given)."""
        return self._of(Path(image_set or "") / image)

    def all(self, image_set: str) -> list[np.ndarray]:
        """The latents of the pictures in a folder. Raises CodecError for a folder without."""
        folder = Path(image_set)
        pictures = sorted(path for path in folder.glob("*") if path.suffix.lower() in EXTENSIONS)
        if not pictures:
            raise CodecError(f"{folder} is no folder of pictures, which a set must be here")
        return [self._of(path) for path in pictures]

    def _of(self, path: Path) -> np.ndarray:
        found = getattr(self._codec.analyse(picture(path)), self._site)
        if found is None:
            raise CodecError(f"{self._codec.name} has no latent {self._site}")
        return found


def picture(path: str | Path) -> np.ndarray:
    """The picture in a file of any form that image sets take, uint8 [H, W, 3]. Raises StudyError."""
    try:
        return images.normalise(Path(path).read_bytes()).rgb
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}") from None
    except StudyError as error:
        raise StudyError(f"{path}: {error}") from None


def _measured(
    codec: LearnedCodec, original: np.ndarray, path: Path, row: Mapping, names: Sequence[str]
) -> dict[str, object]:
    pixels = original.shape[0] * original.shape[1]
    counts = [row["bytes"], row["payload_bytes"], row["bytes_y"], row.get("bytes_z")]
    found: dict[str, object] = {key: 8 * count / pixels for key, count in zip(RATES, counts) if count is not None}
    try:
        decoded = codec.decode(path.read_bytes())
    except StudyError as error:
        return found | {"reason": f"failed: {error}"}
    files.write_bytes(path.with_suffix(".png"), images.png(decoded))
    if decoded.shape != original.shape:
        return found | {"reason": "refused: the edit turned the picture, so it can't be scored against the original"}
    values, reasons = metrics.score(original, decoded, names)
    return found | values | {"reason": "; ".join(f"{name}: {why}" for name, why in reasons.items())}
