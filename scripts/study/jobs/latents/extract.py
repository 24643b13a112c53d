"""The work of a latent job: the latents of a set's images as arrays, with the bits of each element."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from study.codecs.base import LearnedCodec
from study.core import atomic_io, isolation, outcome, readers
from study.core.isolation import Limit
from study.images import png
from study.jobs import supervised
from study.latents import archive

COLUMNS = (
    "image", "file", "sha256", "width", "height", "channels", "rows", "columns", "z_channels", "z_rows", "z_columns",
    "bits_y", "bits_z", "string_bits_y", "string_bits_z", "versions", "status", "reason", "generation",
)  # fmt: skip


def extract_set(
    codec: LearnedCodec, images: Path, record: Path, generation: int = 0, limit: Limit | None = None
) -> None:
    """Write the latents of the images of an image set's record beside `record`, and `record` last.

    Each is a compressed NumPy archive of the arrays of `ARRAYS` that the codec has, float32 [channel, row, column], as
    the archive's `axes` say: y and z before quantisation; scales and means of y's distribution; bits of each element as
    the entropy coder's tables have them. `bits_y` of the record is their sum, `string_bits_y` the length of the string
    that was written. An image without latents has its status and reason, as in `coding.encode_set`.
    """
    sources = readers.read_record(images, ("image", "file", "width", "height", "sha256"))

    def start() -> Callable[[Mapping], dict]:
        skip, versions = supervised.state(codec)

        def work(source: Mapping) -> dict:
            if skip is not None:
                return outcome.without(outcome.SKIPPED, skip)
            path = record.parent / f"{source['image']}.npz"
            return {"versions": versions, **supervised.attempted(lambda: _kept(codec, images.parent, source, path))}

        return work

    rows = []
    for source, result in zip(sources, isolation.run(sources, start, limit or Limit())):
        row = {name: source[name] for name in ("image", "width", "height")} | {"generation": generation}
        rows.append(row | supervised.ended(codec, source["image"], result))
    atomic_io.write_rows(record, COLUMNS, rows)


def _kept(codec: LearnedCodec, images: Path, source: Mapping, path: Path) -> dict[str, object]:
    with supervised.same_folder():
        latents = codec.analyse(png.verified(images / source["file"], source["sha256"]))
        strings = codec.string_bytes(codec.write(latents))
        kept = archive.arrays(codec, latents)
    with atomic_io.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **kept)
    return {"status": outcome.OK, "file": path.name, "sha256": readers.sha256(path), **_sizes(kept, strings)}


def _sizes(kept: Mapping[str, np.ndarray], strings: Mapping[str, int]) -> dict[str, object]:
    row: dict[str, object] = dict(zip(("channels", "rows", "columns"), kept["y"].shape))
    if "z" in kept:
        row |= zip(("z_channels", "z_rows", "z_columns"), kept["z"].shape)
    for site in ("y", "z"):
        if f"bits_{site}" in kept:
            row[f"bits_{site}"] = float(kept[f"bits_{site}"].sum(dtype=np.float64))
        if site in strings:
            row[f"string_bits_{site}"] = 8 * strings[site]
    return row
