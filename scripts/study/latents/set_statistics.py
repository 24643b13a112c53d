"""What images give an edit: other images' latents, principal components and centroids of sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from study.core import readers
from study.core.errors import CodecError, allowed
from study.latents.archive import load


class Sets:
    """Statistics of sets' latents, each computed once. A subclass says where latents come from: `latent`, `all`."""

    def __init__(self) -> None:
        self._components: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._centroids: dict[tuple[str, str], np.ndarray] = {}

    def latent(self, image: str, image_set: str | None) -> np.ndarray:
        """The latent of an image, float32 [C, R, W], of the own set or another."""
        raise NotImplementedError

    def all(self, image_set: str) -> list[np.ndarray]:
        """The latents of a set's images."""
        raise NotImplementedError

    def components(self, image_set: str) -> tuple[np.ndarray, np.ndarray]:
        """Mean [C] and principal components [C, C], in rows, of the channel vectors at all positions of a set."""
        if image_set not in self._components:
            vectors = np.concatenate([values.reshape(len(values), -1) for values in self.all(image_set)], axis=1)
            vectors = vectors.astype(np.float64)
            _, directions = np.linalg.eigh(np.cov(vectors, bias=True))
            components = directions.T[::-1]
            signs = np.sign(components[np.arange(len(components)), np.abs(components).argmax(1)])
            self._components[image_set] = vectors.mean(1), components * signs[:, None]
        return self._components[image_set]

    def centroid(self, image_set: str, per: str) -> np.ndarray:
        """The mean latent of a set: [C, 1, 1] per channel (over images, rows, columns), [C, R, W] per position."""
        if (image_set, per) not in self._centroids:
            self._centroids[image_set, per] = _centroid(self.all(image_set), image_set, per)
        return self._centroids[image_set, per]


def _centroid(latents: Sequence[np.ndarray], image_set: str, per: str) -> np.ndarray:
    if per == "channel":
        return np.mean([values.mean((1, 2), dtype=np.float64) for values in latents], axis=0)[:, None, None]
    shapes = sorted({values.shape for values in latents})
    if len(shapes) > 1:
        raise CodecError(
            f"the images of the set {image_set} have latents of different shapes "
            f"({', '.join(map(str, shapes))}), so they have no centroid per position; use per: channel"
        )
    return np.mean(latents, axis=0, dtype=np.float64)


class Reference(Sets):
    """The latents of one site (`y` or `z`) in the records of sets; `own` is the set of the images that are edited.

    `records` maps the ids of sets to their records (latents.csv), one for each part that a set is cut into.
    """

    def __init__(self, site: str, own: str, records: Mapping[str, Sequence[Path]]) -> None:
        super().__init__()
        self._site = site
        self._own = own
        self._records = records

    def latent(self, image: str, image_set: str | None) -> np.ndarray:
        """The latent of an image. Raises CodecError if the set has no such image, or no latent of it."""
        name = image_set or self._own
        files = self._files(name)
        if image not in files:
            raise CodecError(f"the image set {name} has no image {image!r}; {allowed(image, files)}")
        return self._load(files[image])

    def all(self, image_set: str) -> list[np.ndarray]:
        """The latents of all images of a set. Raises CodecError if one has none."""
        return [self._load(path) for path in self._files(image_set).values()]

    def _files(self, image_set: str) -> dict[str, Path]:
        """The files of a set's latents by image."""
        files = {}
        for record in self._records.get(image_set, []):
            for row in readers.read_rows(record):
                if not row["file"]:
                    raise CodecError(f"the image {row['image']} of the set {image_set} has no latent: {row['reason']}")
                files[row["image"]] = Path(record).parent / row["file"]
        if not files:
            raise CodecError(
                f"the latents of the image set {image_set!r} are needed; {allowed(image_set, self._records)}"
            )
        return files

    def _load(self, path: Path) -> np.ndarray:
        values = load(path).get(self._site)
        if values is None:
            raise CodecError(f"{path.name} holds no latent {self._site}")
        return values
