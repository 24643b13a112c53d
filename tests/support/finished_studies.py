"""Folders of made-up finished studies, with known rate-distortion curves, for the comparison of two."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from study.analysis import means
from study.core import atomic_io, columns

METRICS = ("psnr_rgb", "butteraugli")
QUALITIES = (10, 30, 50, 70, 90)


def write(
    folder: Path,
    rate: Callable[[str, str], float] = lambda codec, image: 1.0,
    codecs: Sequence[str] = ("jpeg", "webp"),
    images: Sequence[str] = ("first", "second", "third"),
    settings: Mapping[str, object] | None = None,
    packages: Mapping[str, str] | None = None,
    scores: Mapping[str, float] | None = None,
    metrics: Sequence[str] = METRICS,
    seed: int = 0,
    files: bool = True,
    config: Mapping[str, object] | None = None,
) -> Path:
    """A finished study whose rates are `rate(codec, image)` times those of a fixed curve, at the same scores.

    `scores` moves the values of metrics; `seed` makes other original images; `config` adds keys to the study's.
    """
    random = np.random.default_rng(seed)
    rows = []
    for index, image in enumerate(images):
        pixels = random.integers(0, 256, (40, 60, 3)).astype(np.uint8)
        for codec in codecs:
            for quality in QUALITIES:
                bpp = 0.02 * quality * (1 + 0.2 * index) * rate(codec, image)
                values = {"psnr_rgb": 25 + 0.15 * quality + index, "butteraugli": 9 - 0.08 * quality}
                row = {
                    "image_set": "set",
                    "image": image,
                    "codec": codec,
                    "quality": quality,
                    "width": 60,
                    "height": 40,
                }
                row |= {"bytes": round(300 * bpp), "bpp": bpp, "payload_bpp": 0.9 * bpp, "encode_s": 0.1}
                row |= {name: values[name] + (scores or {}).get(name, 0) for name in metrics}
                row |= {"decode_s": 0.1, "peak_rss": 1e8, "settings": json.dumps(settings or {}), "versions": "lib 1"}
                rows.append(row | {"status": "ok", "reason": "", "note": "", "gaps": ""})
                if files:
                    _png(folder / f"files/decoded/set/{codec}/{quality}/{image}.png", pixels // 2 + index)
                    atomic_io.write_bytes(folder / f"files/bitstreams/set/{codec}/{quality}/{image}.bin", b"bits")
        if files:
            _png(folder / f"files/original/set/{image}.png", pixels)
    catalogue = {
        name: {"label": name.upper(), "family": name, "backend": name, "parameter": "quality", "settings": {}}
        for name in codecs
    }
    atomic_io.write_rows(folder / "rd.csv", columns.rd_columns(metrics), rows)
    atomic_io.write_rows(folder / "codecs.csv", means.CODEC_COLUMNS, means.codec_rows(rows, catalogue))
    facts = {
        "machine": {"cores": 2},
        "packages": dict(packages or {"pillow": "13.0.0"}),
        "records": [],
        "config": {"study": "one", "codecs": {name: list(QUALITIES) for name in codecs}, **(config or {})},
        "code": {name: {"encode": "0a", "decode": "0b"} for name in codecs},
        "scoring": "0c",
        "locks": {"study": "0d"},
    }
    atomic_io.write_text(folder / "provenance.json", json.dumps(facts))
    return folder


def _png(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
