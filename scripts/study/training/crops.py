"""Photos for training, packed into one file that is read without decoding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.training import photos

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_HASHES = "sha256"  # beside the photos, whose names end in a suffix


def files(folder: Path) -> list[Path]:
    """All photos under a folder, in order. Raises StudyError if there are none."""
    photos = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES)
    if not photos:
        raise StudyError(f"{folder} holds no images ({', '.join(SUFFIXES)}); name a folder of photos to train on")
    return photos


def pack(
    folder: Path, out: Path, longest: int = 1024, manifest: Sequence[photos.Photo] = (), use: str = photos.TRAIN
) -> int:
    """Pack all photos under `folder` into `out` (npz, uncompressed uint8 [H, W, 3] each); how many there are.

    With a manifest, only those of a `use` are packed. A photo whose longer side exceeds `longest` is reduced to it
    (Lanczos), which also removes most traces of an earlier JPEG. The sha256 of each file is packed as well. Raises
    StudyError for a folder without photos, or with others than the manifest's.
    """
    from PIL import Image

    paths = {path.relative_to(folder).as_posix(): path for path in files(folder)}
    hashes = {name: readers.sha256(path) for name, path in paths.items()}
    if manifest:
        photos.check(hashes, manifest)
        hashes = {photo.name: photo.sha256 for photo in manifest if photo.use == use}
        if not hashes:
            raise StudyError(f"the manifest has no photo of use {use}; hold some out with tools/photo_manifest.py")
    arrays = {}
    for name, path in paths.items():
        if name not in hashes:
            continue
        with Image.open(path) as image:
            image = image.convert("RGB")
        scale = longest / max(image.size)
        if scale < 1:
            image = image.resize([max(1, round(side * scale)) for side in image.size], Image.Resampling.LANCZOS)
        arrays[name] = np.asarray(image)
    with atomic_io.replacing(Path(out)) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays, **{_HASHES: np.array(list(hashes.items()))})
    return len(arrays)


def unpack(packed: Path) -> list[np.ndarray]:
    """The images in a packed file, uint8 [H, W, 3], in its order. Raises StudyError for another kind of file."""
    try:
        with np.load(packed) as content:
            return [content[name] for name in content.files if name != _HASHES]
    except (OSError, ValueError) as error:
        raise StudyError(
            f"{packed} is no file of packed photos ({error}); make it with scripts/pack_photos.py"
        ) from None


def packed_hashes(packed: Path) -> dict[str, str]:
    """The sha256 of the photos' files by name. Raises StudyError for a file that an earlier version packed."""
    with np.load(packed) as content:
        if _HASHES not in content.files:
            raise StudyError(f"{packed} tells no sha256 of its photos; pack them again with scripts/pack_photos.py")
        return {str(name): str(sha256) for name, sha256 in content[_HASHES]}


class Crops:
    """Random square crops, flipped and turned at random; the same for a seed and a step, whatever came before."""

    def __init__(self, images: list[np.ndarray], side: int, seed: int) -> None:
        self.images = [image for image in images if min(image.shape[:2]) >= side]
        if not self.images:
            raise StudyError(f"no photo is at least {side} pixels on both sides; use a smaller crop or other photos")
        area = np.array([image.shape[0] * image.shape[1] for image in self.images], dtype=np.float64)
        self.share = area / area.sum()
        self.side = side
        self.seed = seed

    def batch(self, step: int, count: int) -> np.ndarray:
        """`count` crops of a step, uint8 [count, side, side, 3]; a photo is drawn in proportion to its area."""
        rng = np.random.default_rng((self.seed, step))
        chosen = rng.choice(len(self.images), size=count, p=self.share)
        return np.stack([self._crop(self.images[index], rng) for index in chosen])

    def _crop(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = image.shape[:2]
        top = rng.integers(height - self.side + 1)
        left = rng.integers(width - self.side + 1)
        crop = image[top : top + self.side, left : left + self.side]
        crop = crop.transpose(1, 0, 2) if rng.integers(2) else crop
        return crop[:, ::-1] if rng.integers(2) else crop
