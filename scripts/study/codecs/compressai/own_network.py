"""Anybody's network for CompressAI: a class, its arguments, and a checkpoint, evaluated like every other codec.

The class is one of an installed package, or of a folder anywhere (`path`), which is put in front of the places where
Python looks for modules. Such a folder's code is run by the jobs, with all that the user may do; therefore it runs only
where the study says `trust: true`. A checkpoint is read as tensors alone: no code in it is ever run.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from study.codecs.base import Weights
from study.codecs.compressai import checkpoint, loading, network_codec
from study.core import paths, readers
from study.core.errors import StudyError

CODE = (".py", ".so", ".json", ".yaml", ".yml", ".toml")  # of a folder, what a network may depend on
MOST_FILES = 2000
LOCKED = ("compressai", "torch", "torchvision")  # packages whose versions the environment's lock says
_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


class Backend(network_codec.NetworkCodec):
    """Settings of a network of one's own: `class`, as `package.module:ClassName`, is what tells it from the others.

    `arguments` are those of the class by name, `checkpoint` a file of weights (.pth.tar, .pth, .pt of a state dict or a
    trainer's checkpoint, or .safetensors), with `{quality}` in it if each quality has a file; `path` is a folder
    that holds the package, `trust` must be true if there is one. `call` are keyword arguments of compress() and
    decompress(); `{quality}` in a text is replaced in both. `multiple` of pixels to which images are padded
    is the class's `downsampling_factor`, else 64. `device` is where the network runs: cpu or cuda.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "class": None,
        "arguments": {},
        "checkpoint": None,
        "path": None,
        "trust": False,
        "call": {},
        "multiple": None,
        "device": "cpu",
    }

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        super().__init__(name, quality, settings, weights)
        _check(f"codec {name}: ", self.settings)

    @classmethod
    def weights_source(cls, settings: Mapping[str, Any], quality: float) -> Weights:
        path = _filled(settings.get("checkpoint"), quality)
        if not isinstance(path, str) or not path:
            raise StudyError(f"checkpoint: found {path!r}; allowed: the path of a file of weights")
        return Weights(Path(path).name, path=path)

    @classmethod
    def sources(cls, settings: Mapping[str, Any]) -> list[Path]:
        _check("", {**cls.defaults, **settings})
        package = settings["class"].partition(":")[0].partition(".")[0]
        if settings.get("path") is not None:
            return _code_in(paths.resolved(settings["path"]))
        if package in LOCKED:
            return []
        return _installed(package)

    def skip(self) -> str | None:
        path = self._path()
        return super().skip() if path.is_file() else f"the checkpoint {path} is missing; correct `checkpoint`"

    def network(self) -> network_codec.Network:
        import torch

        module, _, name = self.settings["class"].partition(":")
        folder = paths.resolved(self.settings["path"]) if self.settings["path"] is not None else None
        kind = loading.class_of(module, name, folder)
        try:
            with torch.random.fork_rng(devices=[]):
                net = kind(**self.settings["arguments"])
        except Exception as error:  # of whoever's code
            given = ", ".join(f"{key}={value!r}" for key, value in self.settings["arguments"].items())
            raise StudyError(f"{name}({given}) ended with {network_codec.described(error)}") from None
        path = self._path()
        weights = checkpoint.tensors(path)
        loading.fill(net, weights, str(path), "arguments")
        net.eval().requires_grad_(False)
        self._update(net, name)
        net.to(self.settings["device"])
        description = [self.settings[key] for key in ("class", "arguments", "call")]
        mark = network_codec.fingerprint(readers.sha256(path), json.dumps(description, sort_keys=True), self.quality)
        multiple = self.settings["multiple"] or network_codec.declared_multiple(net)
        options = {key: _filled(value, self.quality) for key, value in self.settings["call"].items()}
        return network_codec.Network(net, name, mark, multiple, options)

    def _update(self, net: Any, name: str) -> None:
        """Make the entropy tables that the checkpoint lacks, as one does after a training."""
        if not loading.without_tables(net):
            return
        if not callable(getattr(net, "update", None)):
            raise StudyError(f"{name} has entropy models without tables and no update() that makes them")
        try:
            net.update()
        except Exception as error:  # of whoever's code
            raise StudyError(f"update() of {name} ended with {network_codec.described(error)}") from None
        if left := loading.without_tables(net):
            raise StudyError(f"update() of {name} made no tables for {left[0]}; save the checkpoint with its tables")

    def _path(self) -> Path:
        return paths.resolved(self.weights or str(self.weights_source(self.settings, self.quality).path))


def _check(where: str, settings: Mapping[str, Any]) -> None:
    """Raises StudyError for settings that mean no network, without running any code of it."""
    named = settings["class"]
    if not isinstance(named, str) or not _CLASS.fullmatch(named):
        raise StudyError(f"{where}class is {named!r}; allowed: package.module:ClassName")
    for key in ("arguments", "call"):
        if not isinstance(settings[key], Mapping) or not all(isinstance(name, str) for name in settings[key]):
            raise StudyError(f"{where}{key} is {settings[key]!r}; allowed: arguments by name")
    checkpoint_path, multiple = settings["checkpoint"], settings["multiple"]
    if not isinstance(checkpoint_path, str) or not checkpoint_path:
        raise StudyError(f"{where}checkpoint is {checkpoint_path!r}; allowed: the path of a file of weights")
    if multiple is not None and (isinstance(multiple, bool) or not isinstance(multiple, int) or multiple < 1):
        raise StudyError(f"{where}multiple is {multiple!r}; allowed: a whole number of pixels, at least 1")
    module = named.partition(":")[0]
    package = module.partition(".")[0]
    if package == "study":
        raise StudyError(f"{where}class is {named!r}; a package called study is this workflow's own: rename yours")
    if settings["path"] is None:
        if package not in LOCKED and importlib.util.find_spec(package) is None:
            raise StudyError(f"{where}class is {named!r}, and no package {package} is installed; give its folder, path")
        return
    if not isinstance(settings["path"], str) or not paths.resolved(settings["path"]).is_dir():
        raise StudyError(f"{where}path is {settings['path']!r}; allowed: the folder that holds the package {package}")
    if settings["trust"] is not True:
        raise StudyError(
            f"{where}the class {named} is code from the folder {settings['path']}, which would run here with all that "
            "you may do (read, write and send your files); if you trust it, say `trust: true` in the codec's settings"
        )
    path = paths.resolved(settings["path"]).joinpath(*module.split("."))
    if not path.with_suffix(".py").is_file() and not (path / "__init__.py").is_file():
        raise StudyError(f"{where}class is {named!r}, and {settings['path']} has no module {module}")


@functools.cache
def _code_in(folder: Path) -> list[Path]:
    """All files of code in a folder, in order; none of hidden folders. Raises StudyError for too many."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in CODE
        and not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    if len(files) > MOST_FILES:
        raise StudyError(
            f"the folder {folder} has {len(files):,} files of code, each of which is looked at for changes; allowed: "
            f"{MOST_FILES:,}; give the folder of the network alone"
        )
    return files


def _installed(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise StudyError(f"no package {package} is installed")
    if spec.submodule_search_locations:
        return [path for folder in spec.submodule_search_locations for path in _code_in(Path(folder))]
    return [Path(spec.origin)] if spec.origin else []


def _filled(value: Any, quality: float) -> Any:
    """A setting with the quality in the place of `{quality}`; the number itself where there is nothing else."""
    if value == "{quality}":
        return quality
    return value.replace("{quality}", str(quality)) if isinstance(value, str) else value
