"""Compare bundled codecs with CompressAI's eval_model on the same weights, images and threads (one).

For each codec: payload bits per pixel, PSNR and MS-SSIM of both, and the time of encoding and decoding an image, the
fastest of some runs that take turns; eval_model runs in a process of its own, as its users run it. Exit status 1 if
they differ by more than 1e-3 of the rate, 1e-3 dB, 1e-4, or if the time is more than 0.7 of eval_model's (of codecs
without GDN, which is where most is gained: not more than eval_model's). Sides should be multiples of 64: eval_model
pads others with black, we repeat the edge. What eval_model can't code is told, with the reason.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from study.codecs import base
from study.codecs import registry as codec_registry
from study.codecs.compressai import architectures
from study.core import errors, readers
from study.images import cache
from study.planning import catalogue, entries

_peer: dict[str, object] = {}  # what eval_model's process has loaded
NO_PEER = {"checkerboard": "eval_model codes it in raster order, for which its context isn't made"}
WITHOUT_GDN = ("cae", "hific", "b2018-leaky_relu")
COLUMNS = "codec quality images bpp_eval bpp dpsnr dmsssim time_eval time ratio"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--images", type=Path, help="folder of images (default: kodak in the mirror folder, else packaged)"
    )
    parser.add_argument("--count", type=int, default=3, help="how many of them (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each, the fastest counts (default: %(default)s)")
    parser.add_argument(
        "codec", nargs="*", help="id/quality of a codec with bundled weights (default: one quality of each)"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = sorted((args.images or _files(Path(folder))).glob("*.png"))[: args.count]
        if not paths:
            raise errors.StudyError(f"{args.images} holds no PNG images")
        good = bench(args.codec or _bundled(), paths, args.runs)
    sys.exit(0 if good else 1)


def bench(names: list[str], paths: list[Path], runs: int) -> bool:
    """Print a line for each codec (id/quality); whether all are within the limits."""
    print(*COLUMNS.split())
    good = True
    for name, quality in (text.rsplit("/", 1) for text in names):
        entry = catalogue.entry("codec", name, entries.codecs())
        codec = codec_registry.load(name, readers.number(quality), entry)
        model = str(codec.settings["model"])
        if model in NO_PEER:
            print(name, quality, NO_PEER[model], flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Path(folder) / "checkpoint.pth.tar"
            _save_checkpoint(codec, checkpoint)
            started = (_start_eval_model, (checkpoint, codec.settings))
            with ProcessPoolExecutor(1, get_context("spawn"), *started) as eval_model:
                figures = compare(codec, eval_model, paths, runs)
        over = beyond(figures, model)
        told = [f"(beyond its limit: {', '.join(over)})"] if over else []
        print(name, quality, len(paths), *(f"{value:.5f}" for value in figures.values()), *told, flush=True)
        good &= not over
    return good


def beyond(figures: Mapping[str, float], model: str) -> list[str]:
    """The figures that are beyond their limits."""
    limits = {"dpsnr": 1e-3, "dmsssim": 1e-4, "ratio": 1.0 if model in WITHOUT_GDN else 0.7}
    over = [name for name, limit in limits.items() if figures[name] > limit]
    return (["bpp"] if abs(figures["bpp"] / figures["bpp_eval"] - 1) > 1e-3 else []) + over


def compare(
    codec: base.LearnedCodec, eval_model: ProcessPoolExecutor, paths: list[Path], runs: int
) -> Mapping[str, float]:
    """Means over images of both rates and times, the largest differences of quality, and the ratio of the times."""
    import numpy as np
    import torch
    from PIL import Image
    from pytorch_msssim import ms_ssim

    torch.set_num_threads(1)
    rows = []
    for path in paths:
        rgb = np.asarray(Image.open(path).convert("RGB"))
        theirs, ours = [], []
        for _ in range(runs):
            theirs.append(eval_model.submit(_run_eval_model, path).result())
            start = time.perf_counter()
            bitstream = codec.encode(rgb)
            decoded = codec.decode(bitstream)
            ours.append(time.perf_counter() - start)
        one, two = (torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None] for image in (rgb, decoded))
        psnr = 10 * np.log10(255**2 / np.mean((rgb.astype(float) - decoded) ** 2))
        rows.append(
            (
                theirs[0]["bpp"],
                codec.payload_bytes(bitstream) * 8 / rgb[..., 0].size,
                abs(theirs[0]["psnr-rgb"] - psnr),
                abs(theirs[0]["ms-ssim-rgb"] - ms_ssim(one, two, data_range=255).item()),
                min(run["encoding_time"] + run["decoding_time"] for run in theirs),
                min(ours),
            )
        )
    means, largest = np.mean(rows, 0), np.max(rows, 0)
    return {
        "bpp_eval": means[0], "bpp": means[1], "dpsnr": largest[2], "dmsssim": largest[3],
        "time_eval": means[4], "time": means[5], "ratio": means[5] / means[4],
    }  # fmt: skip


def _bundled() -> list[str]:
    """The highest quality of each codec with bundled weights."""
    return [
        f"{name}/{entry.qualities[-1]}"
        for name, entry in entries.codecs().items()
        if str(entry.settings.get("weights", "")).startswith("models/")
    ]


def _files(folder: Path) -> Path:
    """Kodak in the mirror folder if there is one, else photos of scikit-image, put into `folder`."""
    import skimage.data
    from PIL import Image

    mirror = cache.mirror_folder()
    if mirror is not None and (mirror / "kodak").is_dir():
        return mirror / "kodak"
    for name in ("astronaut", "coffee", "chelsea"):
        photo = getattr(skimage.data, name)()
        height, width = (side // 64 * 64 for side in photo.shape[:2])
        Image.fromarray(photo[:height, :width]).save(folder / f"{name}.png")
    return folder


def _save_checkpoint(codec: base.LearnedCodec, path: Path) -> None:
    """The codec's weights as a file for eval_model."""
    import torch

    weights = {
        name: value.float() if value.is_floating_point() else value for name, value in codec._net.state_dict().items()
    }
    torch.save({"state_dict": weights}, path)


def _start_eval_model(path: Path, settings: Mapping[str, object]) -> None:
    """Load a checkpoint by eval_model's own loader, at the widths of the settings."""
    import compressai.utils.eval_model.__main__ as reference
    import torch

    class Architecture:
        @staticmethod
        def from_state_dict(state: dict) -> object:
            net = architectures.build(settings["model"], settings["n"], settings["m"], settings["h"])
            net.load_state_dict(state)
            return net

    torch.set_num_threads(1)
    reference.architectures["benched"] = Architecture
    _peer.update(reference=reference, net=reference.load_checkpoint("benched", True, path))


def _run_eval_model(path: Path) -> Mapping[str, float]:
    return _peer["reference"].inference(_peer["net"], _peer["reference"].read_image(path))


if __name__ == "__main__":
    errors.guarded(main)
