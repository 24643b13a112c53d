"""Time the tfci codecs against the bare graph and against TFC's own script, as ratios. Runs in .venv-tensorflow.

Two ratios for each model, of CPU seconds and of seconds by the clock:

- one image, everything loaded: encode + decode of the codec / the same two signatures called as TFC's tfci.py does;
- one study's job: encode.py + decode.py over the images / a call of tfci.py for each image and direction.

Exit status 1 if bitstreams or decoded images of the two differ.

tfci.py is not in TFC's wheel. Without --tfci this script stands in for it: it does what tfci.py does and no more.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from study.codecs.tfci import tfci_file
from study.codecs.tfci.codec import Backend
from study.codecs.tfci.metagraph import threads
from study.core import atomic_io, readers
from study.core.errors import StudyError, guarded
from study.core.paths import ROOT
from study.images import png

MODELS = ("bmshj2018-hyperprior-mse-1", "b2018-gdn-128-1")


def main() -> None:
    arguments = _parse_arguments()
    if arguments.single:
        _single(*arguments.single)
        return
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        metagraphs = arguments.metagraph or _built(folder / "metagraphs")
        images = [png.read(path) for path in arguments.image] or [_image(512, 768, seed) for seed in range(4)]
        for metagraph in metagraphs:
            print(f"{metagraph.stem}, {len(images)} images, {threads()} threads")
            cpu, clock = _warm(metagraph, images, arguments.repeat)
            print(f"  encode + decode, warm:  {cpu:.2f} of the bare graph's CPU time, {clock:.2f} by the clock")
            (cpu, clock), alike = _jobs(metagraph, images, folder / metagraph.stem, arguments.tfci)
            print(f"  job over all images:  1/{1 / cpu:.1f} of the calls' CPU time, 1/{1 / clock:.1f} by the clock")
            good &= alike
    sys.exit(0 if good else 1)


def _warm(metagraph: Path, images: list[np.ndarray], repeat: int) -> tuple[float, float]:
    """The median over images and repetitions of the codec's time over the bare graph's, in turn."""
    codec = Backend(metagraph.stem, 1, {"model": metagraph.stem}, metagraph)
    send, receive = (_signature(metagraph, name) for name in ("sender", "receiver"))
    ratios = []
    for number in range(-1, repeat):
        for rgb in images:
            times = [_timed(lambda rgb=rgb: codec.decode(codec.encode(rgb)))]
            times.append(_timed(lambda rgb=rgb: _through(send, receive, rgb)))
            if number >= 0:  # the first round warms up
                ratios.append([ours / theirs for ours, theirs in zip(*times)])
    return tuple(statistics.median(column) for column in zip(*ratios))


def _jobs(
    metagraph: Path, images: list[np.ndarray], folder: Path, tfci: Path | None
) -> tuple[tuple[float, float], bool]:
    """The times of the study's two jobs over those of a call for each image and direction; whether the files agree."""
    columns = ("image", "file", "width", "height", "sha256")
    rows = []
    for number, rgb in enumerate(images):
        file = folder / f"{number}.png"
        png.write(file, rgb)
        rows.append(dict(zip(columns, (number, file.name, rgb.shape[1], rgb.shape[0], readers.sha256(file)))))
    atomic_io.write_rows(folder / "images.csv", columns, rows)
    spec = folder / "spec.json"
    spec.write_text(json.dumps({"backend": "tfci", "settings": {"model": metagraph.stem}}), encoding="utf-8")
    codec = ["--codec", "bench", "--quality", "1", "--spec", spec, "--weights", metagraph]
    encoded, decoded = folder / "encoded" / "encoded.csv", folder / "decoded" / "decoded.csv"

    def job() -> None:
        _run(ROOT / "scripts/encode.py", *codec, "--images", folder / "images.csv", "--out", encoded)
        _run(ROOT / "scripts/decode.py", *codec, "--encoded", encoded, "--out", decoded)

    def calls() -> None:
        script = [tfci, "--metagraph_cache", metagraph.parent] if tfci else [__file__, "--single", metagraph.parent]
        for number in range(len(images)):
            stream = folder / f"{number}.tfci"
            _run(*script, "compress", metagraph.stem, folder / f"{number}.png", stream)
            _run(*script, "decompress", *([] if tfci else [metagraph.stem]), stream, folder / f"{number}.out.png")

    ours, theirs, alike = _timed(job), _timed(calls), True
    for number in range(len(images)):
        stream = (encoded.parent / f"{number}.tfci").read_bytes()
        same = tfci_file.unpack(stream) == tfci_file.unpack((folder / f"{number}.tfci").read_bytes())
        pixels = [png.read(path) for path in (decoded.parent / f"{number}.png", folder / f"{number}.out.png")]
        print(f"  image {number}: bitstreams {'equal' if same else 'DIFFER'}, decoded images", end=" ")
        print("equal" if np.array_equal(*pixels) else "DIFFER")
        alike &= same and np.array_equal(*pixels)
    return (ours[0] / theirs[0], ours[1] / theirs[1]), alike


