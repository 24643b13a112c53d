"""Measure what each shortcut of the start-up and of memory saves, as CPU seconds without it and with it.

A shortcut is code that does what a library does by itself, sooner: each must still pay, or it goes. Every measurement
is a process of its own; of several runs the fastest counts. Exit status 1 if a shortcut saves less than a tenth.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LEAST = 0.1  # of the CPU time without the shortcut

TRANSFORM = """
import torch
torch.set_num_threads(1)
from study.codecs.compressai import startup
{keep}
google, _, _ = startup.load()
net = google.ScaleHyperprior(128, 192).eval()  # widths as published
x = torch.rand(1, 3, 512, 768)
with torch.inference_mode():
    for _ in range(3):
        net.g_s(net.g_a(x))
"""


class Shortcut(NamedTuple):
    """What is saved, the Python statements without and with the shortcut, and the environment that runs them."""

    name: str
    without: str
    with_it: str
    environment: str = ".venv"


SHORTCUTS = (
    Shortcut(
        "PyTorch without its shape functions (codecs/compressai/startup.py, lighten_torch)",
        "import torch",
        "from study.codecs.compressai import startup; startup.lighten_torch(); import torch",
    ),
    Shortcut(
        "CompressAI without what image codecs don't use (codecs/compressai/startup.py, load)",
        "import torch, compressai.models, compressai.layers",
        "import torch; from study.codecs.compressai import startup; startup.load()",
    ),
    Shortcut(
        "memory kept by the process (codecs/compressai/startup.py, keep_freed_memory)",
        TRANSFORM.format(keep=""),
        TRANSFORM.format(keep="startup.keep_freed_memory()"),
    ),
    Shortcut(
        "BLAS without the rest of scipy.linalg (metrics/windows.py)",
        "import numpy; from scipy.linalg import blas; blas.dgemm",
        "from study.metrics import windows; windows._dgemm()",
    ),
    Shortcut(
        "the part of TensorFlow that runs graphs (codecs/tfci/runtime.py)",
        "import tensorflow, tensorflow_compression",
        "from study.codecs.tfci import runtime; runtime.runtime()",
        ".venv-tensorflow",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each process (default: %(default)s)")
    arguments = parser.parse_args()
    failed = False
    for shortcut in SHORTCUTS:
        python = ROOT / shortcut.environment / "bin" / "python"
        if not python.exists():
            print(f"skipped: {shortcut.name}: there is no {shortcut.environment}; `make tensorflow` builds it")
            continue
        without, with_it = (
            min(seconds(python, code) for _ in range(arguments.runs)) for code in (shortcut.without, shortcut.with_it)
        )
        pays = 1 - with_it / without >= LEAST
        failed |= not pays
        verdict = "" if pays else "  NO LONGER PAYS"
        print(f"{without:6.2f} s -> {with_it:5.2f} s ({with_it / without:4.2f})  {shortcut.name}{verdict}", flush=True)
    sys.exit(failed)


def seconds(python: Path, code: str) -> float:
    """The CPU seconds, user and system, of a process that runs `code`."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "OMP_NUM_THREADS": "1"}
    before = os.times()
    subprocess.run([python, "-c", code], env=environment, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
