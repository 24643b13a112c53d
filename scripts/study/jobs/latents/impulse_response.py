"""The work of an impulse job: what the synthesis transform paints for one coefficient of each channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from study.codecs.base import Latents, LearnedCodec
from study.core import atomic_io, isolation, outcome, readers
from study.core.errors import CodecError, StudyError
from study.core.isolation import Limit
from study.jobs import supervised
from study.latents import archive as latents_archive

COLUMNS = (
    "channel",
    "file",
    "sha256",
    "mean",
    "amplitude",
    "peak",
    "energy",
    "versions",
    "status",
    "reason",
    "generation",
)
FILE = "impulse.npz"
SIDE = 128
LEAST = 1.0


def impulse_set(
    codec: LearnedCodec, latents: Path, record: Path, generation: int = 0, limit: Limit | None = None
) -> None:
    """Write the responses of every channel beside `record`, and `record` last; a row for each channel.

    The latent is that of an image of `SIDE` by `SIDE` pixels: everywhere the mean vector of the latents of a set's
    record (latents.csv), and one coefficient in the middle displaced by plus and minus the channel's amplitude, its
    largest deviation from the mean in the set, `LEAST` or more. `impulse.npz` has `response` float32 [channel, row,
    column, colour], half the difference of the two decoded images in levels of 255, and the pixel of its middle.
    `peak` is a response's largest value, `energy` its sum of squares. Decoded images are whole numbers within 0-255,
    so half a level is the finest response, and a strong one is limited. Without response there is one row, with
    the reason.
    """
    path = record.parent / FILE

    def start() -> Callable[[Path], dict]:
        skip, versions = supervised.state(codec)

        def work(own: Path) -> dict:
            if skip is not None:
                return outcome.without(outcome.SKIPPED, skip)
            return {"versions": versions, **supervised.attempted(lambda: _painted_all(codec, own, path))}

        return work

    (result,) = isolation.run([latents], start, limit or Limit())
    row = {"generation": generation} | supervised.ended(codec, "impulse", result)
    channels = row.pop("channels", [{}])
    atomic_io.write_rows(record, COLUMNS, [row | channel for channel in channels])


def _painted_all(codec: LearnedCodec, latents: Path, path: Path) -> dict[str, object]:
    """The columns of the record that all rows share, and under `channels` those of each."""
    with supervised.same_folder():
        mean, amplitude = _spread(latents)
        response, middle = responses(codec, mean, amplitude)
    with atomic_io.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, response=response, middle=middle)
    own = zip(mean, amplitude, np.abs(response).max((1, 2, 3)), np.square(response, dtype=np.float64).sum((1, 2, 3)))
    names = ("mean", "amplitude", "peak", "energy")
    channels = [{"channel": n, **dict(zip(names, map(float, values)))} for n, values in enumerate(own)]
    return {"status": outcome.OK, "file": path.name, "sha256": readers.sha256(path), "channels": channels}


def responses(codec: LearnedCodec, mean: np.ndarray, amplitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The responses float32 [channel, row, column, colour] to `amplitude` [channel] about `mean` [channel].

    With them the place (row, column) of the displaced coefficient's middle, in pixels. Raises CodecError.
    """
    shape = codec.analyse(np.full((SIDE, SIDE, 3), 128, np.uint8)).y.shape
    if shape[0] != len(mean):
        raise CodecError(f"the set's latents have {len(mean)} channels, the codec's {shape[0]}; extract them again")
    flat = np.broadcast_to(mean[:, None, None], shape).astype(np.float32)
    centre = shape[1] // 2, shape[2] // 2
    differences = []
    for channel, by in enumerate(amplitude):
        plus, minus = (_painted(codec, flat, (channel, *centre), sign * by) for sign in (1, -1))
        differences.append((plus - minus) / 2)
    middle = [(at + 0.5) * SIDE / count for at, count in zip(centre, shape[1:])]
    return np.stack(differences), np.array(middle, np.float32)


def load(path: str | Path) -> tuple[np.ndarray, tuple[float, float]]:
    """The responses [C, H, W, 3] of a file, and the row and column of their middle. Raises StudyError."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive["response"], tuple(map(float, archive["middle"]))
    except (OSError, ValueError, KeyError) as error:
        raise StudyError(f"can't read the responses {path}: {error}; delete the file and run the study again") from None


def _painted(codec: LearnedCodec, flat: np.ndarray, element: Sequence[int], by: float) -> np.ndarray:
    latent = flat.copy()
    latent[tuple(element)] += by
    return codec.synthesise(Latents(latent, None, (SIDE, SIDE))).astype(np.float32)


def _spread(record: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean and amplitude of each channel in the latents of a record."""
    rows = readers.read_rows(record)
    paths = [record.parent / row["file"] for row in rows if row["file"]]
    if not paths:
        raise CodecError(
            f"no image of the set has a latent: {outcome.in_words(rows[0]) if rows else 'it has no image'}"
        )
    planes = [latents_archive.load(path)["y"].astype(np.float64) for path in paths]
    values = np.concatenate([plane.reshape(len(plane), -1) for plane in planes], axis=1)
    mean = values.mean(1)
    return mean, np.maximum(np.abs(values - mean[:, None]).max(1), LEAST)
