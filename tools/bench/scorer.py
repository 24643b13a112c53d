"""Measure the scorer: CPU time of every metric beside that of what it equals, and sewar's four over ours of its kind.

The targets: sewar's four metrics take at least 25 times as long as ours and three more, and SSIMULACRA 2 takes at most
0.25 CPU seconds for a megapixel. Time of programs that a metric calls counts. `--out` writes the times of all metrics
as a table of Markdown with machine and date, which the documentation includes (docs/measured/metrics.md).
"""

from __future__ import annotations

import argparse
import datetime
import io
import os
import platform
import resource
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from study.core.errors import guarded

SEWAR = ("psnr_rgb", "ssim_sewar", "msssim_sewar", "vifp_sewar")
TARGET = 25
SSIMULACRA2_TARGET = 0.25  # CPU seconds for a megapixel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, help="8-bit RGB PNG (default: a packaged photo, made 768x512)")
    parser.add_argument("--image", type=Path, help="8-bit RGB PNG (default: the reference through JPEG, quality 50)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="sewar once and ours ten times in each (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, help="file of Markdown for the table of all metrics")
    parser.add_argument(
        "--metrics", nargs="+", help="time these alone; a table that `--out` names keeps its other rows"
    )
    arguments = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    reference, image = pair(arguments.reference, arguments.image)
    if not arguments.metrics:
        compare(reference, image)
        measure(reference, image, arguments.rounds)
    rows = print_metrics(reference, image, arguments.rounds, arguments.metrics)
    if arguments.out:
        size = f"{reference.shape[1]}x{reference.shape[0]}"
        before = arguments.out.read_text(encoding="utf-8") if arguments.metrics and arguments.out.is_file() else ""
        arguments.out.write_text(markdown(rows, size, arguments.rounds, before), encoding="utf-8")


def pair(reference: Path | None, image: Path | None) -> tuple:
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
    if image is not None:
        return original, png.read(image)
    stream = io.BytesIO()
    Image.fromarray(original).save(stream, "JPEG", quality=50)
    return original, np.asarray(Image.open(stream))


def checked() -> list[str]:
    """The metrics that have a library to check them by in the study itself."""
    from study.metrics import registry as metric_registry

    return [name for name, metric in metric_registry.REGISTRY.items() if metric.reference]


def compare(reference, image) -> None:
    """Print each of these metrics' value and its difference from the library."""
    from study.metrics import registry as metric_registry

    ours, reasons = metric_registry.score(reference, image, checked())
    theirs, _ = metric_registry.score(reference, image, checked(), engine="library")
    print(f"{'metric':<14}{'value':>18}{'|difference|':>15}")
    for name in checked():
        if name in ours:
            print(f"{name:<14}{ours[name]:>18.12f}{abs(ours[name] - theirs[name]):>15.1e}")
        else:
            print(f"{name:<14}none: {reasons[name]}")


def measure(reference, image, rounds: int) -> None:
    """Print the CPU times of both on one thread, turn by turn in this process, and the ratio of their medians."""
    from study.metrics import registry as metric_registry

    names = checked()
    seconds: dict[str, list[float]] = {"sewar": [], "ours": []}
    for _ in range(rounds):
        seconds["sewar"].append(_cpu(lambda: metric_registry.score(reference, image, SEWAR, engine="library")))
        seconds["ours"] += [_cpu(lambda: metric_registry.score(reference, image, names)) for _ in range(10)]
    sewar, ours = (statistics.median(seconds[name]) for name in ("sewar", "ours"))
    size = f"{reference.shape[1]}x{reference.shape[0]}"
    print(f"sewar, 4 metrics of a {size} pair: {sewar:.2f} CPU s")
    print(f"ours, all {len(names)} of that kind: {ours:.3f} CPU s")
    print(f"ratio {sewar / ours:.1f} (target: at least {TARGET})")


def print_metrics(reference, image, rounds: int, chosen: list[str] | None = None) -> list[tuple[str, ...]]:
    """Print every metric, or those `chosen`: value, CPU seconds for a megapixel, those of what it equals; as rows."""
    from study.metrics import engine
    from study.metrics import registry as metric_registry

    megapixels = reference.shape[0] * reference.shape[1] / 1e6
    print(f"\n{'metric':<20}{'value':>12}{'CPU s/MP':>10}{'theirs':>9}  theirs is")
    rows = []
    for name in chosen or metric_registry.REGISTRY:
        metric = metric_registry.entry(name)
        if why := engine.skip(metric.recipe):
            print(f"{name:<20}{'-':>12}  skipped: {why}")
            rows.append((name, "not measured", "", why))
            continue
        value = metric_registry.score(reference, image, [name])[0][name]
        ours = _median(lambda: metric_registry.score(reference, image, [name]), rounds) / megapixels  # noqa: B023
        call, words = theirs(name, reference, image)
        others = f"{_median(call, 1) / megapixels:.3f}" if call else "-"
        print(f"{name:<20}{value:>12.6g}{ours:>10.3f}{others:>9}  {words}")
        rows.append((name, f"{ours:.3f}", others, words))
        if name == "ssimulacra2":
            verdict = "met" if ours <= SSIMULACRA2_TARGET else "MISSED"
            print(f"{'':<20}target: at most {SSIMULACRA2_TARGET} CPU s/MP: {verdict}")
    return rows


def markdown(rows: list[tuple[str, ...]], size: str, rounds: int, before: str = "") -> str:
    """The table of all metrics, with what was measured where and when; other rows are those of the text `before`."""
    lines = ["| metric | CPU s/MP | its reference's | the reference |", "| --- | --- | --- | --- |"]
    new = {f"| `{name}` |": f"| `{name}` | {ours} | {others} | {words} |" for name, ours, others, words in rows}
    kept = [line for line in before.splitlines() if line.startswith("| `")]
    lines += [next((row for start, row in new.items() if line.startswith(start)), line) for line in kept]
    lines += [row for start, row in new.items() if not any(line.startswith(start) for line in kept)]
    note = (
        f"One {size} pair, one thread, after a first call; medians of {rounds} (references: once). {processor()}, "
        f"{datetime.datetime.now(datetime.UTC):%d %B %Y}."
    )
    return "\n".join(lines) + f"\n\n{note}\n"


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def theirs(name: str, reference, image) -> tuple:
    """A call of what a metric equals, after a first one, and its name; None where it isn't installed or is the same."""
    from study.metrics import registry as metric_registry

    metric = metric_registry.entry(name)
    if metric.reference:
        return lambda: metric_registry.score(reference, image, [name], engine="library"), metric.function
    if name == "ssimulacra2":
        return _program("ssimulacra2", reference, image)
    try:
        call = _networks(name, reference, image) or _features(name, reference, image)
    except ImportError as error:
        return None, f"{metric.function}: {error}"
    if call is None:
        return None, f"{metric.function}, which computes it"
    call()
    return call, metric.function


def _program(program: str, reference, image) -> tuple:
    import shutil
    import subprocess
    import tempfile

    from PIL import Image

    if not shutil.which(program):
        return None, f"{program}: not installed (libjxl-devtools 0.8 or newer)"
    folder = tempfile.mkdtemp()
    paths = [f"{folder}/{number}.png" for number in range(2)]
    for path, rgb in zip(paths, (reference, image)):
        Image.fromarray(rgb).save(path, compress_level=1)
    return lambda: subprocess.run([program, *paths], capture_output=True, check=True), f"{program}, with reading PNG"


def _networks(name: str, reference, image):
    """LPIPS and DISTS by their authors' packages, with the convolutions of the study's weights."""
    if name not in ("lpips_alex", "lpips_vgg", "dists"):
        return None
    import warnings

    import torch
    import torchvision

    from study.metrics import network_weights

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if name == "dists":
        from DISTS_pytorch import DISTS

        untrained, torchvision.models.vgg16 = torchvision.models.vgg16, lambda pretrained: untrained()
        model = DISTS(load_weights=False)
        torchvision.models.vgg16 = untrained
        network = model
    else:
        import lpips

        model = lpips.LPIPS(net=name.removeprefix("lpips_"), pnet_rand=True, verbose=False)
        network = model.net
    weights = network_weights.load("alexnet" if name == "lpips_alex" else "vgg16")
    layers = [part for part in network.modules() if isinstance(part, torch.nn.Conv2d) and part.bias is not None]
    for number, layer in enumerate(layers):
        layer.weight.data = torch.from_numpy(weights[f"conv{number}.kernel"]).permute(3, 2, 0, 1).contiguous()
        layer.bias.data = torch.from_numpy(weights[f"conv{number}.bias"])
    pair = [torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() / 255 for rgb in (reference, image)]

    def call() -> None:
        with torch.no_grad():
            model(*pair)

    return call


def _features(name: str, reference, image):
    if name not in ("fsim", "fsimc", "gmsd", "iw_ssim", "nlpd", "psnr_hvs_m"):
        return None
    import numpy as np

    if name == "psnr_hvs_m":
        import psnr_hvsm

        lumas = [rgb @ np.array([0.299, 0.587, 0.114]) / 255 for rgb in (reference, image)]
        return lambda: psnr_hvsm.psnr_hvs_hvsm(*lumas)
    import torch

    torch.set_num_threads(1)
    if name == "nlpd":
        from plenoptic import metric

        lumas = [torch.from_numpy(rgb @ np.array([0.299, 0.587, 0.114]) / 255) for rgb in (reference, image)]
        return lambda: metric.nlpd(*(luma[None, None] for luma in lumas), epsilon=0)
    import piq

    pair = [torch.from_numpy(rgb / 255).permute(2, 0, 1)[None] for rgb in (image, reference)]
    if name == "iw_ssim":
        return lambda: piq.information_weighted_ssim(*pair)
    options = {"chromatic": False} if name == "fsim" else {}
    return lambda: getattr(piq, name.removesuffix("c"))(*pair, **options)


def _median(call, rounds: int) -> float:
    call()
    return statistics.median(_cpu(call) for _ in range(rounds))


def _cpu(call) -> float:
    """The CPU seconds of a call, with those of the programs that it runs."""
    start = _spent()
    call()
    return _spent() - start


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


if __name__ == "__main__":
    guarded(main)
