"""CompressAI's published weights: which files there are, from the tables in its own source, without importing it."""

from __future__ import annotations

import ast
import functools
import importlib.util
from pathlib import Path

from study.codecs.base import Weights
from study.core.errors import StudyError, allowed

METRICS = {"mse": "mse", "msssim": "ms-ssim"}
VARIABLE = "image_vbr"  # the module of the library with the models of variable rate


def weights(model: str, metric: str, quality: float) -> Weights:
    """The published file of a model (`bmshj2018-hyperprior`, say), for `mse` or `msssim`.

    Its name ends in the first 8 hex digits of its sha256. Raises StudyError, with what is published, if there is none.
    """
    urls = _tables()["model_urls"]
    if model not in urls:
        raise StudyError(f"CompressAI has published no weights of model {model!r}; {allowed(model, urls)}")
    if metric not in METRICS:
        raise StudyError(f"metric {metric!r} is unknown; {allowed(metric, METRICS)}")
    files = urls[model][METRICS[metric]]
    if quality not in files:
        raise StudyError(f"CompressAI has published no {model} of quality {quality}; {allowed(quality, files)}")
    return _file(files[quality])


def widths(model: str, quality: float) -> tuple[int, int]:
    """The widths (n, m) of a published model."""
    widths_by_layer = _tables()["cfgs"][model][quality]
    return widths_by_layer[0], widths_by_layer[-1]


def variable_rate_weights(model: str, metric: str) -> Weights:
    """The published file of a model of variable rate (`mbt2018-vbr`, say), which serves all qualities.

    Raises StudyError, with what is published, if there is none.
    """
    urls = _tables(VARIABLE)["model_urls"]
    if model not in urls:
        raise StudyError(f"CompressAI has published no weights of model {model!r}; {allowed(model, urls)}")
    known = {name: urls[model][key] for name, key in METRICS.items() if key in urls[model]}
    if metric not in known:
        raise StudyError(f"CompressAI has published no {model} for the metric {metric!r}; {allowed(metric, known)}")
    return _file(known[metric])


def variable_rate_widths(model: str) -> tuple[int, int]:
    """The widths (n, m) of a published model of variable rate."""
    n, m = _tables(VARIABLE)["cfgs"][model]
    return n, m


def _file(url: str) -> Weights:
    file = url.rsplit("/", 1)[1]
    return Weights(file, url=url, sha256=file.removesuffix(".pth.tar").rsplit("-", 1)[1])


@functools.cache
def _tables(module: str = "image") -> dict:
    spec = importlib.util.find_spec("compressai")
    if spec is None:
        raise StudyError("the package compressai is missing; install the workflow's environment (envs/)")
    source = Path((spec.submodule_search_locations or [""])[0]) / "zoo" / f"{module}.py"
    wanted = ("root_url", "model_urls", "cfgs")
    try:
        lines: list[ast.stmt] = [
            node
            for node in ast.parse(source.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in wanted
        ]
        tables: dict = {}
        exec(compile(ast.Module(lines, []), str(source), "exec"), tables)
        return {name: tables[name] for name in wanted}
    except (OSError, SyntaxError, KeyError) as error:
        raise StudyError(f"compressai's table of weights isn't where it was in 1.2.8 ({source}): {error}") from None
