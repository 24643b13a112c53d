"""The work of an encode job and of a decode job: all pictures of one set through one codec at one quality."""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from study import files, images
from study.codecs import Codec
from study.errors import CodecError, StudyError

ENCODED = (
    "image", "file", "width", "height", "bytes", "payload_bytes", "sha256",
    "encode_s", "encode_rss", "settings", "versions", "reason", "remade",
)  # fmt: skip
DECODED = ("image", "file", "sha256", "decode_s", "decode_rss", "versions", "reason", "remade")


def encode_set(codec: Codec, pictures: Path, record: Path, remade: int = 0) -> None:
    """Encode the pictures of an image set's record into bitstreams beside `record`, and write `record` last.

    A picture without bitstream has its reason in the record: `skipped: ` (the codec can't run here),
    `refused: ` (it can't hold this picture) or `failed: ` (an error). `remade` counts how often lost files were made
    again.
    """
    skip = codec.skip()
    same = {"settings": json.dumps(codec.settings, sort_keys=True), "versions": codec.versions() if not skip else ""}
    rows = []
    sources = files.read_rows(pictures)
    if not skip and sources:
        _warm_up(codec, images.read(pictures.parent / sources[0]["file"]))
    for source in sources:
        row = {"image": source["image"], "width": source["width"], "height": source["height"], "remade": remade, **same}
        if skip:
            row["reason"] = f"skipped: {skip}"
        else:
            rgb = images.read(pictures.parent / source["file"])
            row |= _measured(
                "encode", lambda rgb=rgb: codec.encode(rgb), lambda data, row=row: _keep(codec, data, record, row)
            )
        rows.append(row)
        _tell(codec, row)
    files.write_rows(record, ENCODED, rows)


def decode_set(codec: Codec, encoded: Path, record: Path, remade: int = 0) -> None:
    """Decode the bitstreams of an encode job's record into PNGs beside `record`, and write `record` last.

    The pictures come from the bitstreams alone. Reasons are as in `encode_set`; a picture that was not encoded
    keeps its reason.
    """
    skip = codec.skip()
    versions = codec.versions() if not skip else ""
    rows = []
    warm = False
    for source in files.read_rows(encoded):
        row = {"image": source["image"], "remade": remade, "versions": versions}
        if not source["file"]:
            row["reason"] = source["reason"]
        elif skip:
            row["reason"] = f"skipped: {skip}"
        else:
            bitstream = _bitstream(encoded.parent / source["file"], source["sha256"])
            if not warm:
                _quietly(lambda data=bitstream: codec.decode(data))
                warm = True
            name = f"{source['image']}.png"
            row |= _measured(
                "decode",
                lambda data=bitstream: codec.decode(data),
                lambda rgb, name=name: _keep_picture(rgb, record.parent / name),
            )
            _tell(codec, row)
        rows.append(row)
    files.write_rows(record, DECODED, rows)


def _keep(codec: Codec, data: bytes, record: Path, row: Mapping) -> dict:
    name = f"{row['image']}.{codec.extension}"
    files.write_bytes(record.parent / name, data)
    return {
        "file": name,
        "bytes": len(data),
        "payload_bytes": codec.payload_bytes(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _keep_picture(rgb: np.ndarray, path: Path) -> dict:
    images.write(path, rgb)
    return {"file": path.name, "sha256": files.sha256(path)}


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


def _measured(stage: str, call: Callable[[], object], keep: Callable[[object], dict]) -> dict:
    """What `keep` says of the call's result, with its time and peak memory; or the reason why there is none."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _reset_peak()
            start = time.perf_counter()
            result = call()
            seconds = time.perf_counter() - start
            peak = _peak()
        return {
            **keep(result),
            f"{stage}_s": round(seconds, 6),
            f"{stage}_rss": peak,
            "reason": "; ".join(sorted({f"warning: {' '.join(str(warning.message).split())}" for warning in caught})),
        }
    except CodecError as error:
        return {"reason": f"refused: {error}"}
    except StudyError as error:
        return {"reason": f"failed: {error}"}
    except OSError:
        raise
    except Exception as error:
        return {"reason": f"failed: {type(error).__name__}: {' '.join(str(error).split())[:500]}"}


def _warm_up(codec: Codec, rgb: np.ndarray) -> None:
    """Load what a codec loads at its first call, on a small part of a picture."""
    _quietly(lambda: codec.encode(np.ascontiguousarray(rgb[:64, :64])))


def _quietly(call: Callable[[], object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except Exception:  # the measured call will tell
            return


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # not on this system: the peak is then that of the process so far
        return


def _peak() -> int:
    """Peak resident memory in bytes of this process since `_reset_peak`, or of its largest child if that is more."""
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    try:
        status = Path("/proc/self/status").read_text()
        own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024
    except (OSError, StopIteration):
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return max(own, child)


def _tell(codec: Codec, row: Mapping) -> None:
    if row.get("reason"):
        print(f"{codec.name} {codec.quality} {row['image']}: {row['reason']}", file=sys.stderr)