def _single(folder: str, command: str, model: str, source: str, target: str) -> None:
    """What a call of tfci.py does: load the metagraph, run one signature once."""
    import tensorflow as tf

    metagraph = Path(folder) / f"{model}.metagraph"
    if command == "compress":
        rgb = tf.image.decode_image(tf.io.read_file(source), channels=3).numpy()
        channels = _signature(metagraph, "sender")(tf.constant(rgb[None]))
        Path(target).write_bytes(tfci_file.pack(model, [tensor.numpy() for tensor in channels]))
        return
    receive = _signature(metagraph, "receiver")
    channels = tfci_file.unpack(Path(source).read_bytes()).channels
    image = receive(*(tf.constant(values, port.dtype) for values, port in zip(channels, receive.inputs)))[0]
    rounded = tf.saturate_cast(tf.round(tf.cast(image, tf.float32)), tf.uint8)
    tf.io.write_file(target, tf.image.encode_png(rounded[0]))


def _through(send: Callable, receive: Callable, rgb: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    return receive(*send(tf.constant(rgb[None])))[0].numpy()


def _signature(path: Path, name: str) -> Callable:
    """A signature of a metagraph as a function of tensors, in the order of the sorted keys."""
    import tensorflow as tf
    import tensorflow_compression  # noqa: F401 (it registers the operations of the graphs)

    metagraph = tf.compat.v1.MetaGraphDef.FromString(path.read_bytes())
    wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(metagraph.graph_def, name=""), [])
    ends = metagraph.signature_def[name].inputs, metagraph.signature_def[name].outputs
    tensors = ([wrapped.graph.as_graph_element(end[key].name) for key in sorted(end)] for end in ends)
    return wrapped.prune(*tensors)


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds, those of child processes included, and seconds by the clock."""
    cpu, clock = _cpu(), time.perf_counter()
    call()
    return _cpu() - cpu, time.perf_counter() - clock


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _run(*command: object) -> None:
    # As many threads as the codec's: the hyperprior's bits depend on their number.
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": str(threads())}
    words = [sys.executable, *map(str, command)]
    done = subprocess.run(words, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise StudyError(f"{shlex.join(words[1:])} failed: {done.stderr.strip()[-1000:]}")


def _built(folder: Path) -> list[Path]:
    """Metagraphs of published widths with random weights."""
    _run(ROOT / "tests/support/metagraphs.py", folder, *MODELS, "--filters", "128", "--latents", "192")
    return [folder / f"{name}.metagraph" for name in MODELS]


def _image(height: int, width: int, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / 24.0
    waves = [np.sin(rows * a + columns * b + c) for a, b, c in draw.uniform(-1.5, 1.5, (3, 3))]
    return np.clip(128 + 80 * np.stack(waves, -1) + draw.normal(0, 4, (height, width, 3)), 0, 255).astype(np.uint8)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metagraph", type=Path, nargs="+", help="files to time (default: two with random weights)")
    parser.add_argument("--image", type=Path, nargs="+", default=[], help="8-bit RGB PNGs (default: four of 768x512)")
    parser.add_argument("--tfci", type=Path, help="TFC's models/tfci.py (default: this script stands in for it)")
    parser.add_argument("--repeat", type=int, default=3, help="how often each image is timed (3)")
    parser.add_argument("--single", nargs=5, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    guarded(main)
