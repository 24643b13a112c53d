"""The file of one image's latents: a NumPy archive of named arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from study.codecs.base import Latents, LearnedCodec
from study.core import readers
from study.core.errors import StudyError
from study.core.outcome import AGAIN

ARRAYS = ("y", "z", "scales", "means", "bits_y", "bits_z")
AXES = ("channel", "row", "column")


def load(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of an image's latents. Raises StudyError for a file that can't be read."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name in ARRAYS}
    except (OSError, ValueError, zipfile.BadZipFile, KeyError) as error:
        raise StudyError(f"can't read the latents {path}: {error}; delete the file and run the study again") from None


def verified(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """As `load`, of the file that a record names. Raises StudyError if it is another."""
    if path.is_file() and readers.sha256(path) != sha256:
        raise StudyError(f"{path} isn't the file of latents that its record tells of: its sha256 differs; {AGAIN}")
    return load(path)


def arrays(codec: LearnedCodec, latents: Latents) -> dict[str, np.ndarray]:
    """The arrays of `ARRAYS` that a codec has for an image's latents, and their axes."""
    statistics = codec.statistics(latents)
    named = {"y": latents.y, "z": latents.z, **{name: getattr(statistics, name) for name in ARRAYS[2:]}}
    kept = {name: np.asarray(values, np.float32) for name, values in named.items() if values is not None}
    return kept | {"axes": np.array(AXES)}
