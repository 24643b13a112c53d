"""Butteraugli by libjxl's `butteraugli_main` (Debian's libjxl-devtools), where it is installed.

J. Alakuijala and others, "Guetzli: perceptually guided JPEG encoder", arXiv:1703.04421, for its first form. The program
is the definition: its versions differ, so the version stands in the row. It takes samples as sRGB, at 80 cd/m2.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from functools import cache
from pathlib import Path

import numpy as np

from study.core import readers
from study.core.errors import StudyError

PROGRAM = "butteraugli_main"


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """`butteraugli` (largest) and `butteraugli_3norm` of two images, uint8 [H, W, 3]; both are 0 for identical ones.

    Raises StudyError with the program's words if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("reference.ppm", "image.ppm")]
        for path, rgb in zip(paths, (reference, image)):
            path.write_bytes(b"P6 %d %d 255\n" % (rgb.shape[1], rgb.shape[0]) + rgb.tobytes())
        done = subprocess.run([PROGRAM, *map(str, paths)], capture_output=True, text=True, check=False)
    match = re.fullmatch(r"(\S+)\s+3-norm: (\S+)\s*", done.stdout)
    if done.returncode or not match:
        height, width, _ = reference.shape
        raise StudyError(
            f"{PROGRAM} can't score a {width}x{height} image: {(done.stderr or done.stdout).strip()[-400:]}"
        )
    values = {"butteraugli": float(match[1]), "butteraugli_3norm": float(match[2])}
    return {name: values[name] for name in names}


def skip() -> str | None:
    """Why Butteraugli can't be computed here, or None."""
    if shutil.which(PROGRAM):
        return None
    return f"the program {PROGRAM} isn't there (Debian's package libjxl-devtools has it)"


@cache
def versions() -> str:
    """The program and its version: that of its Debian package, else the start of the file's sha256."""
    path = shutil.which(PROGRAM) or PROGRAM
    if shutil.which("dpkg-query"):
        owner = _output("dpkg-query", "--search", path).partition(":")[0]
        if owner and (version := _output("dpkg-query", "--show", "--showformat=${Version}", owner)):
            return f"{PROGRAM} ({owner} {version})"
    return f"{PROGRAM} (sha256 {readers.sha256(Path(path))[:16]})"


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
