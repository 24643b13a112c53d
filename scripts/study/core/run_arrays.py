"""Arrays that the jobs of a run on this machine share, so that one job computes them and the others read them.

They are files in the run's own folder, which ends with it. Where there is none (a cluster's job, a command by itself)
and where they would take more than a part of the disk's free space (`SHARE`), each job computes what it needs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from study.core import atomic_io
from study.core.errors import WriteError

if TYPE_CHECKING:
    import numpy as np

FOLDER = "STUDY_PRELOADED"  # the environment's name for the folder of a run's processes
SHARE = 0.1  # of the free space, for all arrays of a run


def shared(name: str, compute: Callable[[], Sequence[np.ndarray]]) -> list[np.ndarray]:
    """The arrays [...] of `compute()`. `name` must tell all that they depend on but the code: a hash of it, say."""
    if FOLDER not in os.environ:
        return list(compute())
    from safetensors import SafetensorError
    from safetensors.numpy import load_file, save

    path = Path(os.environ[FOLDER], "arrays", f"{name}.safetensors")
    with suppress(OSError, SafetensorError):
        arrays = load_file(path)
        return [arrays[str(number)] for number in range(len(arrays))]
    computed = list(compute())
    if sum(array.nbytes for array in computed) <= _room(Path(os.environ[FOLDER])):
        with suppress(WriteError):  # no space, or another job is writing the same
            atomic_io.write_bytes(path, save({str(number): array for number, array in enumerate(computed)}))
    return computed


def _room(folder: Path) -> float:
    """How many bytes more the arrays of a run may take, whose folder it is."""
    try:
        size = sum(file.stat().st_size for file in folder.glob("arrays/*"))
        return SHARE * (shutil.disk_usage(folder).free + size) - size
    except OSError:
        return 0
