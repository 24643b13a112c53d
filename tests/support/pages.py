"""A small made-up study with its records, images and tables, for tests of the page without running the workflow."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from study.analysis import means
from study.core import atomic_io, columns
from study.page import build

METRICS = ("psnr_rgb", "ssim_sewar")
HOSTILE = "<img src=x onerror=alert(1)> & </script>"
COLUMNS = {
    "images": ("image", "file", "width", "height", "sha256", "source", "licence", "credit", "was_jpeg", "generation"),
    "encoded": ("image", "file", "bytes", "payload_bytes", "width", "height", "encode_s", "encode_rss", "settings",
                "versions", "status", "reason", "generation"),
    "decoded": ("image", "file", "sha256", "decode_s", "decode_rss", "versions", "status", "reason", "generation"),
}  # fmt: skip
CODECS = (("jpeg", "JPEG", "JPEG"), ("webp", "WebP", "WebP"), ("mine", HOSTILE, "Mine"))


def make(
    root: Path,
    codecs: Sequence[tuple[str, str, str]] = CODECS,
    images: Sequence[str] = ("first", "second one"),
    qualities: Sequence = (10, 30, 60),
    size: tuple[int, int] = (60, 40),
    alike: bool = False,
    failed: tuple[str, str, int] | None = ("first", "mine", 60),
) -> dict:
    """Write records, images and tables of a study into `root`/results; return the page's plan.

    Images are noise, each another one unless `alike`. `failed` is a cell (image, codec, quality) without value.
    """
    results, study = root / "results", root / "results/studies/made"
    names = {name: {"label": label, "family": family} for name, label, family in codecs}
    random = np.random.default_rng(0)
    pixels = {image: random.integers(0, 256, (size[1], size[0], 3)) for image in images}
    one = _png(pixels[images[0]])
    rows = []
    for image in images:
        atomic_io.write_bytes(results / f"images/set/{image}.png", _png(pixels[image]))
    listed = [{"image": i, "file": f"{i}.png", "width": size[0], "height": size[1], "credit": "me"} for i in images]
    atomic_io.write_rows(results / "images/set/images.csv", COLUMNS["images"], listed)
    for index, (codec, _, _) in enumerate(codecs):
        for quality in qualities:
            cell, encoded, decoded = f"set/{codec}/{quality}", [], []
            for image in images:
                lost = (image, codec, quality) == failed
                noise = random.integers(-12, 13, pixels[image].shape)
                shown = one if alike else _png(np.clip(pixels[image] + noise, 0, 255))
                row = _row(image, codec, quality, size, index)
                if lost:
                    row |= dict.fromkeys(("bytes", *columns.figures(METRICS)))
                    row |= {"status": "failed", "reason": HOSTILE}
                else:
                    _write(results / f"decoded/{cell}/{image}.png", shown)
                    _write(results / f"bitstreams/{cell}/{image}.bin", f"{cell} {image}".encode())
                ended = {"status": row["status"], "reason": row["reason"]}
                encoded.append({"image": image, "file": "" if lost else f"{image}.bin", **ended})
                decoded.append({"image": image, "file": "" if lost else f"{image}.png", **ended})
                rows.append(row)
            atomic_io.write_rows(results / f"bitstreams/{cell}/encoded.csv", COLUMNS["encoded"], encoded)
            atomic_io.write_rows(results / f"decoded/{cell}/decoded.csv", COLUMNS["decoded"], decoded)
    catalogue = {n: {**entry, "backend": "b", "parameter": "p", "settings": {}} for n, entry in names.items()}
    atomic_io.write_rows(study / "rd.csv", columns.rd_columns(METRICS), rows)
    atomic_io.write_rows(study / "means.csv", means.mean_columns(METRICS), means.means(rows, METRICS))
    atomic_io.write_rows(study / "codecs.csv", means.CODEC_COLUMNS, means.codec_rows(rows, catalogue))
    stages = [{"rule": "encode", "records": 9, "made": 2, "reused": 7, "first": "then", "last": "now"}]
    provenance = {"machine": {"processor": "abacus", "cores": 1}, "packages": {"numpy": "1"}, "records": stages}
    atomic_io.write_text(study / "provenance.json", json.dumps(provenance))
    images, out = "--images results/images/{set}/images.csv", "--out results/bitstreams/{set}"
    return {
        "study": "made",
        "config": {"study": "made", "figures": {}},
        "metrics": list(METRICS),
        "sets": {"set": ["set"]},
        "codecs": {
            name: {
                "qualities": list(qualities),
                "commands": {
                    str(quality): [
                        f"python scripts/{what}.py --codec {name} --quality {quality} {images} {out}"
                        for what in ("encode", "decode")
                    ]
                    for quality in qualities
                },
                "code": ["c0de", "c0de"],
            }
            for name in names
        },
        "files": ["rd.csv", "means.csv", "codecs.csv", "provenance.json"],
        "locks": {"study": "10c4"},
        "graph": {"edges": [["fetch_images", "encode"], ["encode", "check_cells"]], "code": {"encode": "c0de"}},
    }


def make_page(root: Path, **options) -> Path:
    """Build the page of a made-up study; `options` are those of `make`."""
    plan = make(root, **options)
    page = root / "results/studies/made/index.html"
    build.build(plan, root / "results", page)
    return page


def _row(image: str, codec: str, quality: object, size: tuple[int, int], index: int) -> dict:
    number = float(quality) if isinstance(quality, (int, float)) else 1.0
    rate = 0.02 * number * (1 + 0.1 * index)
    return dict.fromkeys(METRICS) | {
        "image_set": "set", "image": image, "codec": codec, "quality": quality, "width": size[0], "height": size[1],
        "bytes": round(rate * size[0] * size[1] / 8), "bpp": rate, "payload_bpp": 0.9 * rate,
        "psnr_rgb": 25 + 6 * np.log2(1 + rate) + index, "ssim_sewar": 1 - 0.3 / (1 + rate + index),
        "encode_s": 0.01, "decode_s": 0.02, "peak_rss": 50_000_000, "settings": "{}", "versions": "b 1",
        "status": "ok", "reason": None, "note": None, "gaps": None,
    }  # fmt: skip


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "png")
    return file.getvalue()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
