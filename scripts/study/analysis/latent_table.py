"""The tables of the latent laboratory: a row for every edited image, and a row for every channel of every latent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from study.core import outcome, readers
from study.core import results as core_results
from study.core.cell import Cell
from study.core.columns import OUTCOME
from study.core.errors import StudyError
from study.latents import archive, edits

KEY = ("experiment", "image_set", "image", "codec", "quality", "edit", "value", "site", "side_information")
RATES = ("bpp", "payload_bpp", "bpp_y", "bpp_z")
CHANNELS = (
    "image_set", "image", "codec", "quality", "site", "channel",
    "bits", "bpp", "share", "energy", "mean", "std", "sparsity", "status", "reason",
)  # fmt: skip
AGAIN = "delete it and run the study again"


def edit_columns(metrics: Sequence[str]) -> list[str]:
    """The columns of edits.csv: key, sizes, rates, metrics, changes against the baseline, costs, settings, reason."""
    changes = [f"delta_{name}" for name in (*RATES, *metrics)]
    return [
        *KEY, "width", "height", "bytes", *RATES, *metrics, *changes, "equivariance_db",
        "encode_s", "decode_s", "peak_rss", "steps", "settings", "versions", "decoded", *OUTCOME,
    ]  # fmt: skip


def edit_rows(results: Path, plan: Mapping) -> list[dict[str, object]]:
    """One row for every cell of every experiment, from the records under `results`.

    `bpp_y` and `bpp_z` are the bits of the strings of y and z per pixel of the original; with the container's header
    they make `bpp`. `delta_…` is a value minus that of the baseline under the same policy. `decoded` is the decoded
    image's path under `results`. Rows, rates and reasons are otherwise those of rd.csv (`records`).
    """
    rows = []
    for cell in plan["cells"]:
        path = Cell(cell["set"], cell["part"], cell["codec"], str(cell["quality"])).path
        paths = {
            name: Path(core_results.edited(plan["study"], cell["experiment"], path, name, "."))
            for name in ("encoded", "decoded", "scores")
        }
        records = {name: {row["image"]: row for row in _read(results / record)} for name, record in paths.items()}
        baselines: dict[tuple[str, str], dict] = {}
        for name, encoded in records["encoded"].items():
            row = {"experiment": cell["experiment"], "image_set": cell["set"], "image": encoded["source"]}
            row |= {"codec": cell["codec"], "quality": cell["quality"]}
            row |= {key: encoded[key] or None for key in ("edit", "value", "site", "side_information")}
            row |= _values(name, encoded, records, plan["metrics"])
            if row["decoded"]:
                row["decoded"] = (paths["decoded"].parent / row["decoded"]).as_posix()
            if row["edit"] == edits.BASELINE:
                baselines[row["image"], row["side_information"]] = row
            baseline = baselines.get((row["image"], row["side_information"])) or next(
                (own_baseline for (image, _), own_baseline in baselines.items() if image == row["image"]), {}
            )
            for key in (*RATES, *plan["metrics"]):
                row[f"delta_{key}"] = _difference(row.get(key), baseline.get(key))
            rows.append(row)
    return rows


def channel_rows(results: Path, plan: Mapping) -> list[dict[str, object]]:
    """One row for every channel of y and z of every latent that the experiments edit.

    `bits`: of all its elements by the entropy model's tables, `bpp` the same per pixel of the image, `share` of the
    site's bits; `energy`: mean square, `mean` and `std` of the unquantised values; `sparsity`: share of elements
    that are coded as the most probable integer of their place (0 after rounding about the mean, without known means
    about 0).
    """
    rows = []
    for latent in plan["cells"]:
        cell = Cell(latent["set"], latent["part"], latent["codec"], str(latent["quality"]))
        record = Path(cell.latents(results))
        for source in _read(record):
            same = {"image_set": latent["set"], "image": source["image"]}
            same |= {"codec": latent["codec"], "quality": latent["quality"]}
            if not source["file"]:
                rows.append({**same, "status": source["status"], "reason": source["reason"]})
                continue
            pixels = int(source["width"]) * int(source["height"])
            for site, row in _channels(archive.load(record.parent / source["file"])):
                bits: Any = row["bits"]
                rate = None if bits is None else bits / pixels
                rows.append({**same, "site": site, **row, "bpp": rate, "status": outcome.OK})
    return rows


def _channels(arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, dict[str, object]]]:
    for site in edits.SITES:
        if site not in arrays:
            continue
        values = arrays[site].astype(np.float64)
        bits = arrays[f"bits_{site}"].astype(np.float64).sum((1, 2)) if f"bits_{site}" in arrays else None
        means = arrays["means"] if site == "y" and "means" in arrays else 0.0
        zeros = (np.rint(values - means) == 0).mean((1, 2))
        for channel, plane in enumerate(values):
            yield (
                site,
                {
                    "channel": channel,
                    "bits": None if bits is None else float(bits[channel]),
                    "share": None if bits is None else float(bits[channel] / bits.sum()),
                    "energy": float(np.square(plane).mean()),
                    "mean": float(plane.mean()),
                    "std": float(plane.std()),
                    "sparsity": float(zeros[channel]),
                },
            )


def _values(name: str, encoded: Mapping, records: Mapping, metrics: Sequence[str]) -> dict[str, object]:
    decoded, scores = (records[stage].get(name, {}) for stage in ("decoded", "scores"))
    pixels = int(encoded["width"]) * int(encoded["height"])
    size, payload, y, z = (_number(encoded.get(key)) for key in ("bytes", "payload_bytes", "bytes_y", "bytes_z"))
    return {
        "width": int(encoded["width"]),
        "height": int(encoded["height"]),
        "bytes": None if size is None else int(size),
        **{key: None if count is None else 8 * count / pixels for key, count in zip(RATES, (size, payload, y, z))},
        **{metric: _number(scores.get(metric)) for metric in metrics},
        "equivariance_db": _number(scores.get("equivariance_db")),
        "encode_s": _number(encoded.get("encode_s")),
        "decode_s": _number(decoded.get("decode_s")),
        "peak_rss": _number(decoded.get("decode_rss")),
        "steps": encoded["steps"],
        "settings": encoded["settings"],
        "versions": encoded["versions"],
        "decoded": decoded.get("file") or None,
        **_outcome(encoded, decoded, scores),
    }


def _outcome(encoded: Mapping, decoded: Mapping, scores: Mapping) -> dict[str, object]:
    """How a cell ended: as its first job that was not `ok`, or `ok` with what its metrics lack."""
    ended = next((row for row in (encoded, decoded, scores) if row and not outcome.is_ok(row)), None)
    if ended is not None:
        return {"status": ended["status"], "reason": ended["reason"], "note": None, "gaps": None}
    return {"status": outcome.OK, "reason": None, "note": decoded.get("note"), "gaps": scores.get("gaps") or None}


def _number(text: str | None) -> float | None:
    return float(text) if text else None


def _difference(value: Any, baseline: Any) -> float | None:
    return None if value is None or baseline is None else float(value) - float(baseline)


def _read(path: Path) -> list[dict[str, str]]:
    try:
        rows = readers.read_rows(path)
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; run the study again") from None
    for row in rows:
        outcome.check(row, path)
    return rows
