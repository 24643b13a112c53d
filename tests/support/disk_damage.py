"""Damage of bitstreams on the disk, between the encoding and the decoding of a study."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from study.codecs.base import Codec
from study.core import atomic_io, readers
from study.jobs import encode_decode

DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "flipped": lambda data: data[:-3] + bytes([data[-3] ^ 4]) + data[-2:],
    "cut": lambda data: data[:-1],
    "longer": lambda data: data + b"\0",
    "empty": lambda data: b"",
    "gone": lambda data: None,
}


def decoded_after_damage(codec: Codec, rgb: np.ndarray, folder: Path) -> dict[str, dict[str, str]]:
    """The rows of a decode job by kind of damage, and `whole`; bitstreams were damaged after they were recorded."""
    data = codec.encode(rgb)
    rows = []
    for name in ("whole", *DAMAGE):
        file = folder / f"{name}.{codec.extension}"
        changed = DAMAGE[name](data) if name in DAMAGE else data
        if changed is not None:
            file.write_bytes(changed)
        size = {"width": rgb.shape[1], "height": rgb.shape[0]}
        sha256 = hashlib.sha256(data).hexdigest()
        rows.append({"image": name, "file": file.name, **size, "sha256": sha256, "status": "ok", "reason": ""})
    atomic_io.write_rows(folder / "encoded.csv", tuple(rows[0]), rows)
    encode_decode.decode_set(codec, folder / "encoded.csv", folder / "decoded" / "decoded.csv")
    return {row["image"]: row for row in readers.read_rows(folder / "decoded" / "decoded.csv")}
