"""Tests that run in the TensorFlow environment alone: `.venv-tensorflow/bin/python -m pytest tests/tfc`.

`tests/codecs/test_tfci.py` runs them so; elsewhere they are not collected.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from metagraph_cases import SETTINGS

HERE = importlib.util.find_spec("tensorflow_compression") is not None
collect_ignore_glob = [] if HERE else ["test_*.py"]
if HERE:
    import tensorflow_compression  # noqa: F401 (whole, before study.graphs loads a part)


@pytest.fixture(scope="session")
def model() -> Callable:
    """The model of an id, as functions that run eagerly; each is built once."""
    import functools

    import metagraphs

    return functools.cache(lambda name: metagraphs.MODELS[name](8, 12))


@pytest.fixture(scope="session")
def metagraph(model: Callable, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of an id's metagraph; each is exported once."""
    import metagraphs

    folder = tmp_path_factory.mktemp("metagraphs")

    def path(name: str) -> Path:
        file = folder / f"{name}.metagraph"
        if not file.exists():
            metagraphs.export(model(name), file)
        return file

    return path


@pytest.fixture(scope="session")
def codec(metagraph: Callable) -> Callable:
    """The codec of an id, with further settings or without; one without is loaded once."""
    from study.codecs.tfci.codec import Backend

    loaded: dict[str, Backend] = {}

    def load(name: str, **settings: object) -> Backend:
        if settings or name not in loaded:
            whole = {"model": name, **SETTINGS.get(name, {}), **settings}
            new = Backend(f"tfci-{name}", 1, whole, metagraph(name))
            if settings:
                return new
            loaded[name] = new
        return loaded[name]

    return load


@pytest.fixture(scope="session")
def reference(model: Callable) -> Callable:
    """The channels, as numpy arrays, and the rounded image of an id's model, run eagerly."""
    import tensorflow as tf

    def run(name: str, rgb: np.ndarray) -> tuple[list, np.ndarray]:
        rates = [tf.constant(value, tf.float32) for value in SETTINGS.get(name, {}).values()]
        channels = model(name).sender(tf.constant(rgb[None]), *rates)
        decoded = tf.cast(model(name).receiver(*channels), tf.float32)[0]
        return [channel.numpy() for channel in channels], np.clip(np.rint(decoded.numpy()), 0, 255).astype(np.uint8)

    return run
