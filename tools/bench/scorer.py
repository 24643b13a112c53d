"""Measure the scorer: CPU time of sewar's four metrics over ours of the whole registry, and the largest differences."""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from study.core.errors import guarded

SEWAR = ("psnr_rgb", "ssim_sewar", "msssim_sewar", "vifp_sewar")
TARGET = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, help="8-bit RGB PNG (default: a packaged photo, made 768x512)")
    parser.add_argument("--picture", type=Path, help="8-bit RGB PNG (default: the reference through JPEG, quality 50)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="sewar once and ours ten times in each (default: %(default)s)"
    )
    arguments = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    reference, picture = pair(arguments.reference, arguments.picture)
    compare(reference, picture)
    measure(reference, picture, arguments.rounds)


def pair(reference: Path | None, picture: Path | None) -> tuple:
    """The two images, uint8 [H, W, 3]."""
    import numpy as np
    from PIL import Image

    from study.images import png

    if reference is None:
        from skimage import data

        photo = Image.fromarray(data.coffee()).resize((768, 512), Image.Resampling.LANCZOS)
        original = np.asarray(photo)
    else:
        original = png.read(reference)
    if picture is not None:
        return original, png.read(picture)
    stream = io.BytesIO()
    Image.fromarray(original).save(stream, "JPEG", quality=50)
    return original, np.asarray(Image.open(stream))


def compare(reference, picture) -> None:
    """Print each metric's value and its difference from the library."""
    from study.metrics import registry as metric_registry

    ours, reasons = metric_registry.score(reference, picture)
    theirs, _ = metric_registry.score(reference, picture, engine="library")
    print(f"{'metric':<14}{'value':>18}{'|difference|':>15}")
    for name in metric_registry.REGISTRY:
        if name in ours:
            print(f"{name:<14}{ours[name]:>18.12f}{abs(ours[name] - theirs[name]):>15.1e}")
        else:
            print(f"{name:<14}none: {reasons[name]}")


def measure(reference, picture, rounds: int) -> None:
    """Print the CPU times of both on one thread, turn by turn in this process, and the ratio of their medians."""
    from study.metrics import registry as metric_registry

    seconds: dict[str, list[float]] = {"sewar": [], "ours": []}
    for _ in range(rounds):
        seconds["sewar"].append(_cpu(lambda: metric_registry.score(reference, picture, SEWAR, engine="library")))
        seconds["ours"] += [_cpu(lambda: metric_registry.score(reference, picture)) for _ in range(10)]
    sewar, ours = (statistics.median(seconds[name]) for name in ("sewar", "ours"))
    size = f"{reference.shape[1]}x{reference.shape[0]}"
    print(f"sewar, 4 metrics of a {size} pair: {sewar:.2f} CPU s")
    print(f"ours, all {len(metric_registry.REGISTRY)} metrics: {ours:.3f} CPU s")
    print(f"ratio {sewar / ours:.1f} (target: at least {TARGET})")


def _cpu(call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    guarded(main)
