"""The work of an encode job and of a decode job: all images of one set through one codec at one quality."""

from __future__ import annotations

import hashlib
import json
import resource
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from study.codecs.base import Codec
from study.core import atomic_io, isolation, outcome, programs, readers
from study.core.errors import StudyError
from study.core.isolation import Limit
from study.images import png
from study.jobs import supervised

ENCODED = (
    "image", "file", "width", "height", "bytes", "payload_bytes", "sha256",
    "parameter", "reached", "encodes", "encode_s", "encode_rss", "settings", "versions", "status", "reason", "note",
    "generation",
)  # fmt: skip
DECODED = ("image", "file", "sha256", "decode_s", "decode_rss", "versions", "status", "reason", "note", "generation")


def encode_set(codec: Codec, images: Path, record: Path, generation: int = 0, limit: Limit | None = None) -> None:
    """Encode the images of an image set's record into bitstreams beside `record`, and write `record` last.

    An image without bitstream has a status and a reason in the record (see `outcome`): it is `skipped` if the codec
    can't run here, `refused` if it can't hold this image, `failed` for an error, a crash or more than `limit`. `note`
    holds warnings. `generation` counts how often lost files were made again. For a codec at a target `parameter`,
    `reached` and `encodes` tell what the search found.
    """
    sources = readers.read_record(images, ("image", "file", "width", "height", "sha256"))
    codec.scratch = record.parent

    def start() -> Callable[[Mapping], dict]:
        skip, versions = supervised.state(codec)
        if skip is None:
            supervised.quietly(codec.prepare)
        warm = skip is not None or not codec.warms_up

        def work(source: Mapping) -> dict:
            nonlocal warm
            if skip is not None:
                return outcome.without(outcome.SKIPPED, skip)
            try:
                rgb = png.verified(images.parent / source["file"], source["sha256"])
            except StudyError as error:
                return outcome.without(outcome.FAILED, error)
            if not warm:
                supervised.quietly(lambda: codec.encode(np.ascontiguousarray(rgb[:64, :64])))
                warm = True
            row = {"versions": versions}
            return row | _measured("encode", lambda: codec.encode(rgb), lambda data: _keep(codec, data, record, source))

        return work

    settings = json.dumps(codec.settings, sort_keys=True)
    rows = []
    for source, result in zip(sources, isolation.run(sources, start, limit or Limit())):
        row = {name: source[name] for name in ("image", "width", "height")} | {
            "settings": settings,
            "generation": generation,
        }
        rows.append(row | supervised.ended(codec, source["image"], result))
    atomic_io.write_rows(record, ENCODED, rows)


def decode_set(codec: Codec, encoded: Path, record: Path, generation: int = 0, limit: Limit | None = None) -> None:
    """Decode the bitstreams of an encode job's record into PNGs beside `record`, and write `record` last.

    The images come from the bitstreams alone. Statuses are as in `encode_set`; an image that was not encoded keeps its
    status and reason.
    """
    sources = readers.read_record(encoded, ("image", "file", "width", "height", "sha256"))
    for source in sources:
        outcome.check(source, encoded)
    coded = [source for source in sources if source["file"]]
    codec.largest_pixels = max((int(source["width"]) * int(source["height"]) for source in coded), default=None)

    def start() -> Callable[[Mapping], dict]:
        skip, versions = supervised.state(codec)
        if skip is None:
            supervised.quietly(codec.prepare)
        warm = False

        def work(source: Mapping) -> dict:
            nonlocal warm
            if skip is not None:
                return outcome.without(outcome.SKIPPED, skip)
            try:
                data = _bitstream(encoded.parent / source["file"], source["sha256"])
                decoder = codec.decoder_of(source)
            except StudyError as error:
                return outcome.without(outcome.FAILED, error)
            if not warm:
                supervised.quietly(lambda: decoder.decode(data))
                warm = True
            path = record.parent / f"{source['image']}.png"
            row = {"versions": versions}
            return row | _measured("decode", lambda: decoder.decode(data), lambda rgb: _keep_image(rgb, path, source))

        return work

    results = zip(coded, isolation.run(coded, start, limit or Limit()))
    done = {source["image"]: supervised.ended(codec, source["image"], result) for source, result in results}
    rows = [
        {"image": source["image"], "generation": generation}
        | done.get(source["image"], {name: source[name] for name in ("status", "reason")})
        for source in sources
    ]
    atomic_io.write_rows(record, DECODED, rows)


def _keep(codec: Codec, data: bytes, record: Path, source: Mapping) -> dict:
    supervised.check_bitstream(data)
    name = f"{source['image']}.{codec.extension}"
    atomic_io.write_bytes(record.parent / name, data)
    return {
        "file": name,
        "bytes": len(data),
        "payload_bytes": codec.payload_bytes(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        **codec.recorded(),
    }


def _keep_image(rgb: object, path: Path, source: Mapping) -> dict:
    if not isinstance(rgb, np.ndarray):
        actual = type(rgb).__name__
        raise StudyError(f"the decoder gave {actual} as its image; a codec's `decode` gives a uint8 array [H, W, 3]")
    size = int(source["height"]), int(source["width"])
    allowed = {size, size[::-1]} if "steps" in source else {size}  # an edit may turn the image
    if rgb.shape[:2] not in allowed:
        actual = f"{rgb.shape[1]}x{rgb.shape[0]}"
        raise StudyError(f"the decoder gave an image of {actual}, and the one encoded is {size[1]}x{size[0]}")
    png.write(path, rgb)
    return {"file": path.name, "sha256": readers.sha256(path)}


def _bitstream(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudyError(
            f"can't read the bitstream {path}: {error.strerror}; run the study again to make it anew"
        ) from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StudyError(
            f"{path} isn't the bitstream that was encoded: its sha256 differs; delete it and run the study again"
        )
    return data


def _measured(stage: str, call: Callable[[], object], keep: Callable[[Any], dict]) -> dict:
    """What `keep` says of the call's result, with its time and peak memory; or the reason why there is none."""

    def attempt() -> dict:
        with warnings.catch_warnings(record=True) as caught, supervised.same_folder():
            warnings.simplefilter("always")
            _reset_peak()
            start = time.perf_counter()
            result = call()
            seconds = time.perf_counter() - start
            peak = _peak()
        return {
            f"{stage}_s": round(seconds, 6),
            f"{stage}_rss": peak,
            **keep(result),
            **outcome.ok("; ".join(sorted({" ".join(str(warning.message).split()) for warning in caught}))),
        }

    return supervised.attempted(attempt)


def _reset_peak() -> None:
    programs.reset_peak()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # not on this system: the peak is then that of the process so far
        return


def _peak() -> int:
    """Peak resident memory in bytes of this process since `_reset_peak`, or of the largest program that it ran."""
    try:
        status = Path("/proc/self/status").read_text()
        own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024
    except (OSError, StopIteration):
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return max(own, programs.peak())
