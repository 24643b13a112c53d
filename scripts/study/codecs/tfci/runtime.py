"""The part of TensorFlow that loads and runs graphs, without the rest, whose import takes a job 2.5 s of CPU time more.

`import tensorflow` runs `tensorflow/__init__.py`, which loads Keras, TensorBoard and every public name of two versions
of the interface. What runs a graph is a few modules below `tensorflow.python`, imported here under packages that are
empty meanwhile. The library of operations is the same, and so are the results. A process that wants TensorFlow
Compression's Python interface too imports it first; then nothing is left out.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

from study.core.errors import StudyError

_PACKAGES = ("tensorflow", "tensorflow.python")


@functools.cache
def runtime() -> SimpleNamespace:
    """`Graph`, `Session`, `import_graph_def`, `MetaGraphDef`, `ConfigProto`, `OpError`, with TFC's operations.

    Raises StudyError where TensorFlow or TensorFlow Compression is missing.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # decoding on a GPU fails (tensorflow/compression #44, #147)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    folders = _folders()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "tensorflow" in sys.modules:
            import tensorflow_compression  # noqa: F401

            return _parts()
        with _empty(folders["tensorflow"]):
            from tensorflow.python.framework import load_library

            load_library.load_op_library(str(folders["tensorflow_compression"] / "cc" / "libtensorflow_compression.so"))
            return _parts()


def _folders() -> dict[str, Path]:
    specs = {name: importlib.util.find_spec(name) for name in ("tensorflow", "tensorflow_compression")}
    missing = [name for name, spec in specs.items() if spec is None]
    if missing:
        raise StudyError(
            f"this Python can't run metagraphs: it has no {' and no '.join(missing)}; .venv-tensorflow/bin/python has, "
            "which `make tensorflow` builds"
        )
    return {name: Path(str(spec.origin)).parent for name, spec in specs.items() if spec is not None}


def _parts() -> SimpleNamespace:
    from tensorflow.core.protobuf.config_pb2 import ConfigProto
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
    from tensorflow.python.client.session import Session
    from tensorflow.python.framework.errors import OpError
    from tensorflow.python.framework.importer import import_graph_def
    from tensorflow.python.framework.ops import Graph

    parts = (ConfigProto, MetaGraphDef, Session, OpError, import_graph_def, Graph)
    return SimpleNamespace(**{part.__name__: part for part in parts})


@contextlib.contextmanager
def _empty(folder: Path) -> Iterator[None]:
    """Let packages be empty but for their modules."""
    for name in _PACKAGES:
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [str(folder.joinpath(*name.split(".")[1:]))]
    try:
        yield
    finally:
        for name in _PACKAGES:
            del sys.modules[name]
