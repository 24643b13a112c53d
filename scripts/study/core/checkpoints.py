"""Checkpoints of a training: what it goes on from after an interruption, and what stops it with its state kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.core import atomic_io
from study.core.errors import StudyError, WriteError


def save(path: Path, recipe: object, step: int, content: Mapping[str, Any]) -> None:
    """Write the state of a training after `step` steps; the file of an earlier step stays until it is whole.

    `content` has tensors and plain data. Raises StudyError, with the step, if it can't be written.
    """
    import torch

    try:
        with atomic_io.replacing(path) as temporary, temporary.open("wb") as file:
            torch.save({"recipe": str(recipe), "step": step, **content}, file)
    except (WriteError, RuntimeError) as error:  # torch's writer raises RuntimeError for a full disk
        raise StudyError(
            f"stopped at step {step}: can't write the checkpoint {path} ({_first(error)}); {_kept(path)}"
        ) from None


def resume(path: Path, recipe: object) -> dict[str, Any]:
    """The state in a checkpoint. Raises StudyError for one of another recipe and for one that can't be read."""
    import torch

    try:
        content = torch.load(path, weights_only=True)
        recorded = content["recipe"]
    except Exception as error:  # whatever broken bytes lead the unpickler to
        raise StudyError(f"the checkpoint {path} can't be read ({error!r}); delete it to start anew") from None
    if recorded != str(recipe):
        raise StudyError(f"the checkpoint {path} is of another recipe: {recorded}; delete it to start anew")
    return content


def check_finite(step: int, lr: float, path: Path, **values: float) -> None:
    """Raise StudyError unless all `values` of a step, by name, are finite; nothing of that step has been kept then."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise StudyError(
                f"stopped at step {step}: the {name.replace('_', ' ')} isn't finite ({value}); use a lower learning "
                f"rate than {lr:g}, and delete the checkpoint then, since the recipe is another; {_kept(path)}"
            )


def _kept(path: Path) -> str:
    if path.exists():
        return f"the checkpoint before it is kept ({path}), and the same command goes on from there"
    return f"no checkpoint was written before it ({path})"


def _first(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
